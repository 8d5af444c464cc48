// Mail of an import: checked and encoded where it comes in, then one commit a batch; and which mails are here already.
#include <algorithm>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/legacy/batch.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/limits.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {
namespace {

bool is_uidl(std::string_view uidl) {
    return uidl.size() <= kUidlBytesMax &&
           std::all_of(uidl.begin(), uidl.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Result<void> check(const v1::ImportBatch& batch) {
    if (static_cast<std::size_t>(batch.mails_size()) > kImportBatchMailsMax)
        return fail(Kind::invalid, cat("A batch has at most ", kImportBatchMailsMax, " mails."));
    std::size_t bytes = 0;
    for (const auto& mail : batch.mails()) {
        if (mail.identity().size() != kImportIdentityBytes)
            return fail(Kind::invalid, cat("An identity has ", kImportIdentityBytes, " bytes."));
        if (mail.content_case() == v1::ImportMail::CONTENT_NOT_SET) return fail(Kind::invalid, "A mail has no bytes.");
        if (mail.bytes().size() > kImportInlineBytesMax)
            return fail(Kind::invalid, "A mail of this size must come in pieces.");
        bytes += mail.bytes().size();
    }
    if (bytes > kImportBatchBytesMax) return fail(Kind::invalid, cat("A batch has at most ", kImportBatchBytesMax, " bytes."));
    return {};
}

PreparedImport prepare(const v1::ImportMail& mail, const MailboxSettings& settings) {
    PreparedImport out;
    out.mail = &mail;
    out.content.bytes_max = settings.message_bytes_max;
    out.content.seed = random_seed();
    out.content.bytes = mail.bytes();
    out.content.summary = encode_summary(mail.summary());
    if (mail.summary().header().size() <= kHeaderKeptBytesMax) out.content.header = mail.summary().header();
    if (mail.bytes().size() > settings.message_bytes_max)
        out.refused = Error::make(Kind::too_big, "The message is too large.");
    if (out.content.summary.size() > kSummaryBytesMax)
        out.refused = Error::make(Kind::too_big, "The message has too many parts.");
    out.uidl_hashed = !is_uidl(mail.uidl());
    out.uidl = out.uidl_hashed ? hex_encode(crypto::sha256(mail.uidl())) : mail.uidl();
    return out;
}

void add_place(google::protobuf::RepeatedPtrField<v1::UidRange>& list, std::uint32_t at) {
    if (list.empty() || list.rbegin()->last() + 1 != at) {
        list.Add()->set_first(at);
    }
    list.rbegin()->set_last(at);
}

// All or none of the batch's uploads.
Result<void> take_uploads(std::vector<PreparedImport>& mails, ImportUploads& uploads) {
    for (auto& prepared : mails) {
        if (prepared.mail->content_case() != v1::ImportMail::kUpload) continue;
        prepared.content.upload = uploads.take(prepared.mail->upload());
        if (!prepared.content.upload) return fail(Kind::invalid, "A batch names an upload that is not there.");
    }
    return {};
}

// Of mails that were here already, or refused. Adopted ones are gone from staging, and abandoning them does nothing.
void abandon(const std::vector<PreparedImport>& mails, store::Staging& staging) {
    for (const auto& prepared : mails)
        if (prepared.content.upload) staging.abandon(*prepared.content.upload);
}

}  // namespace

void Imports::add_batch(Shared<v1::ImportBatch> batch, ImportUploads& uploads, Answer<v1::ImportBatchReply> done) {
    if (auto checked = check(*batch); !checked) return done(fail(std::move(checked.error())));
    const auto& parts = mailboxes_.parts();
    std::vector<PreparedImport> prepared;
    prepared.reserve(static_cast<std::size_t>(batch->mails_size()));
    for (const auto& mail : batch->mails()) prepared.push_back(prepare(mail, parts.settings));
    auto taken = take_uploads(prepared, uploads);
    if (!taken) {
        abandon(prepared, parts.store.staging());
        return done(fail(std::move(taken.error())));
    }
    auto mails = std::make_shared<const std::vector<PreparedImport>>(std::move(prepared));
    submit_write<v1::ImportBatchReply>(
        parts, AccountId{batch->account_id()}, store::Effect::grows,
        [&parts, batch, mails](store::Transaction& transaction, v1::ImportBatchReply& reply, ChangeSet& changes) {
            return BatchTx(transaction, parts, *batch, *mails).run(reply, changes);
        },
        // The store reads the bytes until then.
        [&parts, batch, mails, done = std::move(done)](Result<v1::ImportBatchReply> reply) {
            abandon(*mails, parts.store.staging());
            done(std::move(reply));
        });
}

Result<v1::FilterImportedReply> Imports::filter(const v1::FilterImportedRequest& request) const {
    const std::string_view all = request.identities();
    const auto count = all.size() / kImportIdentityBytes;
    if (all.size() % kImportIdentityBytes != 0 || count > kImportFilterMax)
        return fail(Kind::invalid, cat("Identities have ", kImportIdentityBytes, " bytes each, and at most ",
                                       kImportFilterMax, " come at once."));
    const AccountId account{request.account_id()};
    const ImportId id{request.import_id()};
    std::vector<std::string> keys;
    keys.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        keys.push_back(keys::imported(account, id, all.substr(i * kImportIdentityBytes, kImportIdentityBytes)));
    auto values = mailboxes_.parts().store.snapshot()->get_many(keys);
    if (!values) return fail(std::move(values.error()));
    const auto before_s = mailboxes_.parts().clock.now_ms() / kMillisPerSecond - request.older_than_s();
    v1::FilterImportedReply reply;
    for (std::size_t i = 0; i < count; ++i) {
        if (!(*values)[i]) {
            add_place(*reply.mutable_unknown(), static_cast<std::uint32_t>(i));
        } else if (request.has_older_than_s()) {
            const auto row = decode_stored<StoredImportedMail>(*(*values)[i]);
            if (!row) return fail(row.error());
            if (row->arrived_s() != 0 && row->arrived_s() <= before_s)
                add_place(*reply.mutable_older(), static_cast<std::uint32_t>(i));
        }
    }
    return reply;
}

}  // namespace tayori::spool

#include "spoold/intake/new_mail.h"

#include "spoold/keys.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

Result<void> set_content(NewMail& mail, bool has_bytes, const std::string& bytes, bool has_upload,
                         std::uint64_t upload) {
    if (has_upload) {
        mail.upload = store::UploadId{upload};
        return {};
    }
    if (!has_bytes) return fail(Kind::invalid, "The message is missing.");
    if (bytes.size() > kInlineBytesMax) return fail(Kind::invalid, "A message of this size must be uploaded.");
    if (bytes.size() > mail.bytes_max) return fail(Kind::too_big, "The message is too large.");
    mail.bytes = bytes;
    return {};
}

Result<void> set_summary(NewMail& mail, const v1::Summary& summary) {
    mail.summary = encode_summary(summary);
    if (mail.summary.size() > kSummaryBytesMax) return fail(Kind::too_big, "The message has too many parts.");
    if (summary.header().size() <= kHeaderKeptBytesMax) mail.header = summary.header();
    return {};
}

template <class Request>
Result<NewMail> prepare(const Request& request, const MailboxSettings& settings) {
    NewMail mail;
    mail.bytes_max = settings.message_bytes_max;
    mail.seed = random_seed();
    const bool has_bytes = request.content_case() == Request::kBytes;
    const bool has_upload = request.content_case() == Request::kUploadId;
    auto content = set_content(mail, has_bytes, request.bytes(), has_upload, request.upload_id());
    if (!content) return fail(std::move(content.error()));
    auto summary = set_summary(mail, request.summary());
    if (!summary) return fail(std::move(summary.error()));
    return mail;
}

}  // namespace

Error as_upload_error(Error error) {
    if (error.kind != Kind::not_found) return error;
    return Error::make(Kind::busy, "The upload was interrupted, try again.", std::move(error.text));
}

Result<NewMail> prepare_mail(const v1::Append& request, const MailboxSettings& settings) {
    return prepare(request, settings);
}
Result<NewMail> prepare_mail(const v1::CommitPlan& request, const MailboxSettings& settings) {
    return prepare(request, settings);
}

Result<BodyTx> BodyTx::store(store::Transaction& transaction, const NewMail& mail) {
    if (!mail.upload) {
        const auto id = transaction.add_body(mail.bytes);
        if (!mail.header.empty()) transaction.put(keys::header(id), mail.header);
        return BodyTx(transaction, id, mail.bytes.size());
    }
    const auto id = transaction.adopt(*mail.upload);
    if (!id) return fail(as_upload_error(id.error()));
    const auto info = transaction.body(*id);
    if (!info) return fail(info.error());
    if (info->bytes > mail.bytes_max) return fail(Kind::too_big, "The message is too large.");
    if (!mail.header.empty()) transaction.put(keys::header(*id), mail.header);
    return BodyTx(transaction, *id, info->bytes);
}

store::BodyId BodyTx::take() {
    if (taken_) tx_->retain(id_);
    taken_ = true;
    return id_;
}

Result<void> BodyTx::end() {
    if (taken_) return {};
    return release_body(*tx_, id_);
}

Result<Reference> place_mail(AccountTx& box, FolderTx& folder, const NewMail& mail, BodyTx& body, Placement to,
                             std::uint64_t uidl_random, ChangeSet& changes) {
    MessageRecord record;
    record.body = body.take();
    record.body_bytes = body.bytes();
    record.prefix = to.prefix;
    record.header_kept = !mail.header.empty();
    record.summary = mail.summary;
    box.tx().put(keys::message(box.id(), to.message), record.encode());

    Reference reference;
    reference.message = to.message;
    reference.bytes = record.bytes();
    reference.internal_date_s = to.internal_date_s;
    reference.zone_minutes = to.zone_minutes;
    reference.prefix_bytes = static_cast<std::uint32_t>(to.prefix.size());
    reference.uidl_random = uidl_random;
    reference.flags = to.flags;
    reference.keywords = std::move(to.keywords);
    auto change = box.start_change(folder);
    std::vector<Reference> one;
    one.push_back(std::move(reference));
    if (auto appended = box.append(folder, std::move(one), change); !appended) {
        return fail(std::move(appended.error()));
    }
    if (auto named = box.name_keywords(change); !named) return fail(std::move(named.error()));
    box.save();
    auto stored = change.appended.front();
    changes.push_back(std::move(change));
    return stored;
}

}  // namespace tayori::spool

#include "spoold/legacy/batch.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/legacy/limits.h"

namespace tayori::spool {
namespace {


Error not_open() { return Error::make(Kind::no_target, "This account's import is not open: run the import again."); }

}  // namespace

Result<void> BatchTx::open() {
    const TransactionRows rows(tx_);
    auto import = read_import(rows, id_);
    if (!import) return fail(std::move(import.error()));
    auto row = read_import_account(rows, id_, account_);
    if (!row) return fail(std::move(row.error()));
    import_ = std::move(*import);
    row_ = std::move(*row);
    if (row_.state() != stored::v1::STORED_IMPORT_STATE_OPEN) return fail(not_open());
    if (row_.next_batch() != batch_.number())
        return fail(Kind::in_use, "Another run of this import is at work, or a batch before this one failed.");
    if (!parts_.limits.in_transaction(tx_, raw(account_)).receives) return fail(Kind::not_found, "No such mailbox.");
    auto box = AccountTx::open(tx_, parts_, account_);
    if (!box) return fail(std::move(box.error()));
    box_.emplace(std::move(*box));
    if (row_.modseq() != box_->state().modseq) row_.set_others_changed(true);
    return {};
}

Result<BatchTx::Target*> BatchTx::target(FolderId id) {
    const auto known = targets_.find(id);
    if (known != targets_.end()) return &known->second;
    auto row = read_row<StoredImportFolder>(TransactionRows(tx_), keys::import_folder(account_, id_, id));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::no_target, "This folder has not been opened by the import.");
    auto folder = box_->folder(id);
    if (!folder && folder.error().kind == Kind::not_found)
        return fail(Kind::no_target, "A folder was deleted meanwhile: run the import again.");
    if (!folder) return fail(std::move(folder.error()));
    auto& made = targets_[id];
    made.folder = *folder;
    made.row = std::move(**row);
    return &made;
}

void BatchTx::note(const v1::ImportMail& mail, std::string_view code, std::vector<std::string> values) {
    ReportTx(tx_, id_, import_).add(ReportSeverity::changed, row_.address(), mail.file(), code, std::move(values));
}

void BatchTx::refuse(const v1::ImportMail& mail, const Error& error, v1::ImportBatchReply& reply) {
    reply.set_refused(reply.refused() + 1);
    row_.set_refused(row_.refused() + 1);
    import_.set_refused(import_.refused() + 1);
    ReportTx(tx_, id_, import_).add(ReportSeverity::refused, row_.address(), mail.file(), "mail-refused", {error.text});
}

// Kept where the old server's number can't have become another mail's (README.md).
Uid BatchTx::uid_for(const v1::ImportMail& mail, Target& target) {
    if (mail.uid() == 0) return 0;
    auto& row = target.row;
    const bool kept = row.keeps_uids() && mail.uid() >= row.uid_least() && mail.uid() < row.uid_end() &&
                      AccountTx::may_place(*target.folder, mail.uid());
    if (!kept) {
        if (row.keeps_uids()) note(mail, "uid-not-kept", {row.name(), cat(mail.uid())});
        return 0;
    }
    row.set_uid_least(mail.uid() + 1);
    return mail.uid();
}

// Unique in the mailbox for ever, also among those that are gone (RFC 1939 §7).
std::string BatchTx::uidl_for(const PreparedImport& prepared) {
    const auto& mail = *prepared.mail;
    if (prepared.uidl.empty()) return {};
    auto uidl = prepared.uidl;
    for (int n = 2; tx_.get(keys::imported_uidl(account_, uidl)); ++n) {
        const auto suffix = cat('.', n);
        const auto hashed = hex_encode(crypto::sha256(cat(mail.uidl(), '\0', mail.identity())));
        if (n > kUidlSuffixMax || prepared.uidl.size() + suffix.size() > kUidlBytesMax) {
            uidl = hashed;
            break;
        }
        uidl = cat(prepared.uidl, suffix);
    }
    tx_.put(keys::imported_uidl(account_, uidl), {});
    if (prepared.uidl_hashed) note(mail, "uidl-hashed", {mail.uidl(), uidl});
    else if (uidl != mail.uidl()) note(mail, "uidl-twice", {mail.uidl(), uidl});
    return uidl;
}

Result<std::uint64_t> BatchTx::pop3_order_for(const v1::ImportMail& mail) const {
    if (mail.pop3_order() == 0) return 0;
    if (mail.pop3_order() > row_.pop3_order_last())
        return fail(Kind::invalid, "A POP3 order is above what was said when the account was opened.");
    return row_.pop3_order_base() + mail.pop3_order();
}

// A keyword that can't be had is no reason to leave a mail behind.
Result<std::vector<KeywordId>> BatchTx::keywords(const v1::ImportMail& mail) {
    if (mail.keywords().empty()) return std::vector<KeywordId>();
    auto ids = box_->keyword_ids(mail.keywords());
    if (ids || ids.error().kind != Kind::invalid) return ids;
    std::string names;
    for (const auto& name : mail.keywords()) append(names, names.empty() ? "" : " ", name);
    note(mail, "keywords-dropped", {names, ids.error().text});
    return std::vector<KeywordId>();
}

Result<Reference> BatchTx::reference(std::size_t at, Target& target) {
    const auto& prepared = mails_[at];
    const auto& mail = *prepared.mail;
    auto order = pop3_order_for(mail);
    if (!order) return fail(std::move(order.error()));
    auto ids = keywords(mail);
    if (!ids) return fail(std::move(ids.error()));
    auto body = BodyTx::store(tx_, prepared.content);
    if (!body) return fail(std::move(body.error()));
    if (import_.arrives()) {
        auto room = box_->check_room(*target.folder, bytes_ahead_ + body->bytes(), messages_ahead_ + 1);
        if (!room) {
            if (auto ended = body->end(); !ended) return fail(std::move(ended.error()));
            return fail(std::move(room.error()));
        }
    }

    Reference out;
    out.message = MessageId{first_message_ + at};
    MessageRecord record;
    record.body = body->take();
    record.body_bytes = body->bytes();
    record.header_kept = !prepared.content.header.empty();
    record.summary = prepared.content.summary;
    tx_.put(keys::message(account_, out.message), record.encode());

    out.bytes = record.bytes();
    out.internal_date_s = mail.internal_date_s();
    out.zone_minutes = mail.zone_minutes();
    out.pop3_order = *order;
    out.uidl = uidl_for(prepared);
    auto seed = prepared.content.seed;
    out.uidl_random = next_random(seed);
    out.flags = static_cast<std::uint8_t>(mail.flags() & kSystemFlags);
    out.keywords = std::move(*ids);
    out.uid = uid_for(mail, target);
    return out;
}

Result<void> BatchTx::import(std::size_t at, v1::ImportBatchReply& reply) {
    const auto& mail = *mails_[at].mail;
    if (!seen_.insert(mail.identity()).second || tx_.get(keys::imported(account_, id_, mail.identity()))) {
        reply.set_known(reply.known() + 1);
        return {};
    }
    if (mails_[at].refused) {
        refuse(mail, *mails_[at].refused, reply);
        return {};
    }
    auto to = target(FolderId{mail.folder_id()});
    if (!to) return fail(std::move(to.error()));
    auto made = reference(at, **to);
    if (!made && import_.arrives() && made.error().kind == Kind::over_quota) {
        reply.set_over_quota(reply.over_quota() + 1);
        return {};
    }
    if (!made) return fail(std::move(made.error()));
    bytes_ahead_ += made->bytes;
    ++messages_ahead_;
    if (made->uid == 0) ++(*to)->unnumbered;
    row_.set_mails(row_.mails() + 1);
    row_.set_bytes(row_.bytes() + made->bytes);
    import_.set_mails(import_.mails() + 1);
    import_.set_bytes(import_.bytes() + made->bytes);
    (*to)->references.push_back(std::move(*made));
    reply.set_imported(reply.imported() + 1);
    return {};
}

Result<std::vector<AccountTx::Placed>> BatchTx::put_in(Target& target, Change& change) {
    if (!import_.arrives()) return box_->place(*target.folder, std::move(target.references), change);
    auto arrived = box_->append(*target.folder, std::move(target.references), change);
    if (!arrived) return fail(std::move(arrived.error()));
    std::vector<AccountTx::Placed> placed;
    for (const auto& reference : change.appended) placed.push_back({reference.message, reference.uid});
    return placed;
}

Result<void> BatchTx::place(Target& target, ChangeSet& changes) {
    if (target.references.empty()) return {};
    if (auto room = AccountTx::check_uids(*target.folder, target.unnumbered); !room) return room;
    auto change = box_->start_change(*target.folder);
    auto placed = put_in(target, change);
    if (!placed) return fail(std::move(placed.error()));
    StoredImportedMail where;
    where.set_folder_id(raw(target.folder->id));
    if (import_.arrives()) where.set_arrived_s(tx_.now_ms() / kMillisPerSecond);
    for (const auto& [message, uid] : *placed) {
        where.set_uid(uid);
        const auto& mail = *mails_[raw(message) - first_message_].mail;
        write_row(tx_, keys::imported(account_, id_, mail.identity()), where);
    }
    if (auto named = box_->name_keywords(change); !named) return named;
    changes.push_back(std::move(change));
    write_row(tx_, keys::import_folder(account_, id_, target.folder->id), target.row);
    return {};
}

Result<void> BatchTx::run(v1::ImportBatchReply& reply, ChangeSet& changes) {
    if (auto opened = open(); !opened) return opened;
    first_message_ = take_numbers(tx_, keys::kNextMessageId, mails_.size());
    for (std::size_t at = 0; at < mails_.size(); ++at) {
        if (auto done = import(at, reply); !done) return done;
    }
    for (auto& [id, target] : targets_) {
        if (auto placed = place(target, changes); !placed) return placed;
    }
    row_.set_next_batch(row_.next_batch() + 1);
    row_.set_modseq(box_->state().modseq);
    if (reply.imported() > 0) box_->save();
    write_row(tx_, keys::import_account(id_, account_), row_);
    write_row(tx_, keys::import(id_), import_);
    return {};
}

}  // namespace tayori::spool

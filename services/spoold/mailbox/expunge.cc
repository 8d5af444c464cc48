// EXPUNGE and UID EXPUNGE (RFC 3501 §6.4.3, RFC 4315 §2.1): mail goes to the trash index, from which undelete takes it.
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {
namespace {

Result<void> apply_expunge(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account,
                           const v1::Expunge& request, const UidSet& uids, v1::ExpungeReply& reply,
                           ChangeSet& changes) {
    auto box = AccountTx::open(transaction, parts, account);
    if (!box) return fail(std::move(box.error()));
    auto folder = box->folder(FolderId{request.folder_id()});
    if (!folder) return fail(std::move(folder.error()));
    if (request.only_deleted() && (*folder)->record.deleted == 0) return {};
    auto change = box->start_change(**folder);
    const auto removed = box->remove(
        **folder, uids,
        [&](Uid, std::uint8_t flags) {
            return !request.only_deleted() || (flags & v1::SYSTEM_FLAG_DELETED) != 0;
        },
        AccountTx::Goes::to_trash, change);
    if (!removed) return fail(removed.error());
    if (removed->empty()) return {};
    reply.set_modseq(change.modseq);
    reply.set_removed(static_cast<std::uint32_t>(removed->size()));
    box->save();
    changes.push_back(std::move(change));
    return {};
}

}  // namespace

void Mailboxes::expunge(AccountId account, Shared<v1::Expunge> request, Answer<v1::ExpungeReply> done) {
    // Without UIDs only those with \Deleted may mean the whole folder.
    if (request->uids().empty() && !request->only_deleted()) {
        return done(fail(Kind::invalid, "No messages to expunge."));
    }
    auto uids = UidSet::of(request->uids());
    if (!uids) return done(fail(std::move(uids.error())));
    if (uids->empty()) *uids = UidSet::all();
    submit_write<v1::ExpungeReply>(
        *parts_, account, store::Effect::shrinks,
        [parts = parts_.get(), account, request, uids = std::move(*uids)](
            store::Transaction& transaction, v1::ExpungeReply& reply, ChangeSet& changes) {
            return apply_expunge(transaction, *parts, account, *request, uids, reply, changes);
        },
        std::move(done));
}

}  // namespace tayori::spool

// UIDs end at 2^32 - 1, and for clients that count with a sign at 2^31. Before that the folder is renumbered under a new
// UIDVALIDITY (RFC 3501 §2.3.1.1 asks for a greater one), by itself and while mail goes on.
#include "common/base/log.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {
namespace {

struct Renumbered {
    std::string name;
    std::uint32_t messages = 0;
    std::uint32_t uid_validity = 0;
};

Result<void> apply_renumber(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account,
                            FolderId id, Renumbered& done, ChangeSet& changes) {
    auto box = AccountTx::open(transaction, parts, account);
    if (!box) return fail(std::move(box.error()));
    auto folder = box->folder(id);
    // Asked for twice, by two mails, or deleted meanwhile.
    if (!folder && folder.error().kind == Kind::not_found) return {};
    if (!folder) return fail(std::move(folder.error()));
    Change change;
    auto fresh = box->renumber(**folder, change);
    if (!fresh) return fail(std::move(fresh.error()));
    const auto& record = (*fresh)->record;
    done = {record.name, record.messages, record.uid_validity};
    box->save();
    changes.push_back(std::move(change));
    return {};
}

}  // namespace

void publish(const Mailboxes::Parts& parts, ChangeSet&& changes) {
    for (const auto& change : changes) {
        if (change.gone) parts.recents.forget(change.folder);
        if (change.renumber_due) renumber_soon(parts, change.account, change.folder);
    }
    if (parts.watch) parts.watch(changes);
    parts.hub.publish(std::move(changes));
}

void renumber_soon(const Mailboxes::Parts& parts, AccountId account, FolderId folder) {
    submit_write<Renumbered>(
        parts, account, store::Effect::shrinks,
        [&parts, account, folder](store::Transaction& transaction, Renumbered& done, ChangeSet& changes) {
            return apply_renumber(transaction, parts, account, folder, done, changes);
        },
        [&parts, account](Result<Renumbered> done) {
            if (!done) return log_error("a folder could not be renumbered", {{"account", raw(account)},
                                                                             {"why", done.error().text},
                                                                             {"detail", done.error().detail}});
            if (done->uid_validity == 0) return;
            ++parts.renumbered;
            log_warn("a folder came to the end of its UIDs and was renumbered",
                     {{"account", raw(account)}, {"folder", done->name}, {"messages", done->messages},
                      {"uid_validity", done->uid_validity}});
        });
}

}  // namespace tayori::spool

// Deleted and retired accounts whose time is over: their mail goes, then what is left of them.
#include "common/base/log.h"
#include "spoold/directory/account_life.h"
#include "spoold/directory/bulk_history.h"
#include "spoold/directory/directory.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kPurgedAtOnceMax = 1000;  // the next call goes on

struct Due {
    std::string address;
    std::uint64_t id = 0;
};

Result<std::vector<Due>> find_due(const DirectoryCore& core) {
    const auto now = core.now_s();
    std::vector<Due> due;
    const auto begin = row_key::deleted_begin({});
    auto scanned = StoreRows(core.store).scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
        if (purged_at(core.options, static_cast<std::int64_t>(decode_u64(value)), is_retired(value)) < now)
            due.push_back({row_key::deleted_address_of(key), row_key::id_at_end(key)});
        return due.size() < kPurgedAtOnceMax;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return due;
}

// One bounded piece of work; true when the account is gone. A machine that stops between two of them goes on with the
// next after its start: the row that says what is due goes last, with the account.
Result<bool> purge_some(store::Transaction& transaction, const Due& due, const MailboxHooks& mailboxes) {
    const auto row = row_key::deleted(due.address, due.id);
    if (!transaction.get(row)) return true;  // brought back in between
    auto gone = mailboxes.purge(transaction, due.id);
    if (!gone || !*gone) return gone;
    transaction.erase(row_key::account(due.id));
    transaction.erase(row_key::credentials(due.id));
    transaction.erase(row_key::use(due.id));
    transaction.erase(row_key::plugin_settings(due.id));
    transaction.erase(row_key::untouched(due.id));
    transaction.erase(row);
    return true;
}

void purge_on(const CorePtr& core, const std::shared_ptr<std::vector<Due>>& due) {
    if (due->empty()) return core->purging.store(false);
    submit_change<bool>(
        core, store::Effect::shrinks,
        [core, next = due->back()](store::Transaction& transaction) {
            return purge_some(transaction, next, core->mailboxes);
        },
        [core, due](Result<bool> gone) {
            if (!gone) {
                log_warn("purge_failed", {{"error", gone.error().text}, {"detail", gone.error().detail}});
                return core->purging.store(false);
            }
            if (*gone) {
                log_info("account_purged", {{"account", due->back().address}, {"account_id", due->back().id}});
                due->pop_back();
            }
            purge_on(core, due);
        });
}

}  // namespace

void Directory::purge_expired() {
    if (core_->purging.exchange(true)) return;
    forget_old_changes(core_);
    auto due = find_due(*core_);
    if (!due) log_warn("purge_failed", {{"error", due.error().text}, {"detail", due.error().detail}});
    purge_on(core_, std::make_shared<std::vector<Due>>(due ? std::move(*due) : std::vector<Due>()));
}

}  // namespace tayori::spool

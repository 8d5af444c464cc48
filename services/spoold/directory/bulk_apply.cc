// A table of accounts becomes the directory: passwords first, then one mutation.
#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/account_life.h"
#include "spoold/directory/bulk.h"
#include "spoold/directory/bulk_history.h"
#include "spoold/directory/bulk_passwords.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredBulkEntry;
using What = BulkStep::What;

// All that the mutation needs; kept alive by it.
struct Work {
    Table table;
    Verdicts verdicts;
    MadePasswords made;
};

struct Outcome {
    v1::AccountsPlan plan;
    bool again = false;  // somebody has changed what passwords rest on
};

Result<void> write_change(store::Transaction& transaction, const BulkStep& step, const MadePasswords& made,
                          HistoryWriter& history) {
    StoredBulkEntry entry;
    entry.set_kind(stored::v1::STORED_BULK_KIND_CHANGED);
    entry.set_account_id(step.id);
    *entry.mutable_before() = step.before;
    auto after = step.after;
    const bool other_state = after.state() != step.before.state();
    if (other_state) after.set_suspended_by(after.state() == stored::v1::STORED_STATE_SUSPENDED ? history.id() : 0);
    if (step.sets_password) {
        auto credentials = read_credentials(TransactionRows(transaction), step.id);
        if (!credentials) return fail(std::move(credentials.error()));
        entry.set_password_changed(true);
        *entry.mutable_password_before() = credentials->password();
        *credentials->mutable_password() = made.at(step.row);
        *entry.mutable_password_after() = credentials->password();
        write_row(transaction, row_key::credentials(step.id), *credentials);
    }
    // What is taken away ends at once, also for who is logged in.
    if (other_state || step.sets_password || (step.before.protocols() & ~after.protocols()) != 0)
        after.set_generation(after.generation() + 1);
    write_row(transaction, row_key::account(step.id), after);
    *entry.mutable_after() = std::move(after);
    history.add(entry);
    return {};
}

Result<void> write_new(store::Transaction& transaction, const BulkStep& step, const MadePasswords& made,
                       HistoryWriter& history, const DirectoryCore& core) {
    NewAccount wanted{step.name, step.after, step.row->asked->has_quota_bytes(), false, {}};
    if (wanted.account.state() == stored::v1::STORED_STATE_SUSPENDED) wanted.account.set_suspended_by(history.id());
    if (step.sets_password) wanted.password = made.at(step.row);
    auto account = make_account(transaction, wanted, core);
    if (!account) return fail(std::move(account.error()));
    StoredBulkEntry entry;
    entry.set_kind(stored::v1::STORED_BULK_KIND_ADDED);
    entry.set_account_id(account->id);
    *entry.mutable_after() = account->account;
    history.add(entry);
    return {};
}

Result<void> write_retired(store::Transaction& transaction, const BulkStep& step, HistoryWriter& history) {
    AccountRow account{step.id, step.before};
    auto gone = put_away(transaction, account, history.id());
    if (!gone) return gone;
    StoredBulkEntry entry;
    entry.set_kind(stored::v1::STORED_BULK_KIND_RETIRED);
    entry.set_account_id(step.id);
    *entry.mutable_before() = step.before;
    *entry.mutable_after() = account.account;
    history.add(entry);
    return {};
}

// Who goes, then the aliases that go, then who changes and comes, then the aliases that come.
Result<std::uint64_t> write(store::Transaction& transaction, const BulkDiff& diff, const Work& work,
                            const DirectoryCore& core) {
    HistoryWriter history(transaction);
    Result<void> done;
    for (const auto& step : diff.steps)
        if (done && step.what == What::retire) done = write_retired(transaction, step, history);
    if (done) erase_aliases(transaction, *diff.aliases);
    for (const auto& step : diff.steps) {
        if (done && step.what == What::change) done = write_change(transaction, step, work.made, history);
        if (done && step.what == What::add) done = write_new(transaction, step, work.made, history, core);
    }
    if (!done) return fail(std::move(done.error()));
    write_aliases(transaction, *diff.aliases);
    history.add(*diff.aliases);
    stored::v1::StoredBulkChange change;
    change.set_file(work.table.asked.options().file());
    set_counts(change, diff.plan.counts());
    history.finish(std::move(change));
    return history.id();
}

// Compared anew, as the transaction sees the directory: nothing can come in between.
Result<Outcome> apply_now(store::Transaction& transaction, const Work& work, const DirectoryCore& core) {
    const TransactionRows rows(transaction);
    auto diff = make_diff(rows, work.table, work.verdicts, core);
    if (!diff) return fail(std::move(diff.error()));
    Outcome out;
    out.again = !diff->unverified.empty();
    for (const auto& step : diff->steps) out.again = out.again || (step.sets_password && !work.made.contains(step.row));
    const auto& expected = work.table.asked.options().expected_digest();
    diff->plan.set_stale(!expected.empty() && expected != diff->plan.digest());
    if (!out.again && !diff->refused() && !diff->plan.stale() && !diff->steps.empty()) {
        auto id = write(transaction, *diff, work, core);
        if (!id) return fail(std::move(id.error()));
        diff->plan.set_change_id(*id);
    }
    out.plan = std::move(diff->plan);
    return out;
}

// What would happen, with every password compared.
Result<BulkDiff> prepare(DirectoryCore& core, const Rows& rows, Work& work, const Going& going) {
    auto diff = make_diff(rows, work.table, work.verdicts, core);
    if (!diff || diff->unverified.empty()) return diff;
    auto compared = compare_passwords(core, diff->unverified, work.verdicts, going);
    if (!compared) return fail(std::move(compared.error()));
    return make_diff(rows, work.table, work.verdicts, core);
}

Result<std::shared_ptr<Work>> start(const DirectoryCore& core, v1::AccountsTable asked) {
    auto table = check_table(std::move(asked), core.bulk_key);
    if (!table) return fail(std::move(table.error()));
    return std::make_shared<Work>(Work{std::move(*table), {}, {}});
}

Result<Outcome> commit(const CorePtr& core, const std::shared_ptr<Work>& work) {
    std::promise<Result<Outcome>> promise;
    submit_change<Outcome>(
        core, store::Effect::grows,
        [core, work](store::Transaction& transaction) { return apply_now(transaction, *work, *core); },
        [&promise](Result<Outcome> outcome) { promise.set_value(std::move(outcome)); });
    return promise.get_future().get();
}

}  // namespace

Result<v1::AccountsPlan> Bulk::plan(v1::AccountsTable asked, const Going& going) const {
    auto work = start(*core_, std::move(asked));
    if (!work) return fail(std::move(work.error()));
    const SnapshotRows rows(core_->store.snapshot());
    auto diff = prepare(*core_, rows, **work, going);
    if (!diff) return fail(std::move(diff.error()));
    return std::move(diff->plan);
}

Result<v1::AccountsPlan> Bulk::apply(v1::AccountsTable asked, const Going& going) const {
    auto work = start(*core_, std::move(asked));
    if (!work) return fail(std::move(work.error()));
    const auto& options = (*work)->table.asked.options();
    for (int attempt = 0; attempt < kBulkAttemptsMax; ++attempt) {
        const SnapshotRows rows(core_->store.snapshot());
        auto diff = prepare(*core_, rows, **work, going);
        if (!diff) return fail(std::move(diff.error()));
        diff->plan.set_stale(!options.expected_digest().empty() && options.expected_digest() != diff->plan.digest());
        if (diff->refused() || diff->plan.stale() || diff->steps.empty()) return std::move(diff->plan);
        auto made = make_passwords(*core_, *diff, (*work)->made, going);
        if (!made) return fail(std::move(made.error()));
        auto outcome = commit(core_, *work);
        if (!outcome) return fail(std::move(outcome.error()));
        if (outcome->again) continue;
        if (outcome->plan.change_id() != 0) {
            const auto& counts = outcome->plan.counts();
            log_info("accounts_applied", {{"change", outcome->plan.change_id()},
                                          {"file", options.file()},
                                          {"added", counts.added()},
                                          {"removed", counts.removed()},
                                          {"changed", counts.changed()},
                                          {"suspended", counts.suspended()}});
        }
        return std::move(outcome->plan);
    }
    return fail(Kind::busy, "Accounts of the table were being changed all the time: try again.");
}

Result<void> Bulk::list(const std::function<bool(const v1::BulkChange&)>& visit) const {
    auto changes = read_changes(StoreRows(core_->store));
    if (!changes) return fail(std::move(changes.error()));
    for (auto row = changes->rbegin(); row != changes->rend(); ++row)
        if (!visit(show_bulk_change(*row, *core_))) break;
    return {};
}

}  // namespace tayori::spool

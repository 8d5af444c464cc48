// A bulk change is undone, in one mutation, and that is a bulk change too: it can be undone itself.
#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/account_life.h"
#include "spoold/directory/bulk.h"
#include "spoold/directory/bulk_diff.h"
#include "spoold/directory/bulk_undo.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredBulkEntry;

StoredBulkEntry entry_of(const UndoStep& step, stored::v1::StoredBulkKind kind, const stored::v1::StoredAccount& after) {
    StoredBulkEntry entry;
    entry.set_kind(kind);
    entry.set_account_id(step.id);
    *entry.mutable_before() = step.now;
    *entry.mutable_after() = after;
    return entry;
}

Result<void> retire(store::Transaction& transaction, const UndoStep& step, HistoryWriter& history) {
    AccountRow row{step.id, step.now};
    auto gone = put_away(transaction, row, history.id());
    if (gone) history.add(entry_of(step, stored::v1::STORED_BULK_KIND_RETIRED, row.account));
    return gone;
}

Result<void> return_account(store::Transaction& transaction, const UndoStep& step, HistoryWriter& history) {
    AccountRow row{step.id, step.now};
    auto back = bring_back(transaction, row, step.then.state());
    if (back) history.add(entry_of(step, stored::v1::STORED_BULK_KIND_RETURNED, row.account));
    return back;
}

Result<void> restore(store::Transaction& transaction, const UndoStep& step, HistoryWriter& history) {
    auto after = step.then;
    if (after.state() != step.now.state() || step.sets_password || (step.now.protocols() & ~after.protocols()) != 0)
        after.set_generation(step.now.generation() + 1);
    write_row(transaction, row_key::account(step.id), after);
    auto entry = entry_of(step, stored::v1::STORED_BULK_KIND_CHANGED, after);
    if (step.sets_password) {
        auto credentials = read_credentials(TransactionRows(transaction), step.id);
        if (!credentials) return fail(std::move(credentials.error()));
        // None is none, not an empty one.
        if (step.password_then.ByteSizeLong() == 0) credentials->clear_password();
        else *credentials->mutable_password() = step.password_then;
        if (credentials->ByteSizeLong() == 0) transaction.erase(row_key::credentials(step.id));
        else write_row(transaction, row_key::credentials(step.id), *credentials);
        entry.set_password_changed(true);
        *entry.mutable_password_before() = step.password_now;
        *entry.mutable_password_after() = step.password_then;
    }
    history.add(entry);
    return {};
}

// The change knows that it is undone; and if it was a rollback itself, what it had undone counts again.
Result<void> mark(store::Transaction& transaction, BulkChangeRow change, std::uint64_t by) {
    const TransactionRows rows(transaction);
    if (change.change.undoes() != 0) {
        auto first = read_row<stored::v1::StoredBulkChange>(rows, row_key::bulk_change(change.change.undoes()));
        if (!first) return fail(std::move(first.error()));
        if (*first) {
            (*first)->set_undone_by(0);
            write_row(transaction, row_key::bulk_change(change.change.undoes()), **first);
        }
    }
    change.change.set_undone_by(by);
    write_row(transaction, row_key::bulk_change(change.id), change.change);
    return {};
}

Result<std::uint64_t> write(store::Transaction& transaction, const Undo& undo, const BulkChangeRow& change) {
    HistoryWriter history(transaction);
    Result<void> done;
    for (const auto& step : undo.steps)
        if (done && step.what == UndoStep::What::retire) done = retire(transaction, step, history);
    if (done) erase_aliases(transaction, *undo.aliases);
    for (const auto& step : undo.steps) {
        if (done && step.what == UndoStep::What::bring_back) done = return_account(transaction, step, history);
        if (done && step.what == UndoStep::What::restore) done = restore(transaction, step, history);
    }
    if (done) {
        write_aliases(transaction, *undo.aliases);
        history.add(*undo.aliases);
        done = mark(transaction, change, history.id());
    }
    if (!done) return fail(std::move(done.error()));
    stored::v1::StoredBulkChange row;
    row.set_file(change.change.file());
    row.set_undoes(change.id);
    set_counts(row, undo.plan.counts());
    history.finish(std::move(row));
    return history.id();
}

Result<v1::AccountsPlan> undo_now(store::Transaction& transaction, const v1::RollBackRequest& request,
                                  const DirectoryCore& core) {
    const TransactionRows rows(transaction);
    auto change = find_change(rows, request.change_id(), core);
    if (!change) return fail(std::move(change.error()));
    auto undo = make_undo(rows, *change, core);
    if (!undo) return fail(std::move(undo.error()));
    if (request.force() || !has_refusal(undo->plan)) {
        auto id = write(transaction, *undo, *change);
        if (!id) return fail(std::move(id.error()));
        undo->plan.set_change_id(*id);
    }
    return std::move(undo->plan);
}

}  // namespace

Result<v1::AccountsPlan> Bulk::roll_back(const v1::RollBackRequest& request) const {
    if (request.only_plan()) {
        const SnapshotRows rows(core_->store.snapshot());
        auto change = find_change(rows, request.change_id(), *core_);
        if (!change) return fail(std::move(change.error()));
        auto undo = make_undo(rows, *change, *core_);
        if (!undo) return fail(std::move(undo.error()));
        return std::move(undo->plan);
    }
    std::promise<Result<v1::AccountsPlan>> promise;
    submit_change<v1::AccountsPlan>(
        core_, store::Effect::shrinks,
        [core = core_, request](store::Transaction& transaction) { return undo_now(transaction, request, *core); },
        [&promise](Result<v1::AccountsPlan> plan) { promise.set_value(std::move(plan)); });
    auto plan = promise.get_future().get();
    if (plan && plan->change_id() != 0)
        log_info("accounts_rolled_back", {{"change", plan->change_id()},
                                          {"added_ones_retired", plan->counts().removed()},
                                          {"returned", plan->counts().returned()},
                                          {"changed_back", plan->counts().changed()}});
    return plan;
}

}  // namespace tayori::spool

#include "spoold/directory/bulk_history.h"

#include "common/base/log.h"
#include "spoold/directory/account_life.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredBulkChange;
using stored::v1::StoredBulkEntry;

Result<bool> forget(store::Transaction& transaction, std::uint64_t id, bool whole) {
    const auto entries = row_key::bulk_entries_begin(id);
    transaction.erase_range(entries, row_key::end_of(entries));
    if (whole) {
        transaction.erase(row_key::bulk_change(id));
        return true;
    }
    auto row = read_row<StoredBulkChange>(TransactionRows(transaction), row_key::bulk_change(id));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return true;
    (*row)->set_expired(true);
    write_row(transaction, row_key::bulk_change(id), **row);
    return true;
}

}  // namespace

HistoryWriter::HistoryWriter(store::Transaction& transaction) : transaction_(transaction) {
    const auto kept = transaction.get(row_key::next_bulk_change());
    id_ = kept ? decode_u64(*kept) : 1;
    transaction.put(row_key::next_bulk_change(), encode_u64(id_ + 1));
}

void HistoryWriter::add(const StoredBulkEntry& entry) { write_row(transaction_, row_key::bulk_entry(id_, ++entries_), entry); }

void HistoryWriter::add(const AliasEdits& aliases) {
    for (const auto& [address, edit] : aliases.edits()) {
        StoredBulkEntry entry;
        entry.set_kind(stored::v1::STORED_BULK_KIND_ALIAS);
        entry.set_alias(address);
        for (const auto& target : edit.before) entry.add_targets_before(target);
        for (const auto& target : edit.after) entry.add_targets_after(target);
        add(entry);
    }
}

void HistoryWriter::finish(StoredBulkChange change) {
    change.set_at_s(transaction_.now_ms() / 1000);
    write_row(transaction_, row_key::bulk_change(id_), change);
}

Result<std::vector<BulkChangeRow>> read_changes(const Rows& rows) {
    std::vector<BulkChangeRow> out;
    std::optional<Error> failed;
    const auto begin = row_key::bulk_changes_begin();
    auto scanned = rows.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
        auto change = decode_stored<StoredBulkChange>(value);
        if (!change) failed = std::move(change.error());
        else out.push_back({row_key::id_at_end(key), std::move(*change)});
        return !failed;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (failed) return fail(std::move(*failed));
    return out;
}

Result<std::vector<StoredBulkEntry>> read_entries(const Rows& rows, std::uint64_t id) {
    std::vector<StoredBulkEntry> out;
    std::optional<Error> failed;
    const auto begin = row_key::bulk_entries_begin(id);
    auto scanned = rows.scan(begin, row_key::end_of(begin), [&](std::string_view, std::string_view value) {
        auto entry = decode_stored<StoredBulkEntry>(value);
        if (!entry) failed = std::move(entry.error());
        else out.push_back(std::move(*entry));
        return !failed;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (failed) return fail(std::move(*failed));
    return out;
}

void set_counts(StoredBulkChange& change, const v1::BulkCounts& counts) {
    change.set_added(counts.added());
    change.set_removed(counts.removed());
    change.set_changed(counts.changed());
    change.set_suspended(counts.suspended());
    change.set_returned(counts.returned());
}

v1::BulkChange show_bulk_change(const BulkChangeRow& row, const DirectoryCore& core) {
    const auto& change = row.change;
    v1::BulkChange out;
    out.set_change_id(row.id);
    out.set_at_s(change.at_s());
    out.set_file(change.file());
    out.mutable_counts()->set_added(change.added());
    out.mutable_counts()->set_removed(change.removed());
    out.mutable_counts()->set_changed(change.changed());
    out.mutable_counts()->set_suspended(change.suspended());
    out.mutable_counts()->set_returned(change.returned());
    out.set_undoes(change.undoes());
    out.set_undone_by(change.undone_by());
    const auto until = purged_at(core.options, change.at_s(), true);
    if (!change.expired() && change.undone_by() == 0 && until >= core.now_s()) out.set_until_s(until);
    return out;
}

void forget_old_changes(const CorePtr& core) {
    auto changes = read_changes(StoreRows(core->store));
    if (!changes) return log_warn("bulk_changes_not_read", {{"error", changes.error().text}});
    for (std::size_t i = 0; i < changes->size(); ++i) {
        const auto& row = (*changes)[i];
        const bool whole = changes->size() - i > kBulkChangesKept;
        const bool due = !row.change.expired() && purged_at(core->options, row.change.at_s(), true) < core->now_s();
        if (!due && !whole) continue;
        submit_change<bool>(
            core, store::Effect::shrinks,
            [id = row.id, whole](store::Transaction& transaction) { return forget(transaction, id, whole); },
            [id = row.id](Result<bool> done) {
                if (!done) log_warn("bulk_change_not_forgotten", {{"change", id}, {"error", done.error().text}});
            });
    }
}

}  // namespace tayori::spool

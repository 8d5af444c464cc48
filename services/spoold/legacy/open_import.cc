// An import as a whole: begun or found again, closed, listed, and its report.
#include <algorithm>
#include <tuple>

#include "common/base/text.h"
#include "spoold/counters/floors.h"
#include "spoold/directory/account_rows.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/limits.h"
#include "spoold/legacy/records.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {
namespace {


// What the old server has given out is given out here no more; the report says where that raised something.
void raise_counters(store::Transaction& transaction, const v1::OpenImportRequest& request, ImportId id, StoredImport& row,
                    v1::CountersRaised& raised) {
    raise_site(transaction, {.message = request.next_message_id(), .folder = request.next_folder_id()}, Raising::real, raised);
    ReportTx report(transaction, id, row);
    for (const auto& one : raised.raised())
        report.add(ReportSeverity::note, {}, {}, "counter-raised", {one.counter(), cat(one.from()), cat(one.to())});
}

void begin_anew(store::Transaction& transaction, ImportId id, StoredImport& row) {
    const auto lines = keys::import_lines(id);
    transaction.erase_range(lines.from, lines.to);
    row.clear_report_lines();
    row.clear_report_lines_dropped();
    row.clear_refused();
}

Result<v1::Import> find_or_begin(store::Transaction& transaction, const v1::OpenImportRequest& request,
                                 v1::CountersRaised& raised) {
    const auto now_s = transaction.now_ms() / kMillisPerSecond;
    const auto source = keys::import_source(request.kind(), request.origin());
    const auto known = transaction.get(source);
    const ImportId id{known ? decode_number(known, 0) : take_numbers(transaction, keys::kNextImportId, 1)};
    StoredImport row;
    if (known) {
        auto present = read_import(TransactionRows(transaction), id);
        if (!present) return fail(std::move(present.error()));
        row = std::move(*present);
        if (row.state() == stored::v1::STORED_IMPORT_STATE_UNDONE) begin_anew(transaction, id, row);
    } else {
        transaction.put(source, encode_number(raw(id)));
        row.set_kind(request.kind());
        row.set_origin(request.origin());
        row.set_created_s(now_s);
    }
    row.set_state(stored::v1::STORED_IMPORT_STATE_OPEN);
    row.set_started_s(now_s);
    raise_counters(transaction, request, id, row, raised);
    write_row(transaction, keys::import(id), row);
    return show(id, row);
}

// A change of the import's own row.
template <class Apply>
void change_import(const Mailboxes::Parts& parts, ImportId id, Apply apply, Answer<v1::Import> done) {
    submit_write<v1::Import>(
        parts, AccountId{0}, store::Effect::shrinks,
        [id, apply = std::move(apply)](store::Transaction& transaction, v1::Import& reply, ChangeSet&) -> Result<void> {
            auto row = read_import(TransactionRows(transaction), id);
            if (!row) return fail(std::move(row.error()));
            apply(transaction, *row);
            write_row(transaction, keys::import(id), *row);
            reply = show(id, *row);
            return {};
        },
        std::move(done));
}

}  // namespace

Result<ImportId> open_arrivals(store::Transaction& transaction, const std::string& origin) {
    v1::OpenImportRequest request;
    request.set_kind(std::string(kArrivalsKind));
    request.set_origin(origin);
    v1::CountersRaised none;
    auto opened = find_or_begin(transaction, request, none);
    if (!opened) return fail(std::move(opened.error()));
    const ImportId id{opened->import_id()};
    auto row = read_import(TransactionRows(transaction), id);
    if (!row) return fail(std::move(row.error()));
    row->set_arrives(true);
    write_row(transaction, keys::import(id), *row);
    return id;
}

void Imports::open(const v1::OpenImportRequest& request, Answer<v1::Import> done) {
    if (request.kind() == kArrivalsKind) return done(fail(Kind::denied, "This kind is that of `adminctl fetch`."));
    if (request.kind().empty() || request.kind().size() > kImportKindBytesMax || request.origin().empty() ||
        request.origin().size() > kImportOriginBytesMax) {
        return done(fail(Kind::invalid, "An import needs the kind and the origin of its source."));
    }
    // Counters of old servers have 32 bits; a greater value is no counter.
    if (request.next_message_id() > UINT32_MAX || request.next_folder_id() > UINT32_MAX)
        return done(fail(Kind::invalid, "A counter of the source is above 4294967295."));
    const auto& parts = mailboxes_.parts();
    auto raised = std::make_shared<v1::CountersRaised>();
    submit_write<v1::Import>(
        parts, AccountId{0}, store::Effect::grows,
        [request, raised, bytes_max = parts.settings.message_bytes_max](store::Transaction& transaction,
                                                                        v1::Import& reply, ChangeSet&) -> Result<void> {
            raised->Clear();
            auto opened = find_or_begin(transaction, request, *raised);
            if (!opened) return fail(std::move(opened.error()));
            reply = std::move(*opened);
            reply.set_message_bytes_max(bytes_max);
            return {};
        },
        [&parts, raised, done = std::move(done)](Result<v1::Import> opened) {
            if (opened) parts.raised.add(*raised);
            done(std::move(opened));
        });
}

void Imports::close(ImportId id, Answer<v1::Import> done) {
    change_import(
        mailboxes_.parts(), id,
        [](store::Transaction& transaction, StoredImport& row) {
            row.set_state(stored::v1::STORED_IMPORT_STATE_COMPLETE);
            row.set_finished_s(transaction.now_ms() / kMillisPerSecond);
        },
        std::move(done));
}

void Imports::add_report(Shared<v1::AddImportReportRequest> request, Answer<v1::Import> done) {
    const ImportId id{request->import_id()};
    change_import(
        mailboxes_.parts(), id,
        [id, request](store::Transaction& transaction, StoredImport& row) {
            ReportTx report(transaction, id, row);
            for (const auto& line : request->lines()) report.add(line);
        },
        std::move(done));
}

Result<void> Imports::list(const std::function<bool(const v1::Import&)>& visit) const {
    std::optional<Error> error;
    const auto range = keys::imports();
    auto scanned = mailboxes_.parts().store.snapshot()->scan(
        range.from, range.to, [&](std::string_view key, std::string_view value) {
            auto row = decode_stored<StoredImport>(value);
            if (!row) error = std::move(row.error());
            if (error) return false;
            if (row->arrives()) return true;
            auto shown = show(keys::import_of_key(key), *row);
            shown.set_message_bytes_max(mailboxes_.parts().settings.message_bytes_max);
            return visit(shown);
        });
    if (error) return fail(std::move(*error));
    return scanned;
}

Result<void> Imports::list_accounts(ImportId id, const std::function<bool(const v1::ImportAccount&)>& visit) const {
    const auto snapshot = mailboxes_.parts().store.snapshot();
    const SnapshotRows rows(snapshot);
    if (auto there = read_import(rows, id); !there) return fail(std::move(there.error()));
    std::optional<Error> error;
    const auto range = keys::import_accounts(id);
    auto scanned = rows.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        auto row = decode_stored<StoredImportAccount>(value);
        const auto account = keys::account_of_import_account(key);
        const auto untouched = rows.get(row_key::untouched(raw(account)));
        if (!row) error = std::move(row.error());
        else if (!untouched) error = untouched.error();
        if (error) return false;
        auto shown = show(account, *row);
        shown.set_clients_came(row->state() != stored::v1::STORED_IMPORT_STATE_UNDONE && !*untouched);
        return visit(shown);
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

Result<void> Imports::read_report(ImportId id, const std::function<bool(const v1::ImportReportLine&)>& visit) const {
    const SnapshotRows rows(mailboxes_.parts().store.snapshot());
    if (auto there = read_import(rows, id); !there) return fail(std::move(there.error()));
    std::vector<v1::ImportReportLine> lines;
    std::optional<Error> error;
    const auto range = keys::import_lines(id);
    auto scanned = rows.scan(range.from, range.to, [&](std::string_view, std::string_view value) {
        auto line = decode_stored<v1::ImportReportLine>(value);
        if (!line) error = std::move(line.error());
        else lines.push_back(std::move(*line));
        return !error;
    });
    if (!scanned) return scanned;
    if (error) return fail(std::move(*error));
    std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) {
        return std::forward_as_tuple(a.account(), a.file(), a.line(), a.code()) <
               std::forward_as_tuple(b.account(), b.file(), b.line(), b.code());
    });
    for (const auto& line : lines)
        if (!visit(line)) break;
    return {};
}

}  // namespace tayori::spool

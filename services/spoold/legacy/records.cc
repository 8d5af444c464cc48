#include "spoold/legacy/records.h"

#include "common/base/text.h"
#include "spoold/legacy/limits.h"

namespace tayori::spool {
namespace {

v1::ImportState shown_state(stored::v1::StoredImportState state) {
    switch (state) {
        case stored::v1::STORED_IMPORT_STATE_OPEN: return v1::IMPORT_STATE_OPEN;
        case stored::v1::STORED_IMPORT_STATE_COMPLETE: return v1::IMPORT_STATE_COMPLETE;
        case stored::v1::STORED_IMPORT_STATE_UNDONE: return v1::IMPORT_STATE_UNDONE;
        default: return v1::IMPORT_STATE_UNSPECIFIED;
    }
}

}  // namespace

Result<StoredImport> read_import(const Rows& rows, ImportId id) {
    auto row = read_row<StoredImport>(rows, keys::import(id));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, cat("There is no import ", raw(id), ": `adminctl import list` shows them."));
    return std::move(**row);
}

Result<StoredImportAccount> read_import_account(const Rows& rows, ImportId id, AccountId account) {
    auto row = read_row<StoredImportAccount>(rows, keys::import_account(id, account));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, cat("Account ", raw(account), " is not part of import ", raw(id), "."));
    return std::move(**row);
}

v1::Import show(ImportId id, const StoredImport& row) {
    v1::Import out;
    out.set_import_id(raw(id));
    out.set_kind(row.kind());
    out.set_origin(row.origin());
    out.set_state(shown_state(row.state()));
    out.set_created_s(row.created_s());
    out.set_started_s(row.started_s());
    out.set_finished_s(row.finished_s());
    out.set_accounts(row.accounts());
    out.set_mails(row.mails());
    out.set_bytes(row.bytes());
    out.set_refused(row.refused());
    *out.mutable_report_lines() = row.report_lines();
    out.set_report_lines_dropped(row.report_lines_dropped());
    return out;
}

v1::ImportAccount show(AccountId account, const StoredImportAccount& row) {
    v1::ImportAccount out;
    out.set_account_id(raw(account));
    out.set_address(row.address());
    out.set_created(row.created());
    out.set_state(shown_state(row.state()));
    out.set_mails(row.mails());
    out.set_bytes(row.bytes());
    out.set_refused(row.refused());
    out.set_next_batch(row.next_batch());
    out.set_finished_s(row.finished_s());
    return out;
}

void ReportTx::add(const v1::ImportReportLine& line) {
    if (line.severity() >= kImportSeverities) return;
    const auto value = line.SerializeAsString();
    const auto key = keys::import_line(id_, value);
    if (tx_.get(key)) return;
    auto& counts = *import_.mutable_report_lines();
    while (counts.size() < kImportSeverities) counts.Add(0);
    std::uint64_t lines = 0;
    for (const auto count : counts) lines += count;
    if (lines >= kImportReportLinesMax || value.size() > kImportReportLineBytesMax) {
        import_.set_report_lines_dropped(import_.report_lines_dropped() + 1);
        return;
    }
    tx_.put(key, value);
    const auto at = static_cast<int>(line.severity());
    counts.Set(at, counts.Get(at) + 1);
}

void ReportTx::add(ReportSeverity severity, std::string_view account, std::string_view file, std::string_view code,
                   std::vector<std::string> values) {
    v1::ImportReportLine line;
    line.set_severity(static_cast<std::uint32_t>(severity));
    line.set_account(std::string(account));
    line.set_file(std::string(file));
    line.set_code(std::string(code));
    for (auto& value : values) line.add_values(std::move(value));
    add(line);
}

}  // namespace tayori::spool

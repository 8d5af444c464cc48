#include "spoold/jobs/records.h"

#include "common/base/text.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredJob;

Result<StoredJob> found(const std::optional<std::string>& bytes, JobId id) {
    if (!bytes) return fail(Kind::not_found, cat("There is no job ", raw(id), "."));
    return parse_job_row<StoredJob>(*bytes);
}

}  // namespace

Result<StoredJob> read_job(store::Transaction& transaction, JobId id) {
    return found(transaction.get(keys::job(id)), id);
}

Result<StoredJob> read_job(const store::Snapshot& snapshot, JobId id) {
    const auto bytes = snapshot.get(keys::job(id));
    if (!bytes) return fail(bytes.error());
    return found(*bytes, id);
}

void write_job(store::Transaction& transaction, const StoredJob& job) {
    transaction.put(keys::job(JobId{job.job().job_id()}), job.SerializeAsString());
}

Result<std::optional<StoredJob>> latest_job(const store::Snapshot& snapshot) {
    std::optional<std::string> bytes;
    const auto range = keys::all_jobs();
    auto scanned = snapshot.scan_backwards(range.from, range.to, [&](std::string_view, std::string_view value) {
        bytes = std::string(value);
        return false;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (!bytes) return std::optional<StoredJob>();
    return parse_job_row<StoredJob>(*bytes).map([](StoredJob job) { return std::optional(std::move(job)); });
}

// There is one at a time, so it is the latest.
Result<std::optional<StoredJob>> active_job(store::Transaction& transaction) {
    std::optional<std::string> bytes;
    const auto range = keys::all_jobs();
    transaction.scan_backwards(range.from, range.to, [&](std::string_view, std::string_view value) {
        bytes = std::string(value);
        return false;
    });
    if (!bytes) return std::optional<StoredJob>();
    auto job = parse_job_row<StoredJob>(*bytes);
    if (!job) return fail(std::move(job.error()));
    if (!is_active(job->job())) return std::optional<StoredJob>();
    return std::optional(std::move(*job));
}

}  // namespace tayori::spool

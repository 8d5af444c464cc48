// Jobs as they lie in the store, for the files of this folder.
#pragma once

#include <optional>

#include "spoold/keys.h"
#include "spoold/store/store.h"
#include "tayori/spool/stored/v1/jobs.pb.h"

namespace tayori::spool {

template <class T>
Result<T> parse_job_row(const std::string& bytes) {
    T value;
    if (!value.ParseFromString(bytes))
        return fail(Kind::corrupt, "Stored data is damaged.", "a record of a job does not parse");
    return value;
}

inline bool is_active(const v1::Job& job) {
    return job.state() == v1::JOB_STATE_RUNNING || job.state() == v1::JOB_STATE_PAUSED;
}

// not_found. `Source` is a Transaction, a Store or a Snapshot.
Result<stored::v1::StoredJob> read_job(store::Transaction& transaction, JobId id);
Result<stored::v1::StoredJob> read_job(const store::Snapshot& snapshot, JobId id);
void write_job(store::Transaction& transaction, const stored::v1::StoredJob& job);
// The one with the greatest id, or the one that is not at its end.
Result<std::optional<stored::v1::StoredJob>> latest_job(const store::Snapshot& snapshot);
Result<std::optional<stored::v1::StoredJob>> active_job(store::Transaction& transaction);

}  // namespace tayori::spool

// The embedded engine: one log and RocksDB as its index, in one directory (README.md).
#pragma once

#include "common/base/clock.h"
#include "spoold/store/copy.h"
#include "spoold/store/files.h"

namespace tayori::store {

struct Options {
    std::string directory;
    const Clock* clock = nullptr;  // none: the system's
    Files* files = nullptr;        // none: the real disk. Must outlive the store.
    // The disk can't be trusted any more, and everybody waiting has been answered `busy`: the process must end and
    // start anew, which recovers what the disk really holds. None: the process ends at once, with kExitAfterDiskFailure.
    std::function<void(const std::string& reason)> on_fatal;
    // Around the answers of a group, on the thread that gives them: what they have to write out can be gathered.
    std::function<void()> answers_begin;
    std::function<void()> answers_end;
    // The lowest log position that somebody else still needs (replication): segments that reach beyond it stay. None:
    // nobody does. What backups need the store knows by itself (copy.h).
    std::function<std::uint64_t()> needed_from;
    // A backup that is not made again keeps no more of the log than this: then its next one is a whole one.
    std::uint64_t hold_bytes_max = 16ull << 30;

    std::uint64_t segment_bytes = 64ull << 20;
    std::size_t open_segments_max = 256;

    std::size_t group_requests_max = 1024;
    std::uint64_t group_bytes_max = 8ull << 20;
    std::size_t queue_requests_max = 65536;

    std::uint64_t unflushed_bytes_max = 64ull << 20;  // of changes, that a start would have to replay
    std::size_t memtable_bytes = 20u << 20;
    int memtables_max = 3;
    std::size_t block_cache_bytes = 48u << 20;
    int index_open_files_max = 512;

    std::uint64_t free_min_bytes = 512ull << 20;  // store.free_min: below it nothing grows

    std::uint64_t upload_bytes_max = 1ull << 30;
    std::size_t uploads_max = 4096;
    std::int64_t upload_expires_ms = 3600'000;

    std::uint64_t checkpoint_every_bytes = 1ull << 30;  // of log
    std::size_t checkpoints_kept = 2;

    unsigned compact_dead_percent = 50;  // a segment of which so much is dead is compacted
    std::uint64_t compaction_group_bytes = 4ull << 20;

    bool background = true;  // false: maintain() is called by a test
    std::int64_t maintenance_interval_ms = 1000;
};

constexpr int kExitAfterDiskFailure = 75;  // EX_TEMPFAIL: the supervisor starts the program again

// Opens or creates. in_use: another process has it (Error::detail names it). unsupported: written by a newer version.
// corrupt: damaged; Error::detail says where, and nothing has been changed.
Result<std::unique_ptr<CopyableStore>> open_embedded(Options options);

// Makes the index anew from the newest good checkpoint and the log, or from the log alone if all of it is there. The
// store must not be open. Returns the number of records replayed.
Result<std::uint64_t> rebuild_embedded(Options options);

}  // namespace tayori::store

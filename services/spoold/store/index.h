// The index: RocksDB without a log of its own, stamped with the place in our log up to which it contains everything.
//
// Keys that begin with byte 0x00 are the store's (README.md lists them); all others are the model's. Only the
// committer (and replay before it) writes, one batch per record of the log, so that the stamp is always true.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <mutex>

#include "spoold/store/log.h"
#include "spoold/store/rocks_files.h"

namespace tayori::store {

struct IndexOptions {
    std::string directory;
    std::size_t memtable_bytes = 0;
    int memtables_max = 0;
    std::size_t block_cache_bytes = 0;
    int open_files_max = 0;
    bool read_only = false;  // a checkpoint that is only looked at
};

// Everything that the last record in the index settled, kept under one key.
struct IndexState {
    Stamp stamp;
    std::uint64_t next_body = 1;
    std::uint64_t next_segment = 1;
    std::uint64_t bodies = 0;
    std::uint64_t body_bytes = 0;
};

constexpr char kReservedPrefix = '\0';
// The first key that is not reserved: model scans start here at the earliest.
constexpr std::string_view kFirstModelKey("\x01", 1);
std::string body_key(std::uint64_t id);
std::string segment_key(std::uint64_t id);
std::string state_key();
std::string encode(const IndexState& state);
bool decode_state(std::string_view bytes, IndexState& state);
std::string encode(const BodyEntry& entry);
std::optional<BodyEntry> decode_body_entry(std::string_view bytes);

class Index : public std::enable_shared_from_this<Index> {
  public:
    static Result<std::shared_ptr<Index>> open(Files& files, const IndexOptions& options);
    ~Index();

    // What the last apply() left, or open() found. Committer's thread.
    const IndexState& state() const { return state_; }
    // Adds one record of the log. Fails only when the index can't be written: then the process must end.
    Result<void> apply(const LogRecord& record, const Segment& segment);

    Result<std::optional<std::string>> get(std::string_view key, const rocksdb::Snapshot* at = nullptr) const;
    Result<std::optional<BodyEntry>> body(std::uint64_t id, const rocksdb::Snapshot* at = nullptr) const;
    std::unique_ptr<rocksdb::Iterator> iterate(std::string_view from, std::string_view to,
                                               const rocksdb::Snapshot* at = nullptr) const;
    rocksdb::DB& db() const { return *db_; }

    // Starts a flush (or waits for one): afterwards flushed() has moved.
    Result<void> flush(bool wait);
    // The stamp that is surely in the index on disk.
    Stamp flushed() const;
    // Changes in the index that are not on disk yet.
    std::uint64_t unflushed_bytes() const { return unflushed_bytes_; }
    // An error while a failure in the background lasts. After a lack of space RocksDB looks for some again by itself,
    // every few seconds.
    Result<void> healthy();

    struct Live {
        std::uint64_t bytes = 0;       // of bodies in the segment that are referred to
        std::uint64_t dead_since = 0;  // if none: from this log position on
    };
    Live live(std::uint64_t segment) const;
    // Segments that have live bodies.
    std::vector<std::uint64_t> live_segments() const;

  private:
    class Watcher;
    class WarningLog;
    class Hints;
    explicit Index(Files& files);
    Result<void> load_state();
    Result<void> load_live_bytes();
    void apply_change(const Change& change, std::uint64_t& body_offset, const Segment& segment,
                      std::map<std::uint64_t, std::int64_t>& live);
    void apply_live(const std::map<std::uint64_t, std::int64_t>& changed);
    void note_applied(std::uint64_t changes_bytes);
    void note_flushed(std::uint64_t rocks_sequence);

    std::unique_ptr<rocksdb::Env> env_;
    std::shared_ptr<Watcher> watcher_;
    std::shared_ptr<Hints> hints_;
    std::unique_ptr<rocksdb::DB> db_;
    IndexState state_;
    rocksdb::WriteBatch batch_;

    // Which of RocksDB's sequence numbers stands for which stamp, for what is not flushed yet.
    struct Applied {
        std::uint64_t rocks_sequence;
        Stamp stamp;
        std::uint64_t changes_bytes;
    };
    mutable std::mutex mutex_;
    std::vector<Applied> applied_;
    Stamp flushed_;
    std::map<std::uint64_t, Live> live_;  // what is not in here was dead before opened_at_
    std::uint64_t opened_at_ = 0;
    std::atomic<std::uint64_t> unflushed_bytes_ = 0;
    std::atomic<bool> background_failed_ = false;
    std::atomic<bool> background_full_ = false;  // it failed because the disk was full
};

// Reads of committed data at one moment.
std::shared_ptr<const Snapshot> make_snapshot(std::shared_ptr<const Index> index);
Error index_error(const rocksdb::Status& status);

}  // namespace tayori::store

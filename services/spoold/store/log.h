// The log: records one after the other through segments, each chained to the one before by its checksum.
//
// One writer, one record on its way at a time: so whatever stands before a record was synced before that record was
// written, and only the last one may be torn.
#pragma once

#include <functional>

#include "spoold/store/segments.h"
#include "spoold/store/stamp.h"

namespace tayori::store {

// One record as read: `changes` only, bodies stay where they are.
struct LogRecord {
    RecordHeader header;
    std::uint32_t checksum = 0;
    std::uint64_t offset = 0;
    std::string changes;

    std::uint64_t bodies_offset() const {
        return offset + kRecordHeaderBytes + header.changes_bytes;
    }
    std::uint64_t end() const { return offset + header.total_bytes(); }
};

// Reads the records of one segment.
class SegmentReader {
  public:
    SegmentReader(SegmentTable& table, Lease segment, std::uint64_t offset = kSegmentHeaderBytes)
        : table_(table), segment_(std::move(segment)), offset_(offset) {}
    // False where no valid record stands.
    Result<bool> next(LogRecord& record);
    std::uint64_t offset() const { return offset_; }
    // Whether every body of the record has its checksum.
    Result<bool> bodies_are_whole(const LogRecord& record);
    // Whether any valid record of this segment stands behind the present offset.
    Result<bool> anything_behind();

  private:
    SegmentTable& table_;
    Lease segment_;
    std::uint64_t offset_;
};

class Log {
  public:
    // Applies one record to the index.
    using Replay = std::function<Result<void>(const LogRecord& record, const Segment& segment)>;

    Log(SegmentTable& table, std::function<std::int64_t()> now_ms, std::uint64_t segment_bytes)
        : table_(table), now_ms_(std::move(now_ms)), segment_bytes_(segment_bytes) {}

    // Replays what is behind `stamp`, secures the tail and makes ready for append(). Records up to `synced` are known to
    // have been synced, because a checkpoint contains them. corrupt: see Error::detail.
    Result<void> recover(const Stamp& stamp, std::uint64_t synced, const Replay& replay);

    // Writes one record and syncs it. no_space: nothing has happened. Any other error: the log is in doubt, and the
    // process must end.
    Result<LogRecord> append(std::string changes, std::span<const std::string_view> bodies);

    const Stamp& end() const { return end_; }
    std::uint64_t syncs() const { return syncs_; }
    Lease active() const { return active_; }
    // Gives the unused space of the last segment back, so that the next start goes on in it.
    Result<void> close();

  private:
    struct Tail;
    Result<std::size_t> first_to_read(const Stamp& stamp, const std::vector<Lease>& segments);
    Result<void> drop_empty_last(const Stamp& stamp);
    Result<void> read_to_end(const std::vector<Lease>& segments, std::size_t first, const Replay& replay,
                             Tail& tail);
    Result<void> secure(Tail& tail, std::uint64_t synced, const Replay& replay);
    Result<void> rotate(std::uint64_t room);
    Result<void> write(const LogRecord& record, std::string_view header,
                       std::span<const std::string_view> bodies);

    SegmentTable& table_;
    std::function<std::int64_t()> now_ms_;
    const std::uint64_t segment_bytes_;
    Stamp end_;
    Lease active_;
    std::unique_ptr<File> file_;
    std::atomic<std::uint64_t> syncs_ = 0;
};

}  // namespace tayori::store

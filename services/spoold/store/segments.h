// The files that hold bytes: NNNNNNNN.log (the log) and NNNNNNNN.staged (uploads), numbered together, never again.
//
// A segment is leased by holding its shared_ptr: while anybody does, its file stays. Whoever wants to remove it must
// have seen to everything else (Store::collect()).
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "spoold/store/files.h"
#include "spoold/store/record.h"

namespace tayori::store {

struct Segment {
    SegmentHeader header;
    std::string path;
    std::atomic<std::uint64_t> end = 0;         // after its last record or upload; grows while it is written
    std::atomic<bool> sealed = false;           // nothing will be added

    std::uint64_t id() const { return header.segment; }
    std::uint64_t end_position() const { return header.position + end; }
};
using Lease = std::shared_ptr<Segment>;

// What is on disk is not what was written; `detail` says where.
inline tl::unexpected<Error> corrupt(std::string detail) {
    return fail(Kind::corrupt, "Stored data is damaged.", std::move(detail));
}

class SegmentTable {
  public:
    SegmentTable(Files& files, std::string directory, std::uint64_t segment_bytes,
                 std::size_t open_files_max);

    // Reads the header of every file. A last log segment whose creation was cut short is removed.
    Result<void> load();

    struct New {
        SegmentKind kind = SegmentKind::log;
        std::uint64_t first_sequence = 0;
        std::uint64_t position = 0;
        std::uint32_t previous = 0;
        std::uint64_t room = 0;  // reserved for what will certainly be written
        std::int64_t now_ms = 0;
    };
    // On disk when it succeeds: header, length, name. On a full disk the log may take the reserve.
    Result<Lease> create(const New& wanted, std::unique_ptr<File>& file);

    Lease find(std::uint64_t id) const;
    std::vector<Lease> all(SegmentKind kind) const;  // by id
    // False when somebody holds a lease, or it is gone already. The caller's own must be the only other one.
    Result<bool> remove(Lease lease);
    // During recovery, when nobody else is there; durable when it succeeds.
    Result<void> remove_unleased(std::uint64_t id);
    Result<std::unique_ptr<File>> open_for_append(const Segment& segment);

    // Reads through a bounded set of open files. Fewer bytes only at the end of the file.
    Result<std::size_t> read(const Segment& segment, std::uint64_t offset, char* to, std::size_t bytes);
    Result<std::uint64_t> file_bytes(const Segment& segment);
    // Gives back what was reserved but never written.
    Result<void> trim(const Segment& segment);

    void never_below(std::uint64_t next_id);
    std::uint64_t next_id() const;

    // One segment's space is kept for compaction and deletes on a full disk.
    Result<void> keep_reserve();
    bool has_reserve();

  private:
    Result<void> load_one(const std::string& name, bool last_log);
    Result<std::shared_ptr<File>> handle(const Segment& segment);
    void forget_handle(std::uint64_t id);
    std::string path_of(std::uint64_t id, SegmentKind kind) const;
    std::string reserve_path() const;
    Result<std::unique_ptr<File>> allocate(const std::string& path, const New& wanted);

    Files& files_;
    const std::string directory_;
    const std::uint64_t segment_bytes_;
    const std::size_t open_files_max_;

    mutable std::mutex mutex_;  // guards everything below
    std::map<std::uint64_t, Lease> segments_;
    std::uint64_t next_id_ = 1;
    struct Handle {
        std::shared_ptr<File> file;
        std::list<std::uint64_t>::iterator used;
    };
    std::map<std::uint64_t, Handle> handles_;
    std::list<std::uint64_t> recently_used_;  // most recent first
};

std::uint64_t random_number();

}  // namespace tayori::store

// The log's bytes: segment header, record header, and the list of changes in a record. README.md has the tables.
//
// One record is one group. A record's checksum covers its header, which holds the checksum of the changes, which hold
// the checksum and length of every body: so the next record's `previous` vouches for all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spoold/store/codec.h"
#include "spoold/store/store.h"

namespace tayori::store {

constexpr std::size_t kSegmentHeaderBytes = 64;
constexpr std::size_t kRecordHeaderBytes = 56;
constexpr std::size_t kRecordAlignment = 8;
constexpr std::uint32_t kLogVersion = 1;

constexpr std::uint64_t align_record(std::uint64_t bytes) {
    return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

enum class SegmentKind : std::uint8_t { log, staging };

struct SegmentHeader {
    SegmentKind kind = SegmentKind::log;
    std::uint64_t segment = 0;
    std::uint64_t first_sequence = 0;  // of the record that stands first; 0 in staging
    std::uint64_t position = 0;        // where byte 0 of this file lies in the whole log; 0 in staging
    std::uint32_t previous = 0;        // checksum of the record before first_sequence
    // Secret and random per segment, part of every record's checksum: so no mail can contain bytes that pass for a
    // record, and no stale bytes of another segment can.
    std::uint64_t salt = 0;
    std::int64_t created_ms = 0;
};

std::string encode(const SegmentHeader& header);
// Nothing when it is not one. `newer` is set when it is one of a later version.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes, bool* newer = nullptr);

struct RecordHeader {
    std::uint64_t segment = 0;
    std::uint64_t sequence = 0;
    std::uint32_t previous = 0;
    std::uint32_t changes_bytes = 0;
    std::uint64_t bodies_bytes = 0;
    std::uint32_t changes_checksum = 0;
    std::int64_t time_ms = 0;

    std::uint64_t total_bytes() const {
        return align_record(kRecordHeaderBytes + changes_bytes + bodies_bytes);
    }
};

// Also gives the record's checksum.
std::string encode(const RecordHeader& header, std::uint64_t salt, std::uint32_t& checksum);
std::optional<RecordHeader> decode_record_header(std::string_view bytes, std::uint64_t salt,
                                                 std::uint32_t& checksum);

// Before each upload in a staging segment, written when its length is known.
constexpr std::size_t kUploadHeaderBytes = 32;
struct UploadHeader {
    std::uint64_t segment = 0;
    std::uint64_t bytes = 0;
    std::uint32_t body_checksum = 0;
};
std::string encode(const UploadHeader& header, std::uint64_t salt);
std::optional<UploadHeader> decode_upload_header(std::string_view bytes, std::uint64_t salt);

// Where a body lies.
struct BodyPlace {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint32_t checksum = 0;
};

struct BodyEntry {
    BodyPlace place;
    std::uint64_t references = 0;
};

// One change of a record.
struct Change {
    enum class Type : std::uint8_t {
        put = 1,          // key, value
        erase = 2,        // key
        erase_range = 3,  // key, value = end
        body = 4,         // its bytes are the next ones of this record's bodies; moved_from: 0, or the segment it leaves
        adopt = 5,        // a body whose bytes are in a staging segment
        references = 6,   // only the number of references is another one
        gone = 7,         // no references left
    };
    Type type = Type::put;
    std::string_view key;
    std::string_view value;
    std::uint64_t id = 0;
    BodyEntry body;  // offset and segment are meaningless in `body`: they follow from the record's place
    std::uint64_t moved_from = 0;
};

void append_change(std::string& out, const Change& change);

// Reads the changes of one record in order.
class ChangeReader {
  public:
    explicit ChangeReader(std::string_view changes) : in_(changes) {}
    // False at the end, and after something that is not a change: then ok() is false too.
    bool next(Change& change);
    bool ok() const { return ok_ && in_.ok(); }

  private:
    Decoder in_;
    bool ok_ = true;
};

}  // namespace tayori::store

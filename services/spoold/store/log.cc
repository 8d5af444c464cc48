#include "spoold/store/log.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/checksum.h"

namespace tayori::store {
namespace {

constexpr std::size_t kReadAheadBytes = 8 * 1024;    // most records' changes fit
constexpr std::size_t kScanBytes = 1024 * 1024;      // read at once when looking for records or checking bodies
constexpr std::string_view kPadding("\0\0\0\0\0\0\0\0", kRecordAlignment);

}  // namespace

Result<bool> SegmentReader::next(LogRecord& record) {
    std::string start(kReadAheadBytes, '\0');
    auto got = table_.read(*segment_, offset_, start.data(), start.size());
    if (!got) return fail(got.error());
    start.resize(*got);
    auto header = decode_record_header(start, segment_->header.salt, record.checksum);
    if (!header || header->segment != segment_->id()) return false;
    record.header = *header;
    record.offset = offset_;
    auto size = table_.file_bytes(*segment_);
    if (!size) return fail(size.error());
    if (header->bodies_bytes > *size || record.end() > *size) return false;

    const std::size_t have = std::min<std::size_t>(start.size() - kRecordHeaderBytes, header->changes_bytes);
    record.changes.assign(start, kRecordHeaderBytes, have);
    if (have < header->changes_bytes) {
        record.changes.resize(header->changes_bytes);
        auto more = table_.read(*segment_, offset_ + kRecordHeaderBytes + have, record.changes.data() + have,
                                header->changes_bytes - have);
        if (!more) return fail(more.error());
        if (*more < header->changes_bytes - have) return false;
    }
    if (crc32c(record.changes) != header->changes_checksum) return false;
    offset_ = record.end();
    return true;
}

Result<bool> SegmentReader::bodies_are_whole(const LogRecord& record) {
    ChangeReader changes(record.changes);
    Change change;
    auto at = record.bodies_offset();
    std::string piece;
    while (changes.next(change)) {
        if (change.type != Change::Type::body) continue;
        const auto& place = change.body.place;
        std::uint32_t checksum = 0;
        for (std::uint64_t done = 0; done < place.bytes;) {
            piece.resize(std::min<std::uint64_t>(kScanBytes, place.bytes - done));
            auto got = table_.read(*segment_, at + done, piece.data(), piece.size());
            if (!got) return fail(got.error());
            if (*got < piece.size()) return false;
            checksum = crc32c(piece, checksum);
            done += piece.size();
        }
        if (checksum != place.checksum) return false;
        at += place.bytes;
    }
    return changes.ok() && at == record.bodies_offset() + record.header.bodies_bytes;
}

Result<bool> SegmentReader::anything_behind() {
    std::string piece;
    // Not at the offset itself: a torn record may well have its header.
    for (auto from = align_record(offset_) + kRecordAlignment;; from += kScanBytes) {
        piece.resize(kScanBytes + kRecordHeaderBytes);
        auto got = table_.read(*segment_, from, piece.data(), piece.size());
        if (!got) return fail(got.error());
        const auto bytes = std::string_view(piece).substr(0, *got);
        for (std::size_t at = 0; at + kRecordHeaderBytes <= bytes.size() && at < kScanBytes;
             at += kRecordAlignment) {
            if (bytes[at] == '\0') continue;
            std::uint32_t checksum = 0;
            const auto header = decode_record_header(bytes.substr(at), segment_->header.salt, checksum);
            if (header && header->segment == segment_->id()) return true;
        }
        if (*got < piece.size()) return false;
    }
}

Result<void> Log::rotate(std::uint64_t room) {
    SegmentTable::New wanted;
    wanted.first_sequence = end_.sequence + 1;
    wanted.position = end_.position;
    wanted.previous = end_.checksum;
    wanted.room = kSegmentHeaderBytes + room;
    wanted.now_ms = now_ms_();
    std::unique_ptr<File> file;
    auto created = table_.create(wanted, file);
    if (!created) return fail(created.error());
    const auto old = std::exchange(active_, *created);
    file_ = std::move(file);
    end_.segment = active_->id();
    end_.end = kSegmentHeaderBytes;
    end_.position += kSegmentHeaderBytes;
    if (old) {
        old->sealed = true;
        if (auto trimmed = table_.trim(*old); !trimmed) {
            log_warn("store: unused space stays in a segment", {{"detail", trimmed.error().detail}});
        }
    }
    return {};
}

Result<void> Log::write(const LogRecord& record, std::string_view header,
                        std::span<const std::string_view> bodies) {
    std::vector<std::string_view> pieces;
    pieces.reserve(bodies.size() + 3);
    pieces.push_back(header);
    pieces.push_back(record.changes);
    pieces.insert(pieces.end(), bodies.begin(), bodies.end());
    const auto written = kRecordHeaderBytes + record.header.changes_bytes + record.header.bodies_bytes;
    pieces.push_back(kPadding.substr(0, record.header.total_bytes() - written));
    if (auto done = file_->write_at(record.offset, pieces); !done) {
        if (done.error().kind != Kind::no_space) return done;
        // Nothing was promised yet. Part of the record may stand there: cut it off, so that the next record, or
        // the next start, finds zeros. If that fails too, the log is in doubt.
        auto cut = file_->resize(record.offset);
        if (!cut) return fail(Kind::busy, "The disk reports an error.", cut.error().detail);
        if (auto again = file_->preallocate(segment_bytes_); !again) {
            log_warn("store: the log goes on without reserved space", {{"detail", again.error().detail}});
        }
        return done;
    }
    ++syncs_;
    auto synced = file_->sync();
    if (!synced && synced.error().kind == Kind::no_space) {
        return fail(Kind::busy, "The disk reports an error.", synced.error().detail);
    }
    return synced;
}

Result<LogRecord> Log::append(std::string changes, std::span<const std::string_view> bodies) {
    LogRecord record;
    record.header.sequence = end_.sequence + 1;
    record.header.changes_bytes = static_cast<std::uint32_t>(changes.size());
    for (const auto body : bodies) record.header.bodies_bytes += body.size();
    record.header.changes_checksum = crc32c(changes);
    record.header.time_ms = now_ms_();
    record.changes = std::move(changes);
    const auto bytes = record.header.total_bytes();
    if (!active_ || (end_.end > kSegmentHeaderBytes && end_.end + bytes > segment_bytes_)) {
        if (auto rotated = rotate(bytes); !rotated) return fail(rotated.error());
    }
    record.header.segment = active_->id();
    record.header.previous = end_.checksum;
    record.offset = end_.end;
    const auto header = encode(record.header, active_->header.salt, record.checksum);
    if (auto written = write(record, header, bodies); !written) return fail(written.error());

    end_.sequence = record.header.sequence;
    end_.checksum = record.checksum;
    end_.end += bytes;
    end_.position += bytes;
    active_->end = end_.end;
    return record;
}

Result<void> Log::close() {
    if (!active_) return {};
    file_.reset();
    return table_.trim(*active_);
}

}  // namespace tayori::store

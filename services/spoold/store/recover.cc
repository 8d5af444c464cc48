// Recovery of the log at start.
//
// Where no valid record stands although one should: if a valid one, or another segment, stands behind it, stored data
// has been damaged; nothing is truncated and the start is refused. Otherwise it is the torn tail of a write that was
// never acknowledged.
//
// The last record may be whole in the page cache and not on the disk: its process may have been killed before the
// sync, or the sync may have failed, which the kernel tells only once. A record that the index contains was synced.
// Any other last record is written anew into a new segment and synced there before it is served; that segment
// supersedes the old place, because it begins with the same sequence number.
#include <algorithm>
#include <optional>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/log.h"

namespace tayori::store {
// What is read but not yet applied: always the newest record, because it may be torn.
struct Log::Tail {
    std::optional<LogRecord> record;
    Lease segment;              // of the record, or of the last one read
    std::uint64_t offset = 0;   // behind the last valid record of that segment
    std::uint64_t replayed = 0;
};

Result<void> Log::drop_empty_last(const Stamp& stamp) {
    for (;;) {
        const auto segments = table_.all(SegmentKind::log);
        if (segments.size() < 2 || segments.back()->id() == stamp.segment) return {};
        const auto& last = segments.back();
        SegmentReader reader(table_, last);
        LogRecord record;
        auto valid = reader.next(record);
        if (!valid) return fail(valid.error());
        if (*valid) {
            auto whole = reader.bodies_are_whole(record);
            if (!whole) return fail(whole.error());
            if (*whole) return {};
        }
        auto behind = reader.anything_behind();
        if (!behind) return fail(behind.error());
        if (*behind) return {};
        if (last->header.first_sequence <= stamp.sequence) {
            return corrupt(cat(last->path, " has lost records that the index contains"));
        }
        log_info("store: a segment without a record is removed", {{"file", last->path}});
        const auto id = last->id();
        table_.never_below(id + 1);
        // The segment before it is the last one again, as long as its file is.
        auto& before = segments[segments.size() - 2];
        auto bytes = table_.file_bytes(*before);
        if (!bytes) return fail(bytes.error());
        before->end = *bytes;
        before->sealed = false;
        if (auto removed = table_.remove_unleased(id); !removed) return removed;
    }
}

// The index of the segment in which to begin.
Result<std::size_t> Log::first_to_read(const Stamp& stamp, const std::vector<Lease>& segments) {
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto& header = segments[i]->header;
        if (header.segment < stamp.segment) continue;
        if (header.segment == stamp.segment) return i;
        if (header.first_sequence == stamp.sequence + 1 && header.previous == stamp.checksum) return i;
        return corrupt(cat("the log begins with record ", header.first_sequence, " in ", segments[i]->path,
                           ", the index ends with record ", stamp.sequence));
    }
    if (stamp.sequence == 0) return segments.size();
    return corrupt(cat("the log has no segment with record ", stamp.sequence, " or a later one"));
}

Result<void> Log::read_to_end(const std::vector<Lease>& segments, std::size_t first, const Replay& replay,
                              Tail& tail) {
    for (auto i = first; i < segments.size(); ++i) {
        const auto& segment = segments[i];
        const bool last = i + 1 == segments.size();
        const bool resumed = segment->id() == end_.segment && end_.sequence > 0;
        if (i > first && segment->header.first_sequence == end_.sequence + 1 &&
            segment->header.previous != end_.checksum) {
            return corrupt(cat(segment->path, " does not follow the record before it"));
        }
        if (i > first && segment->header.first_sequence > end_.sequence + 1) {
            return corrupt(cat("records are missing before ", segment->path));
        }
        SegmentReader reader(table_, segment, resumed ? end_.end : kSegmentHeaderBytes);
        tail.segment = segment;
        tail.offset = reader.offset();
        while (last || end_.sequence + 1 < segments[i + 1]->header.first_sequence) {
            LogRecord record;
            auto valid = reader.next(record);
            if (!valid) return fail(valid.error());
            if (*valid && record.header.sequence <= end_.sequence && !tail.record) {
                tail.offset = reader.offset();  // superseded: the index has it from its former place
                continue;
            }
            if (!*valid || record.header.sequence != end_.sequence + 1 ||
                record.header.previous != end_.checksum) {
                auto behind = reader.anything_behind();
                if (!behind) return fail(behind.error());
                if (*valid || *behind || !last) {
                    return corrupt(cat("record ", end_.sequence + 1, " at ", segment->path, ":", tail.offset,
                                       " is damaged, and later ones stand behind it"));
                }
                return {};
            }
            if (tail.record) {
                const auto holder = table_.find(tail.record->header.segment);
                if (auto done = replay(*tail.record, *holder); !done) return done;
                ++tail.replayed;
            }
            end_.sequence = record.header.sequence;
            end_.checksum = record.checksum;
            end_.segment = segment->id();
            end_.end = record.end();
            end_.position = segment->header.position + record.end();
            tail.offset = record.end();
            tail.record = std::move(record);
        }
    }
    return {};
}

Result<void> Log::secure(Tail& tail, std::uint64_t synced, const Replay& replay) {
    auto record = std::move(*tail.record);
    const auto holder = table_.find(record.header.segment);
    if (record.header.sequence <= synced) {
        holder->end = record.end();
        return replay(record, *holder);
    }
    SegmentReader reader(table_, holder, record.end());
    auto whole = reader.bodies_are_whole(record);
    if (!whole) return fail(whole.error());
    // The end is now before that record, whether it was torn or is written again.
    end_.sequence = record.header.sequence - 1;
    end_.checksum = record.header.previous;
    end_.segment = holder->id();
    end_.end = record.offset;
    end_.position = holder->header.position + record.offset;
    holder->end = record.offset;
    active_.reset();
    if (!*whole) {
        log_info("store: the torn end of the log is left out", {{"file", holder->path}});
        return {};
    }
    std::string bodies(record.header.bodies_bytes, '\0');
    auto got = table_.read(*holder, record.bodies_offset(), bodies.data(), bodies.size());
    if (!got) return fail(got.error());
    const std::string_view piece = bodies;
    auto again = append(std::move(record.changes), std::span(&piece, 1));
    if (!again) return fail(again.error());
    if (auto trimmed = table_.trim(*holder); !trimmed) return trimmed;
    return replay(*again, *active_);
}

Result<void> Log::recover(const Stamp& stamp, std::uint64_t synced, const Replay& replay) {
    if (auto done = drop_empty_last(stamp); !done) return done;
    const auto segments = table_.all(SegmentKind::log);
    end_ = stamp;
    auto first = first_to_read(stamp, segments);
    if (!first) return fail(first.error());
    Tail tail;
    if (auto done = read_to_end(segments, *first, replay, tail); !done) return done;
    if (tail.record) {
        if (auto done = secure(tail, synced, replay); !done) return done;
    } else if (tail.segment) {
        // Everything is in the index, so it was synced. Go on in this segment if it was closed properly, that is
        // without anything behind its last record.
        tail.segment->end = tail.offset;
        end_.segment = tail.segment->id();
        end_.end = tail.offset;
        end_.position = tail.segment->header.position + tail.offset;
        auto bytes = table_.file_bytes(*tail.segment);
        if (!bytes) return fail(bytes.error());
        if (*bytes == tail.offset && tail.offset < segment_bytes_) {
            if (auto file = table_.open_for_append(*tail.segment); file) {
                file_ = std::move(*file);
                active_ = tail.segment;
            }
        }
    }
    for (const auto& segment : table_.all(SegmentKind::log)) {
        if (segment == active_) continue;
        segment->sealed = true;
        if (auto trimmed = table_.trim(*segment); !trimmed) return trimmed;
    }
    log_info("store: the log is read", {{"records", tail.replayed}, {"last", end_.sequence}});
    return {};
}

}  // namespace tayori::store

// What goes on in the background: checkpoints, compaction of mostly dead segments, removal of dead ones.
//
// When may a segment go? When no body in it is referred to, nobody holds a lease on it, and neither the index on disk,
// nor the oldest checkpoint, nor a backup would miss it if spoold had to start from them: all of them must lie behind
// its end and behind the moment when its last body died.
#include <algorithm>
#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/embedded.h"
#include "spoold/store/overlay.h"

namespace tayori::store {
namespace {

constexpr std::uint64_t kSmallSegmentDivisor = 8;  // a sealed segment below 1/8 of the usual size is merged away
constexpr std::size_t kSmallSegmentsMin = 4;
constexpr std::size_t kSegmentsPerRound = 8;

}  // namespace

bool EmbeddedStore::may_go(const Segment& segment) const {
    const auto live = index_->live(segment.id());
    if (!segment.sealed || live.bytes > 0) return false;
    const auto flushed = index_->flushed().position;
    if (flushed < live.dead_since) return false;
    const auto needed = needed_from();
    const std::lock_guard lock(checkpoints_mutex_);
    if (segment.header.kind == SegmentKind::staging) {
        // What is copied next may have a moment at which it lived.
        if (live.dead_since > needed) return false;
        // What began after the oldest checkpoint is not in it.
        return checkpoints_.empty() || checkpoints_.front().state.stamp.position >= live.dead_since ||
               checkpoints_.front().state.next_segment <= segment.id();
    }
    return !checkpoints_.empty() && segment.end_position() <= std::min(flushed, needed) &&
           checkpoints_.front().state.stamp.position >= std::max(segment.end_position(), live.dead_since);
}

// Removes what may go; returns the bytes freed. If the power fails half-way, the rest goes the next time.
Result<std::uint64_t> EmbeddedStore::collect() {
    std::uint64_t freed = 0;
    for (const auto kind : {SegmentKind::log, SegmentKind::staging}) {
        auto segments = segments_->all(kind);
        for (auto& segment : segments) {
            if (!may_go(*segment)) continue;
            const auto bytes = segment->end.load();
            auto gone = segments_->remove(std::move(segment));
            if (!gone) return fail(gone.error());
            if (*gone) freed += bytes;
        }
    }
    if (freed > 0) log_info("store: dead segments are removed", {{"bytes", freed}});
    return freed;
}

// Sealed segments of which most is dead, and small ones (every start after a kill leaves one) if there are several.
std::vector<Lease> EmbeddedStore::worth_compacting() const {
    std::vector<Lease> result;
    for (const auto kind : {SegmentKind::log, SegmentKind::staging}) {
        std::vector<Lease> small;
        for (const auto& segment : segments_->all(kind)) {
            const auto live = index_->live(segment->id()).bytes;
            if (!segment->sealed || live == 0) continue;
            const std::uint64_t end = segment->end;
            if ((end - std::min(end, live)) * 100 >= end * options_.compact_dead_percent) {
                result.push_back(segment);
            } else if (end < options_.segment_bytes / kSmallSegmentDivisor) {
                small.push_back(segment);
            }
        }
        if (small.size() >= kSmallSegmentsMin) result.insert(result.end(), small.begin(), small.end());
    }
    if (result.size() > kSegmentsPerRound) result.resize(kSegmentsPerRound);
    return result;
}

// Bodies that the records of a log segment brought, in order.
Result<EmbeddedStore::BodiesOfSegments> EmbeddedStore::bodies_in_log(const Lease& segment) {
    BodiesOfSegments result;
    SegmentReader reader(*segments_, segment);
    LogRecord record;
    while (reader.offset() < segment->end) {
        auto valid = reader.next(record);
        if (!valid) return fail(valid.error());
        if (!*valid) {
            return fail(Kind::corrupt, "Stored data is damaged.",
                        cat("no record at ", segment->path, ":", reader.offset()));
        }
        ChangeReader changes(record.changes);
        Change change;
        while (changes.next(change)) {
            if (change.type == Change::Type::body) result[segment->id()].push_back(change.id);
        }
    }
    return result;
}

// Uploads do not carry their body's id: the table is read instead, once for all of the segments.
Result<EmbeddedStore::BodiesOfSegments> EmbeddedStore::bodies_in_staging(const std::vector<Lease>& segments) {
    BodiesOfSegments result;
    for (const auto& segment : segments) {
        if (segment->header.kind == SegmentKind::staging) result[segment->id()];
    }
    if (result.empty()) return result;
    auto rows = index_->iterate(body_key(0), body_key(~std::uint64_t{0}));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
        const auto entry = decode_body_entry(rows->value().ToStringView());
        if (!entry) continue;
        if (const auto found = result.find(entry->place.segment); found != result.end()) {
            found->second.push_back(load_be64(rows->key().ToStringView().substr(2)));
        }
    }
    if (!rows->status().ok()) return fail(index_error(rows->status()));
    return result;
}

Result<void> EmbeddedStore::commit_moves(std::uint64_t segment, const std::vector<MovedBody>& moves) {
    std::promise<Result<void>> outcome;
    Request request;
    request.effect = Effect::shrinks;  // it makes room in the end, so it may use what is kept for that
    request.apply = [&](Transaction& transaction) -> Result<void> {
        auto& overlay = static_cast<Overlay&>(transaction);
        for (const auto& moved : moves) overlay.move_body(moved.id, segment, moved.bytes);
        return {};
    };
    request.done = [&](Result<void> result) { outcome.set_value(std::move(result)); };
    committer_->submit(std::move(request));
    return outcome.get_future().get();
}

Result<void> EmbeddedStore::move_bodies(const Lease& segment, const std::vector<std::uint64_t>& ids) {
    std::vector<MovedBody> moves;
    std::uint64_t bytes = 0;
    auto commit = [&]() -> Result<void> {
        if (moves.empty()) return {};
        auto done = commit_moves(segment->id(), moves);
        moves.clear();
        bytes = 0;
        return done;
    };
    for (const auto id : ids) {
        auto entry = index_->body(id);
        if (!entry) return fail(entry.error());
        if (!*entry || (*entry)->place.segment != segment->id()) continue;
        auto reader = open_body(BodyId{id});
        if (!reader) {
            if (reader.error().kind == Kind::not_found) continue;  // released meanwhile
            return fail(reader.error());
        }
        // A damaged body must not get a good checksum by being copied: it stays where it is, and is reported.
        if (auto good = (*reader)->verify(); !good) return good;
        MovedBody moved;
        moved.id = id;
        if (auto done = (*reader)->read(0, (*reader)->size(), moved.bytes); !done) return done;
        bytes += moved.bytes.size();
        moves.push_back(std::move(moved));
        if (bytes < options_.compaction_group_bytes) continue;
        if (auto done = commit(); !done) return done;
    }
    return commit();
}

Result<void> EmbeddedStore::compact_segments(const std::vector<Lease>& segments) {
    auto staged = bodies_in_staging(segments);
    if (!staged) return fail(staged.error());
    for (const auto& segment : segments) {
        if (closing_) return {};
        auto bodies = segment->header.kind == SegmentKind::log ? bodies_in_log(segment) : staged;
        auto done = bodies ? move_bodies(segment, (*bodies)[segment->id()]) : fail(bodies.error());
        if (done) continue;
        if (done.error().kind != Kind::corrupt) return done;
        log_error("store: a segment can't be compacted",
                  {{"file", segment->path}, {"detail", done.error().detail}});
    }
    return {};
}

Result<std::uint64_t> EmbeddedStore::compact() {
    const std::lock_guard lock(work_mutex_);
    uploads_->expire();
    // Round after round, as long as the rest gets less: a damaged segment stays in it.
    auto segments = worth_compacting();
    for (std::uint64_t before = 0; !segments.empty() && segments.front()->id() != before;) {
        before = segments.front()->id();
        if (auto done = compact_segments(segments); !done) return fail(done.error());
        segments = worth_compacting();
    }
    segments.clear();
    // The only checkpoint left is the new one, so that nothing old is needed any more.
    if (auto made = checkpoint_and_prune(1); !made) return fail(made.error());
    auto freed = collect();
    watch_space();
    return freed;
}

void EmbeddedStore::maintain() {
    const std::lock_guard lock(work_mutex_);
    if (failed_ || committer_->failed()) return;
    watch_space();
    uploads_->expire();
    auto logged = [](const auto& result, std::string_view what) {
        if (!result) log_warn("store: maintenance failed", {{"in", what}, {"detail", result.error().detail}});
    };
    std::uint64_t last_checkpoint = 0;
    {
        const std::lock_guard checkpoints_lock(checkpoints_mutex_);
        if (!checkpoints_.empty()) last_checkpoint = checkpoints_.back().state.stamp.position;
    }
    const auto behind = log_position_ - std::min<std::uint64_t>(log_position_, last_checkpoint);
    const bool full = !has_space();
    const auto due = full ? options_.segment_bytes : options_.checkpoint_every_bytes;
    logged(compact_segments(worth_compacting()), "compaction");
    // On a full disk dead segments must go soon: newer and fewer checkpoints let them.
    if (behind >= due) logged(checkpoint_and_prune(full ? 1 : options_.checkpoints_kept), "checkpoint");
    logged(holds_->give_up(log_position_, full ? 0 : options_.hold_bytes_max), "holds");
    logged(collect(), "collection");
    if (has_space() && free_bytes_ - options_.free_min_bytes > options_.segment_bytes) {
        logged(segments_->keep_reserve(), "reserve");
    }
}

void EmbeddedStore::maintenance_loop() {
    std::unique_lock lock(loop_mutex_);
    while (!loop_ends_) {
        lock.unlock();
        maintain();
        lock.lock();
        loop_wake_.wait_for(lock, std::chrono::milliseconds(options_.maintenance_interval_ms),
                            [this] { return loop_ends_; });
    }
}

}  // namespace tayori::store

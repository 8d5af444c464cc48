#include "spoold/store/embedded.h"

#include <algorithm>
#include <cstdlib>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/format.h"
#include "spoold/store/segment_body.h"

namespace tayori::store {
namespace {

constexpr int kLookAgainMax = 8;  // times that a body may be moved while it is being opened

}  // namespace

IndexOptions index_options(const Options& options, std::string directory) {
    IndexOptions result;
    result.directory = std::move(directory);
    result.memtable_bytes = options.memtable_bytes;
    result.memtables_max = options.memtables_max;
    result.block_cache_bytes = options.block_cache_bytes;
    result.open_files_max = options.index_open_files_max;
    return result;
}

EmbeddedStore::EmbeddedStore(Options options)
    : options_(std::move(options)),
      files_(options_.files != nullptr ? *options_.files : posix_files()),
      clock_(options_.clock != nullptr ? *options_.clock : system_clock_) {}

EmbeddedStore::~EmbeddedStore() { close(); }

Result<void> EmbeddedStore::open() {
    const auto& directory = options_.directory;
    if (auto done = ensure_directory(files_, directory); !done) return done;
    auto lock = files_.lock(cat(directory, "/lock"));
    if (!lock) return fail(lock.error());
    lock_ = std::move(*lock);
    if (auto done = settle_format(files_, directory, kStoreFormat, migrations()); !done) return done;
    if (auto done = ensure_directory(files_, cat(directory, "/log")); !done) return done;
    if (auto done = ensure_directory(files_, cat(directory, "/checkpoints")); !done) return done;
    if (auto done = finish_or_drop_rebuild(files_, options_); !done) return done;
    if (auto done = ensure_directory(files_, cat(directory, "/index")); !done) return done;
    if (auto done = remove_tree(files_, copying_directory()); !done) return done;
    holds_ = std::make_unique<Holds>(files_, cat(directory, "/holds"));
    if (auto done = holds_->load(); !done) return done;

    segments_ = std::make_unique<SegmentTable>(files_, cat(directory, "/log"), options_.segment_bytes,
                                               options_.open_segments_max);
    if (auto done = segments_->load(); !done) return done;
    auto index = Index::open(files_, index_options(options_, cat(directory, "/index")));
    if (!index && index.error().kind == Kind::corrupt) {
        // Nothing is in the index that is not in the log, or in a checkpoint and the log.
        log_error("store: the index is damaged and is made anew", {{"detail", index.error().detail}});
        segments_.reset();
        if (auto rebuilt = rebuild_index(files_, options_); !rebuilt) return fail(rebuilt.error());
        segments_ = std::make_unique<SegmentTable>(files_, cat(directory, "/log"), options_.segment_bytes,
                                                   options_.open_segments_max);
        if (auto done = segments_->load(); !done) return done;
        index = Index::open(files_, index_options(options_, cat(directory, "/index")));
    }
    if (!index) return fail(index.error());
    index_ = std::move(*index);
    auto checkpoints = load_checkpoints(files_, directory);
    if (!checkpoints) return fail(checkpoints.error());
    checkpoints_ = std::move(*checkpoints);
    segments_->never_below(index_->state().next_segment);
    log_ = std::make_unique<Log>(*segments_, [this] { return clock_.now_ms(); }, options_.segment_bytes);
    auto recovered = log_->recover(
        index_->state().stamp, std::max(newest_sequence(checkpoints_), holds_->newest_sequence()),
        [this](const LogRecord& record, const Segment& segment) { return index_->apply(record, segment); });
    if (!recovered) return recovered;
    for (const auto id : index_->live_segments()) {
        if (!segments_->find(id)) {
            return fail(Kind::corrupt, "Stored data is damaged.",
                        cat("segment ", id, " is missing, and mail was in it"));
        }
    }
    watch_space();

    StagingLimits limits{options_.segment_bytes, options_.upload_bytes_max, options_.uploads_max,
                         options_.upload_expires_ms};
    uploads_ = std::make_unique<UploadArea>(*segments_, clock_, limits, [this] { return has_space(); });
    CommitterOptions committing;
    committing.group_requests_max = options_.group_requests_max;
    committing.group_bytes_max = options_.group_bytes_max;
    committing.queue_requests_max = options_.queue_requests_max;
    committing.unflushed_bytes_max = options_.unflushed_bytes_max;
    committing.has_space = [this] {
        watch_space();
        return has_space();
    };
    committing.on_applied = [this] {
        log_position_ = log_->end().position;
        bodies_ = index_->state().bodies;
    };
    committing.answers_begin = options_.answers_begin;
    committing.answers_end = options_.answers_end;
    committing.on_fatal = [this](const std::string& reason) { fatal(reason); };
    committing.on_applied();
    committer_ = std::make_unique<Committer>(*log_, *index_, *uploads_, clock_, std::move(committing));
    if (options_.background) maintenance_ = std::thread([this] { maintenance_loop(); });
    return {};
}

void EmbeddedStore::close() {
    closing_ = true;
    {
        const std::lock_guard lock(loop_mutex_);
        loop_ends_ = true;
        loop_wake_.notify_all();
    }
    // The maintenance may be waiting for the committer, so it ends first.
    if (maintenance_.joinable()) maintenance_.join();
    if (!committer_) return;
    committer_->stop();
    if (failed_ || committer_->failed()) return;
    // A clean end: the next start has nothing to replay.
    if (auto flushed = index_->flush(true); !flushed) {
        log_warn("store: the index could not be flushed at the end", {{"detail", flushed.error().detail}});
        return;
    }
    if (auto closed = log_->close(); !closed) {
        log_warn("store: the log could not be trimmed", {{"detail", closed.error().detail}});
    }
}

void EmbeddedStore::fatal(const std::string& reason) {
    failed_ = true;
    if (options_.on_fatal) return options_.on_fatal(reason);
    log_error("store: the process ends and must start anew", {{"detail", reason}});
    std::_Exit(kExitAfterDiskFailure);
}

void EmbeddedStore::watch_space() {
    if (auto free = files_.free_bytes(options_.directory); free) free_bytes_ = *free;
}

bool EmbeddedStore::has_space() const { return free_bytes_ >= options_.free_min_bytes; }

Result<std::optional<std::string>> EmbeddedStore::get(std::string_view key) const {
    if (key < kFirstModelKey) return std::optional<std::string>();
    return index_->get(key);
}

std::shared_ptr<const Snapshot> EmbeddedStore::snapshot() const { return make_snapshot(index_); }

Result<std::shared_ptr<const BodyReader>> EmbeddedStore::open_body(BodyId id) const {
    for (int look = 0; look < kLookAgainMax; ++look) {
        auto entry = index_->body(static_cast<std::uint64_t>(id));
        if (!entry) return fail(entry.error());
        if (!*entry) return fail(Kind::not_found, "No such message.");
        const auto& place = (*entry)->place;
        // Between the look-up and the lease the body may have been moved and its old segment removed.
        if (auto reader = find_body_reader(*segments_, place)) return reader;
    }
    return fail(Kind::corrupt, "Stored data is damaged.",
                cat("the segment of body ", static_cast<std::uint64_t>(id), " is missing"));
}

void EmbeddedStore::begin_batch() { committer_->begin_batch(); }
void EmbeddedStore::end_batch() { committer_->end_batch(); }
int EmbeddedStore::leave_batches() { return committer_->leave_batches(); }
void EmbeddedStore::enter_batches(int depth) { committer_->enter_batches(depth); }
void EmbeddedStore::submit(Request request) { committer_->submit(std::move(request)); }

Stats EmbeddedStore::stats() const {
    Stats stats;
    stats.log_position = log_position_;
    stats.flushed_position = index_->flushed().position;
    for (const auto kind : {SegmentKind::log, SegmentKind::staging}) {
        for (const auto& segment : segments_->all(kind)) {
            ++stats.segments;
            stats.segment_bytes += segment->end;
            stats.dead_bytes += segment->end - std::min<std::uint64_t>(segment->end,
                                                                        index_->live(segment->id()).bytes);
        }
    }
    stats.bodies = bodies_;
    stats.groups = committer_->groups();
    stats.mutations = committer_->mutations();
    stats.syncs = log_->syncs();
    stats.free_bytes = free_bytes_;
    stats.accepting = has_space() && !failed_;
    return stats;
}

Result<std::unique_ptr<CopyableStore>> open_embedded(Options options) {
    auto store = std::make_unique<EmbeddedStore>(std::move(options));
    if (auto opened = store->open(); !opened) return fail(opened.error());
    return std::unique_ptr<CopyableStore>(std::move(store));
}

}  // namespace tayori::store

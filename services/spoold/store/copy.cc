// The embedded engine's side of copy.h.
//
// A whole copy links the index into copying/ and afterwards reads how far the log has come: so the log that is copied
// begins before what the index contains ends. Nothing is removed meanwhile, for that takes work_mutex_ too; and then the
// leases are taken.
#include "spoold/store/copy.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/embedded.h"

namespace tayori::store {
namespace {

constexpr std::string_view kLogDirectory = "log/";
constexpr std::string_view kIndexDirectory = "index/";

std::string name_of(const Segment& segment) { return cat(kLogDirectory, base_name(segment.path)); }

tl::unexpected<Error> not_kept() { return fail(Kind::not_found, "The log has not been kept since the last backup."); }

// Whether the log goes on from `since` without a gap, through these segments, and has that record where it was.
bool follows(const std::vector<Lease>& segments, const Stamp& since) {
    if (segments.empty()) return false;
    const auto& first = *segments.front();
    const bool has_it = first.id() == since.segment && first.end >= since.end;
    const bool next = first.header.first_sequence == since.sequence + 1 && first.header.previous == since.checksum;
    if (!has_it && !next) return false;
    for (std::size_t i = 1; i < segments.size(); ++i) {
        const auto& header = segments[i]->header;
        if (header.position > segments[i - 1]->end_position() || header.first_sequence <= since.sequence) return false;
    }
    return true;
}

}  // namespace

class EmbeddedStore::RunningCopy final : public Copy {
  public:
    RunningCopy(EmbeddedStore& store, std::string holder) : store_(store), holder_(std::move(holder)) {}
    ~RunningCopy() override {
        if (auto gone = remove_tree(store_.files_, store_.copying_directory()); !gone) {
            log_warn("store: what a backup has copied stays until the next start", {{"detail", gone.error().detail}});
        }
        store_.copying_ = false;
    }

    Result<void> add_index() {
        auto names = store_.files_.list(store_.copying_directory());
        if (!names) return fail(std::move(names.error()));
        for (const auto& name : *names) {
            auto info = store_.files_.info(cat(store_.copying_directory(), "/", name));
            if (!info) return fail(std::move(info.error()));
            pieces_.push_back({cat(kIndexDirectory, name), 0, info->bytes});
        }
        return {};
    }

    void add_segment(const Lease& segment, const CopyWish& wish) {
        const auto name = name_of(*segment);
        const auto have = wish.have.find(name);
        const auto from = have == wish.have.end() ? 0 : have->second;
        const bool last = segment->header.kind == SegmentKind::log && segment->id() == until_.segment;
        const std::uint64_t to = last ? until_.end : segment->end.load();
        if (from >= to) return;
        pieces_.push_back({name, from, to});
        leases_[name] = segment;
    }

    void reached(const IndexState& state, std::int64_t index_ms, std::int64_t until_ms) {
        until_ = state.stamp;
        index_ms_ = index_ms;
        until_ms_ = until_ms;
    }

    Result<void> read(const std::string& name, std::uint64_t offset, std::uint64_t bytes, std::string& out) override {
        const auto before = out.size();
        out.resize(before + bytes);
        auto got = read_some(name, offset, out.data() + before, bytes);
        if (got && *got == bytes) return {};
        out.resize(before);
        if (!got) return fail(std::move(got.error()));
        return fail(Kind::corrupt, "Stored data is damaged.", cat(name, " is too short"));
    }

    Result<void> keep() override { return store_.holds_->keep(holder_, until_); }

  private:
    Result<std::size_t> read_some(const std::string& name, std::uint64_t offset, char* to, std::uint64_t bytes) {
        if (const auto lease = leases_.find(name); lease != leases_.end()) {
            return store_.segments_->read(*lease->second, offset, to, bytes);
        }
        if (name != open_name_) {
            const auto path = cat(store_.copying_directory(), "/", base_name(name));
            auto file = store_.files_.open(path, OpenMode::read);
            if (!file) return fail(std::move(file.error()));
            open_ = std::move(*file);
            open_name_ = name;
        }
        return open_->read_at(offset, to, bytes);
    }

    EmbeddedStore& store_;
    const std::string holder_;
    std::map<std::string, Lease> leases_;
    std::string open_name_;  // the file of the index that is being read
    std::unique_ptr<File> open_;
};

std::string EmbeddedStore::copying_directory() const { return cat(options_.directory, "/copying"); }

std::uint64_t EmbeddedStore::needed_from() const {
    const auto others = options_.needed_from ? options_.needed_from() : ~std::uint64_t{0};
    return std::min(others, holds_->needed_from());
}

Result<IndexState> EmbeddedStore::committed_state() const {
    auto bytes = index_->get(state_key());
    if (!bytes) return fail(std::move(bytes.error()));
    IndexState state;
    if (*bytes && !decode_state(**bytes, state)) {
        return fail(Kind::corrupt, "Stored data is damaged.", "the index's state can't be read");
    }
    return state;
}

Result<std::unique_ptr<Copy>> EmbeddedStore::start_copy(const CopyWish& wish) {
    const std::lock_guard lock(work_mutex_);
    if (wish.since && !holds_->covers(wish.holder, *wish.since)) return not_kept();
    if (copying_.exchange(true)) return fail(Kind::in_use, "Another backup is being made.");
    auto copy = std::make_unique<RunningCopy>(*this, wish.holder);
    IndexState from;
    if (wish.since) {
        from.stamp = *wish.since;
    } else {
        if (auto done = remove_tree(files_, copying_directory()); !done) return fail(done.error());
        auto linked = link_index(copying_directory());
        if (!linked) return fail(std::move(linked.error()));
        from = *linked;
        if (auto done = copy->add_index(); !done) return fail(done.error());
    }
    const auto index_ms = clock_.now_ms();
    auto state = committed_state();
    if (!state) return fail(std::move(state.error()));
    copy->reached(*state, index_ms, clock_.now_ms());

    const auto& start = from.stamp;
    const auto& until = copy->until();
    std::vector<Lease> behind;  // where records behind `start` may lie
    for (const auto& segment : segments_->all(SegmentKind::log)) {
        if (segment->id() > until.segment) break;
        const auto live = index_->live(segment->id());
        const bool has_mail = live.bytes > 0 || live.dead_since > start.position;
        if (segment->id() >= start.segment) behind.push_back(segment);
        if (segment->id() >= start.segment || (!wish.since && has_mail)) copy->add_segment(segment, wish);
    }
    if (wish.since && !follows(behind, start)) return not_kept();
    // Whatever the log up to `until` adopts was finished before it was committed, so it is below the segment's end by now.
    for (const auto& segment : segments_->all(SegmentKind::staging)) {
        const auto live = index_->live(segment->id());
        if (live.bytes > 0 || live.dead_since > start.position) copy->add_segment(segment, wish);
    }
    if (auto held = holds_->begin(wish.holder, wish.since ? &*wish.since : nullptr, until); !held) {
        return fail(std::move(held.error()));
    }
    return std::unique_ptr<Copy>(std::move(copy));
}

}  // namespace tayori::store

#include "spoold/store/past.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/store/embedded.h"
#include "spoold/store/format.h"
#include "spoold/store/segment_body.h"

namespace tayori::store {
namespace {

constexpr std::size_t kOpenSegmentsMax = 64;
constexpr std::uint64_t kRecordsBetweenLooks = 1024;  // at give_up

tl::unexpected<Error> damaged(std::string detail) {
    return fail(Kind::corrupt, "The backup is damaged.", std::move(detail));
}

class PastStore final : public Past {
  public:
    explicit PastStore(const PastWish& wish)
        : wish_(wish), segments_(*wish.log_files, wish.log_directory, 0, kOpenSegmentsMax) {}

    Result<void> open() {
        if (auto loaded = segments_.load(); !loaded) return loaded;
        Options options;
        auto index = Index::open(posix_files(), index_options(options, wish_.index_directory));
        if (!index) return fail(std::move(index.error()));
        index_ = std::move(*index);
        reached_ = index_->state().stamp;
        const auto segments = segments_.all(SegmentKind::log);
        for (std::size_t i = 0; i < segments.size() && !over_; ++i) {
            if (segments[i]->id() < reached_.segment) continue;
            if (auto done = replay(segments[i]); !done) return done;
        }
        if (!over_ && reached_.sequence < wish_.until.sequence) {
            return damaged(cat("the log ends with record ", reached_.sequence, ", not ", wish_.until.sequence));
        }
        if (reached_.sequence == wish_.until.sequence && reached_.checksum != wish_.until.checksum) {
            return damaged(cat("record ", reached_.sequence, " is another one"));
        }
        return {};
    }

    std::shared_ptr<const Snapshot> snapshot() const override { return make_snapshot(index_); }

    Result<std::shared_ptr<const BodyReader>> open_body(BodyId id) const override {
        auto entry = index_->body(static_cast<std::uint64_t>(id));
        if (!entry) return fail(std::move(entry.error()));
        if (!*entry) return fail(Kind::not_found, "No such message.");
        return reader_of((*entry)->place);
    }

    Result<void> visit_bodies(const std::function<bool(BodyId, const BodyReader&)>& see) const override {
        auto rows = index_->iterate(body_key(0), body_key(~std::uint64_t{0}));
        for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
            const auto id = BodyId{load_be64(rows->key().ToStringView().substr(2))};
            const auto entry = decode_body_entry(rows->value().ToStringView());
            if (!entry) return damaged(cat("the entry of body ", static_cast<std::uint64_t>(id)));
            auto reader = reader_of(entry->place);
            if (!reader) return fail(std::move(reader.error()));
            if (!see(id, **reader)) return {};
        }
        return rows->status().ok() ? Result<void>() : fail(index_error(rows->status()));
    }

    Result<void> flush() override { return index_->flush(true); }

  private:
    Result<std::shared_ptr<const BodyReader>> reader_of(const BodyPlace& place) const {
        auto reader = find_body_reader(segments_, place);
        if (!reader) return damaged(cat("segment ", place.segment, " is missing, and mail was in it"));
        return reader;
    }

    Result<void> replay(const Lease& segment) {
        const bool resumed = segment->id() == reached_.segment;
        SegmentReader reader(segments_, segment, resumed ? reached_.end : kSegmentHeaderBytes);
        if (!resumed && segment->header.first_sequence > reached_.sequence + 1) {
            return damaged(cat("records are missing before ", segment->path));
        }
        LogRecord record;
        while (reader.offset() < segment->end) {
            if (reached_.sequence >= wish_.until.sequence) return stop();
            const auto at = reader.offset();
            auto valid = reader.next(record);
            if (!valid) return fail(std::move(valid.error()));
            if (!*valid || record.header.sequence != reached_.sequence + 1 ||
                record.header.previous != reached_.checksum) {
                return damaged(cat("no valid record ", reached_.sequence + 1, " at ", segment->path, ":", at));
            }
            if (record.header.time_ms > wish_.moment_ms) return stop();
            if (auto applied = index_->apply(record, *segment); !applied) return applied;
            reached_ = index_->state().stamp;
            reached_ms_ = record.header.time_ms;
            if (++records_ % kRecordsBetweenLooks == 0 && wish_.give_up && wish_.give_up()) {
                return fail(Kind::closed, "Stopped.");
            }
        }
        return {};
    }
    Result<void> stop() {
        over_ = true;
        return {};
    }

    const PastWish wish_;
    mutable SegmentTable segments_;
    std::shared_ptr<Index> index_;
    bool over_ = false;  // the moment is reached
};

}  // namespace

Result<std::unique_ptr<Past>> open_past(const PastWish& wish) {
    auto past = std::make_unique<PastStore>(wish);
    if (auto opened = past->open(); !opened) return fail(std::move(opened.error()));
    return std::unique_ptr<Past>(std::move(past));
}

Result<void> end_log_at(Files& files, const std::string& store_directory, const Stamp& reached,
                        std::uint32_t format) {
    const auto directory = cat(store_directory, "/log");
    SegmentTable segments(files, directory, 0, kOpenSegmentsMax);
    if (auto loaded = segments.load(); !loaded) return loaded;
    for (const auto& segment : segments.all(SegmentKind::log)) {
        if (segment->id() > reached.segment) {
            if (auto removed = segments.remove_unleased(segment->id()); !removed) return removed;
        } else if (segment->id() == reached.segment) {
            segment->end = reached.end;
            if (auto trimmed = segments.trim(*segment); !trimmed) return trimmed;
        }
    }
    if (auto made = ensure_directory(files, cat(store_directory, "/checkpoints")); !made) return made;
    return write_format(files, store_directory, format);
}

}  // namespace tayori::store

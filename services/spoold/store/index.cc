#include "spoold/store/index.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstdarg>

#include "common/base/log.h"
#include "common/base/text.h"

namespace tayori::store {
namespace {

constexpr double kBloomBitsPerKey = 10;
constexpr std::size_t kIndexBlockBytes = 8 * 1024;
constexpr std::size_t kManifestBytesMax = 4 << 20;  // rewritten when longer
constexpr std::size_t kAppliedStepBytes = 256 * 1024;  // one entry of Index::applied_ per so many bytes of changes
constexpr std::size_t kCompactionReadBytes = 512 * 1024;
constexpr std::size_t kKindBytes = 2;  // of a key: they tell what it is for
constexpr int kStateVersion = 1;

// RocksDB counts every comparison for its thread, and nobody asks.
void count_nothing() { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

rocksdb::Options rocks_options(const IndexOptions& options, rocksdb::Env* env) {
    rocksdb::Options result;
    result.env = env;
    result.create_if_missing = true;
    result.atomic_flush = true;
    result.avoid_flush_during_shutdown = true;
    result.fail_if_options_file_error = false;
    result.write_buffer_size = options.memtable_bytes;
    result.max_write_buffer_number = options.memtables_max;
    result.max_open_files = options.open_files_max;
    result.max_background_jobs = 2;
    result.max_manifest_file_size = kManifestBytesMax;
    result.compaction_readahead_size = kCompactionReadBytes;
    result.memtable_whole_key_filtering = true;
    result.memtable_prefix_bloom_size_ratio = 0.02;
    result.allow_concurrent_memtable_write = false;  // there is one writer; so Hints work
    result.level_compaction_dynamic_level_bytes = true;
    result.compression = rocksdb::kLZ4Compression;
    result.stats_dump_period_sec = 0;
    result.stats_persist_period_sec = 0;
    result.max_bgerror_resume_count = 0;  // healthy() decides when to go on
    result.skip_stats_update_on_db_open = true;
    result.skip_checking_sst_file_sizes_on_db_open = true;

    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    table.block_size = kIndexBlockBytes;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
    // Index and filter blocks count in the cache, so that memory stays bounded however much is stored.
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.format_version = 5;
    result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return result;
}

}  // namespace

std::string encode(const IndexState& state) {
    std::string out;
    for (const std::uint64_t n :
         {static_cast<std::uint64_t>(kStateVersion), state.stamp.sequence,
          static_cast<std::uint64_t>(state.stamp.checksum), state.stamp.segment, state.stamp.end,
          state.stamp.position, state.next_body, state.next_segment, state.bodies, state.body_bytes}) {
        append_varint(out, n);
    }
    return out;
}

bool decode_state(std::string_view bytes, IndexState& state) {
    Decoder in(bytes);
    if (in.varint() != kStateVersion) return false;
    state.stamp.sequence = in.varint();
    state.stamp.checksum = static_cast<std::uint32_t>(in.varint());
    state.stamp.segment = in.varint();
    state.stamp.end = in.varint();
    state.stamp.position = in.varint();
    state.next_body = in.varint();
    state.next_segment = in.varint();
    state.bodies = in.varint();
    state.body_bytes = in.varint();
    return in.ok() && in.at_end();
}

Error index_error(const rocksdb::Status& status) {
    auto detail = cat("index: ", status.ToString());
    if (status.IsNoSpace()) return Error::make(Kind::no_space, "The disk is full.", std::move(detail));
    if (status.IsCorruption()) {
        return Error::make(Kind::corrupt, "Stored data is damaged.", std::move(detail));
    }
    return Error::make(Kind::busy, "The disk reports an error.", std::move(detail));
}

std::string body_key(std::uint64_t id) {
    std::string key("\0b", 2);
    append_be64(key, id);
    return key;
}
std::string segment_key(std::uint64_t id) {
    std::string key("\0s", 2);
    append_be64(key, id);
    return key;
}
std::string state_key() { return std::string("\0p", 2); }

std::string encode(const BodyEntry& entry) {
    std::string out;
    append_varint(out, entry.place.segment);
    append_varint(out, entry.place.offset);
    append_varint(out, entry.place.bytes);
    append_varint(out, entry.place.checksum);
    append_varint(out, entry.references);
    return out;
}

std::optional<BodyEntry> decode_body_entry(std::string_view bytes) {
    Decoder in(bytes);
    BodyEntry entry;
    entry.place.segment = in.varint();
    entry.place.offset = in.varint();
    entry.place.bytes = in.varint();
    entry.place.checksum = static_cast<std::uint32_t>(in.varint());
    entry.references = in.varint();
    if (!in.ok() || !in.at_end()) return std::nullopt;
    return entry;
}

// Hears from RocksDB what has reached the disk, and what failed in the background.
class Index::Watcher final : public rocksdb::EventListener {
  public:
    explicit Watcher(Index& index) : index_(index) {}
    void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) override {
        index_.note_flushed(info.largest_seqno);
    }
    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
        log_error("store: the index failed in the background", {{"detail", status->ToString()}});
        index_.background_full_ = status->IsNoSpace();
        index_.background_failed_ = true;
    }

  private:
    Index& index_;
};

// A group's keys come in their order, and most kinds of keys rise from group to group: where the last one of its kind went is
// near to where the next one goes. RocksDB keeps that place for each kind, and saves half of what an insertion costs.
//
// But not in a record that erases a range: such erasures go into a list of their own, and RocksDB would look for their places
// with hints of the other one, which ruins both.
class Index::Hints final : public rocksdb::SliceTransform {
  public:
    const char* Name() const override { return "tayori.kind"; }
    rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
        return {key.data(), std::min(key.size(), kKindBytes)};
    }
    bool InDomain(const rocksdb::Slice&) const override { return usable_; }
    void set_usable(bool usable) { usable_ = usable; }

  private:
    bool usable_ = true;  // the writer's thread asks, too
};

class Index::WarningLog final : public rocksdb::Logger {
  public:
    WarningLog() : Logger(rocksdb::WARN_LEVEL) {}
    using Logger::Logv;
    void Logv(const char* format, va_list arguments) override {
        char line[512];
        std::vsnprintf(line, sizeof line, format, arguments);
        log_debug("store: index", {{"detail", line}});
    }
};

Index::Index(Files& files)
    : env_(make_rocks_env(files)), watcher_(std::make_shared<Watcher>(*this)), hints_(std::make_shared<Hints>()) {}

Index::~Index() { db_.reset(); }

Result<std::shared_ptr<Index>> Index::open(Files& files, const IndexOptions& options) {
    std::shared_ptr<Index> index(new Index(files));
    auto rocks = rocks_options(options, index->env_.get());
    rocks.listeners.push_back(index->watcher_);
    rocks.memtable_insert_with_hint_prefix_extractor = index->hints_;
    rocks.info_log = std::make_shared<WarningLog>();
    rocksdb::DB* db = nullptr;
    const auto status = options.read_only ? rocksdb::DB::OpenForReadOnly(rocks, options.directory, &db)
                                          : rocksdb::DB::Open(rocks, options.directory, &db);
    if (!status.ok()) return fail(index_error(status));
    index->db_.reset(db);
    if (auto loaded = index->load_state(); !loaded) return fail(loaded.error());
    return index;
}

Result<void> Index::load_state() {
    auto bytes = get(state_key());
    if (!bytes) return fail(bytes.error());
    if (*bytes && !decode_state(**bytes, state_)) {
        return fail(Kind::corrupt, "Stored data is damaged.", "the index's state can't be read");
    }
    flushed_ = state_.stamp;
    opened_at_ = state_.stamp.position;
    return load_live_bytes();
}

Result<void> Index::load_live_bytes() {
    auto rows = iterate(segment_key(0), segment_key(~std::uint64_t{0}));
    for (rows->Seek(segment_key(0)); rows->Valid(); rows->Next()) {
        Decoder value(rows->value().ToStringView());
        live_[load_be64(rows->key().ToStringView().substr(2))].bytes = value.varint();
    }
    return rows->status().ok() ? Result<void>() : fail(index_error(rows->status()));
}

Index::Live Index::live(std::uint64_t segment) const {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(segment);
    return found == live_.end() ? Live{0, opened_at_} : found->second;
}

std::vector<std::uint64_t> Index::live_segments() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> result;
    for (const auto& [id, live] : live_) {
        if (live.bytes > 0) result.push_back(id);
    }
    return result;
}

void Index::apply_live(const std::map<std::uint64_t, std::int64_t>& changed) {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, difference] : changed) {
        auto& live = live_[id];
        live.bytes += static_cast<std::uint64_t>(difference);
        live.dead_since = state_.stamp.position;
        if (live.bytes == 0) {
            batch_.Delete(segment_key(id));
            continue;
        }
        std::string value;
        append_varint(value, live.bytes);
        batch_.Put(segment_key(id), value);
    }
}

Result<std::optional<std::string>> Index::get(std::string_view key, const rocksdb::Snapshot* at) const {
    count_nothing();
    rocksdb::ReadOptions options;
    options.snapshot = at;
    std::string value;
    const auto status = db_->Get(options, slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return fail(index_error(status));
    return std::optional<std::string>(std::move(value));
}

Result<std::optional<BodyEntry>> Index::body(std::uint64_t id, const rocksdb::Snapshot* at) const {
    auto bytes = get(body_key(id), at);
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return std::optional<BodyEntry>();
    auto entry = decode_body_entry(**bytes);
    if (!entry) return fail(Kind::corrupt, "Stored data is damaged.", cat("entry of body ", id));
    return entry;
}

namespace {

// Keeps the upper bound alive, which RocksDB only points to.
class BoundedIterator final : public rocksdb::Iterator {
  public:
    BoundedIterator(rocksdb::DB& db, std::string_view from, std::string_view to,
                    const rocksdb::Snapshot* at)
        : from_(from), to_(to), from_slice_(from_), to_slice_(to_) {
        rocksdb::ReadOptions options;
        options.snapshot = at;
        options.iterate_lower_bound = &from_slice_;
        options.iterate_upper_bound = &to_slice_;
        inner_.reset(db.NewIterator(options));
    }
    bool Valid() const override { return inner_->Valid(); }
    void SeekToFirst() override { inner_->SeekToFirst(); }
    void SeekToLast() override { inner_->SeekToLast(); }
    void Seek(const rocksdb::Slice& target) override { inner_->Seek(target); }
    void SeekForPrev(const rocksdb::Slice& target) override { inner_->SeekForPrev(target); }
    void Next() override { inner_->Next(); }
    void Prev() override { inner_->Prev(); }
    rocksdb::Slice key() const override { return inner_->key(); }
    rocksdb::Slice value() const override { return inner_->value(); }
    rocksdb::Status status() const override { return inner_->status(); }

  private:
    const std::string from_;
    const std::string to_;
    const rocksdb::Slice from_slice_;
    const rocksdb::Slice to_slice_;
    std::unique_ptr<rocksdb::Iterator> inner_;
};

}  // namespace

std::unique_ptr<rocksdb::Iterator> Index::iterate(std::string_view from, std::string_view to,
                                                  const rocksdb::Snapshot* at) const {
    return std::make_unique<BoundedIterator>(*db_, from, to, at);
}

void Index::apply_change(const Change& change, std::uint64_t& body_offset, const Segment& segment,
                         std::map<std::uint64_t, std::int64_t>& live) {
    const auto bytes = static_cast<std::int64_t>(change.body.place.bytes);
    auto entry = change.body;
    switch (change.type) {
        case Change::Type::put: batch_.Put(slice(change.key), slice(change.value)); return;
        case Change::Type::erase: batch_.Delete(slice(change.key)); return;
        case Change::Type::erase_range:
            hints_->set_usable(false);
            batch_.DeleteRange(slice(change.key), slice(change.value));
            return;
        case Change::Type::body:
            entry.place.segment = segment.id();
            entry.place.offset = body_offset;
            body_offset += change.body.place.bytes;
            batch_.Put(body_key(change.id), encode(entry));
            live[segment.id()] += bytes;
            if (change.moved_from != 0) {
                live[change.moved_from] -= bytes;
                return;
            }
            break;
        case Change::Type::adopt:
            batch_.Put(body_key(change.id), encode(entry));
            live[entry.place.segment] += bytes;
            state_.next_segment = std::max(state_.next_segment, entry.place.segment + 1);
            break;
        case Change::Type::references: batch_.Put(body_key(change.id), encode(entry)); return;
        case Change::Type::gone:
            batch_.Delete(body_key(change.id));
            live[entry.place.segment] -= bytes;
            --state_.bodies;
            state_.body_bytes -= change.body.place.bytes;
            return;
    }
    state_.next_body = std::max(state_.next_body, change.id + 1);
    ++state_.bodies;
    state_.body_bytes += change.body.place.bytes;
}

Result<void> Index::apply(const LogRecord& record, const Segment& segment) {
    batch_.Clear();
    hints_->set_usable(true);
    std::map<std::uint64_t, std::int64_t> live;
    auto body_offset = record.bodies_offset();
    ChangeReader changes(record.changes);
    Change change;
    while (changes.next(change)) apply_change(change, body_offset, segment, live);
    if (!changes.ok()) {
        return fail(Kind::corrupt, "Stored data is damaged.",
                    cat("record ", record.header.sequence, " has an unknown change"));
    }
    state_.next_segment = std::max(state_.next_segment, segment.id() + 1);
    state_.stamp = {record.header.sequence, record.checksum, segment.id(), record.end(),
                    segment.header.position + record.end()};
    apply_live(live);
    batch_.Put(state_key(), encode(state_));

    count_nothing();
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const auto status = db_->Write(options, &batch_);
    if (!status.ok()) return fail(index_error(status));
    note_applied(record.changes.size());
    return {};
}

void Index::note_applied(std::uint64_t changes_bytes) {
    const Applied now{db_->GetLatestSequenceNumber(), state_.stamp, changes_bytes};
    const std::lock_guard lock(mutex_);
    unflushed_bytes_ += changes_bytes;
    if (!applied_.empty() && applied_.back().changes_bytes + changes_bytes < kAppliedStepBytes &&
        applied_.size() > 1) {
        // Coarser is safe only towards the past: an entry may be replaced by a later one, which is then reported
        // as flushed later than it is.
        const auto sum = applied_.back().changes_bytes + changes_bytes;
        applied_.back() = now;
        applied_.back().changes_bytes = sum;
        return;
    }
    applied_.push_back(now);
}

void Index::note_flushed(std::uint64_t rocks_sequence) {
    const std::lock_guard lock(mutex_);
    std::size_t done = 0;
    while (done < applied_.size() && applied_[done].rocks_sequence <= rocks_sequence) {
        flushed_ = applied_[done].stamp;
        unflushed_bytes_ -= applied_[done].changes_bytes;
        ++done;
    }
    applied_.erase(applied_.begin(), applied_.begin() + static_cast<std::ptrdiff_t>(done));
}

Stamp Index::flushed() const {
    const std::lock_guard lock(mutex_);
    return flushed_;
}

Result<void> Index::flush(bool wait) {
    rocksdb::FlushOptions options;
    options.wait = wait;
    options.allow_write_stall = true;
    const auto status = db_->Flush(options);
    return status.ok() ? Result<void>() : fail(index_error(status));
}

Result<void> Index::healthy() {
    if (!background_failed_) return {};
    const auto status = db_->Resume();
    if (!status.ok() && background_full_) {
        return fail(Kind::no_space, "The disk is full.", cat("index: ", status.ToString()));
    }
    if (!status.ok()) return fail(index_error(status));
    background_failed_ = false;
    return {};
}

}  // namespace tayori::store

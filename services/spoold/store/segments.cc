#include "spoold/store/segments.h"

#include <algorithm>
#include <charconv>
#include <random>

#include "common/base/log.h"
#include "common/base/text.h"

namespace tayori::store {
namespace {

constexpr std::string_view kLogSuffix = ".log";
constexpr std::string_view kStagingSuffix = ".staged";
constexpr std::string_view kReserveName = "reserve";
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kEmptyProbeBytes = 64 * 1024;

// The number in a segment's name, or 0.
std::uint64_t id_of(std::string_view name, SegmentKind& kind) {
    if (name.ends_with(kLogSuffix)) {
        kind = SegmentKind::log;
        name.remove_suffix(kLogSuffix.size());
    } else if (name.ends_with(kStagingSuffix)) {
        kind = SegmentKind::staging;
        name.remove_suffix(kStagingSuffix.size());
    } else {
        return 0;
    }
    std::uint64_t id = 0;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), id);
    return code == std::errc() && end == name.data() + name.size() ? id : 0;
}

}  // namespace

std::uint64_t random_number() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
}

SegmentTable::SegmentTable(Files& files, std::string directory, std::uint64_t segment_bytes,
                           std::size_t open_files_max)
    : files_(files),
      directory_(std::move(directory)),
      segment_bytes_(segment_bytes),
      open_files_max_(open_files_max) {}

std::string SegmentTable::path_of(std::uint64_t id, SegmentKind kind) const {
    auto digits = std::to_string(id);
    if (digits.size() < kIdDigits) digits.insert(0, kIdDigits - digits.size(), '0');
    return cat(directory_, "/", digits, kind == SegmentKind::log ? kLogSuffix : kStagingSuffix);
}

std::string SegmentTable::reserve_path() const { return cat(directory_, "/", kReserveName); }

Result<void> SegmentTable::load() {
    auto names = files_.list(directory_);
    if (!names) return fail(names.error());
    std::map<std::uint64_t, std::string> found;
    std::uint64_t last_log = 0;
    for (auto& name : *names) {
        SegmentKind kind;
        const auto id = id_of(name, kind);
        if (id == 0) continue;
        if (kind == SegmentKind::log) last_log = std::max(last_log, id);
        found[id] = std::move(name);
    }
    for (const auto& [id, name] : found) {
        next_id_ = id + 1;
        if (auto done = load_one(name, id == last_log); !done) return done;
    }
    // Where a log segment ends follows from where the next one begins.
    Lease before;
    for (const auto& segment : all(SegmentKind::log)) {
        if (before) {
            if (segment->header.position < before->header.position) {
                return corrupt(cat(segment->path, " begins before ", before->path));
            }
            // Not longer than the file: a segment that stood between the two may have been removed.
            before->end = std::min<std::uint64_t>(before->end,
                                                  segment->header.position - before->header.position);
            before->sealed = true;
        }
        before = segment;
    }
    return {};
}

Result<void> SegmentTable::load_one(const std::string& name, bool last_log) {
    SegmentKind kind;
    const auto id = id_of(name, kind);
    const auto path = cat(directory_, "/", name);
    auto file = files_.open(path, OpenMode::read);
    if (!file) return fail(file.error());
    std::string start(kEmptyProbeBytes, '\0');
    auto got = (*file)->read_at(0, start.data(), kSegmentHeaderBytes);
    if (!got) return fail(got.error());
    bool newer = false;
    auto header = decode_segment_header(std::string_view(start).substr(0, *got), &newer);
    if (newer) {
        return fail(Kind::unsupported, "The store was written by a newer version.",
                    cat(path, " has a newer format"));
    }
    if (!header || header->segment != id || header->kind != kind) {
        // The header is synced before the first record or upload is written: a file without one, and with nothing
        // behind it, was cut short while it was made. Anything else has been damaged since.
        auto rest = (*file)->read_at(kSegmentHeaderBytes, start.data(), start.size());
        if (!rest) return fail(rest.error());
        const bool empty = start.find_first_not_of('\0') >= *rest;
        if ((last_log || kind == SegmentKind::staging) && empty) {
            log_info("store: an unfinished segment is removed", {{"file", path}});
            return files_.remove(path);
        }
        return corrupt(cat(path, " has a damaged header"));
    }
    auto size = (*file)->size();
    if (!size) return fail(size.error());
    auto segment = std::make_shared<Segment>();
    segment->header = *header;
    segment->path = path;
    segment->end = *size;
    segment->sealed = kind == SegmentKind::staging;
    const std::lock_guard lock(mutex_);
    segments_[id] = std::move(segment);
    return {};
}

Result<std::unique_ptr<File>> SegmentTable::allocate(const std::string& path, const New& wanted) {
    auto reserved = [&](std::unique_ptr<File> file) -> Result<std::unique_ptr<File>> {
        const auto room = wanted.kind == SegmentKind::log ? std::max(segment_bytes_, wanted.room) : wanted.room;
        if (room == 0) return file;
        if (auto done = file->preallocate(room); !done) return fail(done.error());
        return file;
    };
    auto file = files_.open(path, OpenMode::create);
    if (file) file = reserved(std::move(*file));
    if (file || file.error().kind != Kind::no_space || wanted.kind != SegmentKind::log) return file;
    // A full disk: deletes and compaction, which make room, live on the reserve.
    (void)files_.remove(path);
    if (auto renamed = files_.rename(reserve_path(), path); !renamed) return file;
    log_warn("store: the disk is full, the reserved segment is taken into use", {{"file", path}});
    auto taken = files_.open(path, OpenMode::write);
    if (!taken) return taken;
    return reserved(std::move(*taken));
}

Result<Lease> SegmentTable::create(const New& wanted, std::unique_ptr<File>& file) {
    auto segment = std::make_shared<Segment>();
    {
        const std::lock_guard lock(mutex_);
        segment->header.segment = next_id_++;
    }
    segment->header.kind = wanted.kind;
    segment->header.first_sequence = wanted.first_sequence;
    segment->header.position = wanted.position;
    segment->header.previous = wanted.previous;
    segment->header.salt = random_number();
    segment->header.created_ms = wanted.now_ms;
    segment->path = path_of(segment->id(), wanted.kind);
    segment->end = kSegmentHeaderBytes;

    auto opened = allocate(segment->path, wanted);
    if (!opened) return fail(opened.error());
    auto ready = (*opened)->write_at(0, encode(segment->header));
    if (ready) ready = (*opened)->sync();
    if (ready) ready = files_.sync_directory(directory_);
    if (!ready) {
        (void)files_.remove(segment->path);
        return fail(ready.error());
    }
    file = std::move(*opened);
    const std::lock_guard lock(mutex_);
    segments_[segment->id()] = segment;
    return segment;
}

Lease SegmentTable::find(std::uint64_t id) const {
    const std::lock_guard lock(mutex_);
    const auto found = segments_.find(id);
    return found == segments_.end() ? nullptr : found->second;
}

std::vector<Lease> SegmentTable::all(SegmentKind kind) const {
    const std::lock_guard lock(mutex_);
    std::vector<Lease> result;
    for (const auto& [id, segment] : segments_) {
        if (segment->header.kind == kind) result.push_back(segment);
    }
    return result;
}

Result<bool> SegmentTable::remove(Lease lease) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = segments_.find(lease->id());
        // Two owners: this table and the caller. A third one reads it.
        if (found == segments_.end() || lease.use_count() != 2) return false;
        segments_.erase(found);
    }
    forget_handle(lease->id());
    if (auto removed = files_.remove(lease->path); !removed) return fail(removed.error());
    return true;
}

Result<void> SegmentTable::remove_unleased(std::uint64_t id) {
    std::string path;
    {
        const std::lock_guard lock(mutex_);
        const auto found = segments_.find(id);
        if (found == segments_.end()) return {};
        path = found->second->path;
        segments_.erase(found);
    }
    forget_handle(id);
    if (auto removed = files_.remove(path); !removed) return removed;
    return files_.sync_directory(directory_);
}

Result<std::unique_ptr<File>> SegmentTable::open_for_append(const Segment& segment) {
    auto file = files_.open(segment.path, OpenMode::write);
    if (!file) return file;
    if (auto done = (*file)->preallocate(segment_bytes_); !done) return fail(done.error());
    return file;
}

Result<std::shared_ptr<File>> SegmentTable::handle(const Segment& segment) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = handles_.find(segment.id()); found != handles_.end()) {
            recently_used_.splice(recently_used_.begin(), recently_used_, found->second.used);
            return found->second.file;
        }
    }
    auto opened = files_.open(segment.path, OpenMode::read);
    if (!opened) return fail(opened.error());
    std::shared_ptr<File> file = std::move(*opened);
    const std::lock_guard lock(mutex_);
    if (!segments_.contains(segment.id()) || handles_.contains(segment.id())) return file;
    recently_used_.push_front(segment.id());
    handles_[segment.id()] = {file, recently_used_.begin()};
    if (handles_.size() > open_files_max_) {
        handles_.erase(recently_used_.back());
        recently_used_.pop_back();
    }
    return file;
}

void SegmentTable::forget_handle(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = handles_.find(id);
    if (found == handles_.end()) return;
    recently_used_.erase(found->second.used);
    handles_.erase(found);
}

Result<std::size_t> SegmentTable::read(const Segment& segment, std::uint64_t offset, char* to,
                                       std::size_t bytes) {
    auto file = handle(segment);
    if (!file) return fail(file.error());
    return (*file)->read_at(offset, to, bytes);
}

Result<std::uint64_t> SegmentTable::file_bytes(const Segment& segment) {
    auto info = files_.info(segment.path);
    if (!info) return fail(info.error());
    return info->bytes;
}

Result<void> SegmentTable::trim(const Segment& segment) {
    auto bytes = file_bytes(segment);
    if (!bytes) return fail(bytes.error());
    const auto end = std::max<std::uint64_t>(segment.end, kSegmentHeaderBytes);
    if (*bytes <= end) return {};
    auto file = files_.open(segment.path, OpenMode::write);
    if (!file) return fail(file.error());
    if (auto done = (*file)->resize(end); !done) return done;
    return (*file)->sync();
}

void SegmentTable::never_below(std::uint64_t next_id) {
    const std::lock_guard lock(mutex_);
    next_id_ = std::max(next_id_, next_id);
}

std::uint64_t SegmentTable::next_id() const {
    const std::lock_guard lock(mutex_);
    return next_id_;
}

bool SegmentTable::has_reserve() { return files_.info(reserve_path()).has_value(); }

Result<void> SegmentTable::keep_reserve() {
    if (has_reserve()) return {};
    const auto path = cat(directory_, "/", kReserveName, ".new");
    auto file = files_.open(path, OpenMode::replace);
    if (!file) return fail(file.error());
    auto done = (*file)->preallocate(segment_bytes_);
    if (done) done = (*file)->sync();
    if (done) done = files_.rename(path, reserve_path());
    if (!done) {
        (void)files_.remove(path);
        return done;
    }
    return files_.sync_directory(directory_);
}

}  // namespace tayori::store

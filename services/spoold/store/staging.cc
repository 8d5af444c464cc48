#include "spoold/store/staging.h"

#include <algorithm>

#include "common/base/log.h"
#include "spoold/store/checksum.h"

namespace tayori::store {
namespace {

// Upload ids are not reused across restarts: a random start, far from any other's.
constexpr unsigned kIdCounterBits = 24;

tl::unexpected<Error> unknown_upload() { return fail(Kind::not_found, "The upload has expired."); }

}  // namespace

// A staging segment that is open for writing, by one upload at a time.
struct UploadArea::Writer {
    Lease segment;
    std::unique_ptr<File> file;
    bool failed = false;  // a write or sync failed: nothing more goes in here
};

struct UploadArea::Upload {
    enum class State { open, finished, taken, failed } state = State::open;
    Lease segment;                   // kept until the upload is a body, or gone
    std::shared_ptr<Writer> writer;  // only while open
    std::uint64_t offset = 0;        // of its first byte
    std::uint64_t bytes = 0;
    std::uint32_t checksum = 0;
    std::int64_t touched_ms = 0;
};

UploadArea::UploadArea(SegmentTable& segments, const Clock& clock, StagingLimits limits,
                       std::function<bool()> has_space)
    : segments_(segments),
      clock_(clock),
      limits_(limits),
      has_space_(std::move(has_space)),
      next_((random_number() >> 1 >> kIdCounterBits << kIdCounterBits) + 1) {}

UploadArea::~UploadArea() = default;

Result<UploadArea::UploadPtr> UploadArea::find(UploadId id) const {
    const std::lock_guard lock(mutex_);
    const auto found = uploads_.find(static_cast<std::uint64_t>(id));
    if (found == uploads_.end()) return unknown_upload();
    return found->second;
}

Result<std::shared_ptr<UploadArea::Writer>> UploadArea::free_segment() {
    {
        const std::lock_guard lock(mutex_);
        if (!free_.empty()) {
            auto writer = std::move(free_.back());
            free_.pop_back();
            return writer;
        }
    }
    SegmentTable::New wanted;
    wanted.kind = SegmentKind::staging;
    wanted.now_ms = clock_.now_ms();
    auto writer = std::make_shared<Writer>();
    auto created = segments_.create(wanted, writer->file);
    if (!created) return fail(created.error());
    writer->segment = *created;
    return writer;
}

Result<UploadId> UploadArea::begin() {
    if (!has_space_()) return fail(Kind::no_space, "The disk is full.");
    expire();
    {
        const std::lock_guard lock(mutex_);
        if (uploads_.size() >= limits_.uploads_max) return fail(Kind::busy, "Too many uploads.");
    }
    auto writer = free_segment();
    if (!writer) return fail(writer.error());
    auto upload = std::make_shared<Upload>();
    upload->segment = (*writer)->segment;
    upload->offset = align_record(upload->segment->end) + kUploadHeaderBytes;
    upload->writer = std::move(*writer);
    upload->touched_ms = clock_.now_ms();
    const std::lock_guard lock(mutex_);
    const auto id = next_++;
    uploads_[id] = std::move(upload);
    return UploadId{id};
}

Result<void> UploadArea::append(UploadId id, std::string_view bytes) {
    auto found = find(id);
    if (!found) return fail(found.error());
    auto& upload = **found;
    std::shared_ptr<Writer> writer;
    {
        const std::lock_guard lock(mutex_);
        if (upload.state != Upload::State::open) return unknown_upload();
        upload.touched_ms = clock_.now_ms();
        writer = upload.writer;
    }
    if (upload.bytes + bytes.size() > limits_.upload_bytes_max) {
        return fail(Kind::too_big, "The message is too large.");
    }
    if (!has_space_()) return fail(Kind::no_space, "The disk is full.");
    auto written = writer->file->write_at(upload.offset + upload.bytes, bytes);
    if (!written) {
        // What was written can be written again at the same place, if there is space later.
        if (written.error().kind != Kind::no_space) writer->failed = true;
        return written;
    }
    upload.checksum = crc32c(bytes, upload.checksum);
    upload.bytes += bytes.size();
    return {};
}

Result<std::uint64_t> UploadArea::finish(UploadId id) {
    auto found = find(id);
    if (!found) return fail(found.error());
    auto& upload = **found;
    std::shared_ptr<Writer> writer;
    {
        const std::lock_guard lock(mutex_);
        if (upload.state != Upload::State::open) return unknown_upload();
        writer = upload.writer;
    }
    const auto header = encode(UploadHeader{upload.segment->id(), upload.bytes, upload.checksum},
                               upload.segment->header.salt);
    auto done = writer->failed ? Result<void>(fail(Kind::busy, "The disk reports an error."))
                               : writer->file->write_at(upload.offset - kUploadHeaderBytes, header);
    if (done) done = writer->file->sync();
    const std::lock_guard lock(mutex_);
    if (!done) {
        // After a failed sync nothing in this segment that is not synced yet may be trusted (and what was adopted
        // from it before was synced then).
        writer->failed = true;
        upload.state = Upload::State::failed;
        end(upload);
        return fail(done.error());
    }
    upload.state = Upload::State::finished;
    upload.touched_ms = clock_.now_ms();
    end(upload);
    return upload.bytes;
}

// The upload writes no more: its segment is free for the next one, or sealed. Under mutex_.
void UploadArea::end(Upload& upload) {
    const auto writer = std::exchange(upload.writer, nullptr);
    if (!writer) return;
    auto& segment = *writer->segment;
    // What was abandoned leaves its place to the next upload.
    segment.end = upload.state == Upload::State::finished ? upload.offset + upload.bytes
                                                          : upload.offset - kUploadHeaderBytes;
    if (writer->failed || segment.end >= limits_.segment_bytes) {
        segment.sealed = true;
        return;
    }
    free_.push_back(writer);
}

Result<void> UploadArea::read(UploadId id, std::uint64_t offset, std::uint64_t bytes, std::string& out) {
    auto found = find(id);
    if (!found) return fail(found.error());
    const auto& upload = **found;
    if (offset >= upload.bytes) return {};
    const auto wanted = std::min(bytes, upload.bytes - offset);
    const auto before = out.size();
    out.resize(before + wanted);
    auto got = segments_.read(*upload.segment, upload.offset + offset, out.data() + before, wanted);
    if (!got || *got < wanted) {
        out.resize(before);
        return got ? fail(Kind::corrupt, "Stored data is damaged.", "an upload is shorter than written")
                   : fail(got.error());
    }
    return {};
}

void UploadArea::abandon(UploadId id) {
    const std::lock_guard lock(mutex_);
    const auto found = uploads_.find(static_cast<std::uint64_t>(id));
    if (found == uploads_.end() || found->second->state == Upload::State::taken) return;
    auto& upload = *found->second;
    upload.state = Upload::State::failed;
    end(upload);
    uploads_.erase(found);
}

Result<BodyPlace> UploadArea::take(UploadId id) {
    const std::lock_guard lock(mutex_);
    const auto found = uploads_.find(static_cast<std::uint64_t>(id));
    if (found == uploads_.end() || found->second->state != Upload::State::finished) return unknown_upload();
    auto& upload = *found->second;
    upload.state = Upload::State::taken;
    return BodyPlace{upload.segment->id(), upload.offset, upload.bytes, upload.checksum};
}

void UploadArea::give_back(UploadId id) {
    const std::lock_guard lock(mutex_);
    const auto found = uploads_.find(static_cast<std::uint64_t>(id));
    if (found != uploads_.end()) found->second->state = Upload::State::finished;
}

void UploadArea::committed(UploadId id) {
    const std::lock_guard lock(mutex_);
    uploads_.erase(static_cast<std::uint64_t>(id));
}

std::size_t UploadArea::expire() {
    const auto now = clock_.now_ms();
    const std::lock_guard lock(mutex_);
    std::size_t dropped = 0;
    for (auto at = uploads_.begin(); at != uploads_.end();) {
        auto& upload = *at->second;
        // The map and nobody else holds it: no append or read is under way.
        if (upload.state == Upload::State::taken || now - upload.touched_ms < limits_.expires_ms ||
            at->second.use_count() > 1) {
            ++at;
            continue;
        }
        end(upload);
        uploads_.erase(at++);
        ++dropped;
    }
    if (dropped > 0) log_info("store: uploads that nobody adopted have expired", {{"uploads", dropped}});
    return dropped;
}

std::size_t UploadArea::open_uploads() const {
    const std::lock_guard lock(mutex_);
    return uploads_.size();
}

}  // namespace tayori::store

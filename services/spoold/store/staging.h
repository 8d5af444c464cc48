// Uploads: large bodies that arrive in pieces, in segments of their own, before the commit that names them.
//
// One upload at a time writes to one staging segment, so a body lies in one piece; an upload that ends gives its
// segment back for the next. finish() syncs, on the caller's thread. What was not adopted when the process ends is
// gone: at start every staging segment is sealed, and those without live bodies are removed.
//
// Thread-safe; calls for one upload must not overlap.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <mutex>

#include "common/base/clock.h"
#include "spoold/store/segments.h"

namespace tayori::store {

struct StagingLimits {
    std::uint64_t segment_bytes = 0;
    std::uint64_t upload_bytes_max = 0;
    std::size_t uploads_max = 0;
    std::int64_t expires_ms = 0;
};

class UploadArea final : public Staging {
  public:
    UploadArea(SegmentTable& segments, const Clock& clock, StagingLimits limits,
               std::function<bool()> has_space);
    ~UploadArea() override;

    Result<UploadId> begin() override;
    Result<void> append(UploadId upload, std::string_view bytes) override;
    Result<std::uint64_t> finish(UploadId upload) override;
    Result<void> read(UploadId upload, std::uint64_t offset, std::uint64_t bytes, std::string& out) override;
    void abandon(UploadId upload) override;

    // For the committer: takes a finished upload out, until it is committed or given back.
    Result<BodyPlace> take(UploadId upload);
    void give_back(UploadId upload);
    void committed(UploadId upload);

    // Drops what is older than expires_ms; returns how many.
    std::size_t expire();
    std::size_t open_uploads() const;

  private:
    struct Writer;
    struct Upload;
    using UploadPtr = std::shared_ptr<Upload>;
    Result<UploadPtr> find(UploadId id) const;
    Result<std::shared_ptr<Writer>> free_segment();
    void end(Upload& upload);

    SegmentTable& segments_;
    const Clock& clock_;
    const StagingLimits limits_;
    std::function<bool()> has_space_;

    mutable std::mutex mutex_;
    absl::flat_hash_map<std::uint64_t, UploadPtr> uploads_;
    std::vector<std::shared_ptr<Writer>> free_;  // segments that nobody writes to, with room
    std::uint64_t next_;
};

}  // namespace tayori::store

#include "spoold/store/segment_body.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/store/checksum.h"

namespace tayori::store {
namespace {

constexpr std::size_t kVerifyPieceBytes = 1 << 20;

class SegmentBodyReader final : public BodyReader {
  public:
    SegmentBodyReader(SegmentTable& segments, Lease segment, const BodyPlace& place)
        : segments_(segments), segment_(std::move(segment)), place_(place) {}

    std::uint64_t size() const override { return place_.bytes; }

    Result<void> read(std::uint64_t offset, std::uint64_t bytes, std::string& out) const override {
        if (offset >= place_.bytes) return {};
        const auto wanted = std::min(bytes, place_.bytes - offset);
        const auto before = out.size();
        out.resize(before + wanted);
        auto got = segments_.read(*segment_, place_.offset + offset, out.data() + before, wanted);
        if (got && *got == wanted) return {};
        out.resize(before);
        if (!got) return fail(got.error());
        return fail(Kind::corrupt, "Stored data is damaged.", cat(segment_->path, " is too short"));
    }

    Result<void> verify() const override {
        std::uint32_t checksum = 0;
        std::string piece;
        for (std::uint64_t at = 0; at < place_.bytes; at += piece.size()) {
            piece.clear();
            if (auto done = read(at, kVerifyPieceBytes, piece); !done) return done;
            checksum = crc32c(piece, checksum);
        }
        if (checksum == place_.checksum) return {};
        return fail(Kind::corrupt, "Stored data is damaged.",
                    cat("a body at ", segment_->path, ":", place_.offset, " has another checksum"));
    }

  private:
    SegmentTable& segments_;
    const Lease segment_;
    const BodyPlace place_;
};

// Has its place in a segment, but not a byte there: so that segment may have gone.
class EmptyBodyReader final : public BodyReader {
  public:
    std::uint64_t size() const override { return 0; }
    Result<void> read(std::uint64_t, std::uint64_t, std::string&) const override { return {}; }
    Result<void> verify() const override { return {}; }
};

}  // namespace

std::shared_ptr<const BodyReader> find_body_reader(SegmentTable& segments, const BodyPlace& place) {
    if (place.bytes == 0) return std::make_shared<EmptyBodyReader>();
    auto segment = segments.find(place.segment);
    if (!segment) return nullptr;
    return std::make_shared<SegmentBodyReader>(segments, std::move(segment), place);
}

}  // namespace tayori::store

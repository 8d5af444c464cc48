#include "common/legacy/live/link.h"

#include <algorithm>

namespace tayori::legacy {

tl::unexpected<Error> fail_nonsense(std::string detail) {
    return fail(Kind::corrupt, "The server's answer makes no sense.", std::move(detail));
}

bool ends_session(const Error& error) {
    return error.kind == Kind::closed || error.kind == Kind::corrupt || error.kind == Kind::too_big;
}

Result<void> LinkReader::more() {
    if (from_ > 0) {
        buffer_.erase(0, from_);
        from_ = 0;
    }
    auto bytes = link_.receive();
    if (!bytes) return fail(std::move(bytes.error()));
    buffer_ += *bytes;
    return {};
}

Result<std::string> LinkReader::line(std::size_t bytes_max) {
    std::size_t looked_at = 0;
    for (;;) {
        const auto end = buffer_.find('\n', from_ + looked_at);
        looked_at = buffer_.size() - from_;
        if ((end == std::string::npos ? looked_at : end - from_) > bytes_max)
            return fail_nonsense("a line is too long");
        if (end != std::string::npos) {
            const bool with_cr = end > from_ && buffer_[end - 1] == '\r';
            auto line = buffer_.substr(from_, end - from_ - (with_cr ? 1 : 0));
            from_ = end + 1;
            return line;
        }
        if (auto got = more(); !got) return fail(std::move(got.error()));
    }
}

Result<std::string> LinkReader::exactly(std::uint64_t bytes) {
    std::string out;
    while (out.size() < bytes) {
        if (from_ == buffer_.size()) {
            if (auto got = more(); !got) return fail(std::move(got.error()));
        }
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(bytes - out.size(), buffer_.size() - from_));
        out.append(buffer_, from_, part);
        from_ += part;
    }
    return out;
}

}  // namespace tayori::legacy

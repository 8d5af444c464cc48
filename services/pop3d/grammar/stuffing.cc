#include "pop3d/grammar/stuffing.h"

#include <cstring>

namespace tayori::pop3 {

void DotStuffer::feed(std::string_view bytes, std::string& out) {
    if (bytes.empty()) return;
    if (last_ == '\n' && bytes[0] == '.') out += '.';
    std::size_t from = 0;
    for (;;) {
        const auto at = bytes.find("\n.", from);
        if (at == std::string_view::npos) break;
        out.append(bytes.substr(from, at + 1 - from));
        out += '.';
        from = at + 1;
    }
    out.append(bytes.substr(from));
    before_last_ = bytes.size() > 1 ? bytes[bytes.size() - 2] : last_;
    last_ = bytes.back();
}

void DotStuffer::finish(std::string& out) {
    if (last_ != '\n' || before_last_ != '\r') out += "\r\n";
    out += ".\r\n";
}

std::string_view TopCutter::take(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && !done_) {
        if (in_body_ && lines_left_ == 0) {
            done_ = true;
            break;
        }
        const auto* from = bytes.data() + used;
        const auto* lf = static_cast<const char*>(std::memchr(from, '\n', bytes.size() - used));
        const auto* end = lf != nullptr ? lf : bytes.data() + bytes.size();
        for (const auto* c = from; line_is_empty_ && c != end; ++c) line_is_empty_ = *c == '\r';
        used = static_cast<std::size_t>(end - bytes.data());
        if (lf == nullptr) break;
        ++used;
        if (in_body_) --lines_left_;
        else if (line_is_empty_) in_body_ = true;
        line_is_empty_ = true;
    }
    if (in_body_ && lines_left_ == 0) done_ = true;
    return bytes.substr(0, used);
}

}  // namespace tayori::pop3

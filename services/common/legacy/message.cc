// read_message(): from the bytes of a file to a message.
#include <algorithm>

#include "common/legacy/mail_head.h"
#include "common/legacy/mbox/unwrap.h"
#include "common/legacy/source.h"

namespace tayori::legacy {
namespace {

constexpr std::size_t kLineBytesUsual = 32;  // shorter ones on average cost another allocation

// Bare LF becomes CRLF. A bare CR stays: it is nobody's line end in these spools.
std::string with_crlf(std::string bytes) {
    std::string out;
    std::size_t from = 0;
    for (auto at = bytes.find('\n'); at != std::string::npos; at = bytes.find('\n', at + 1)) {
        if (at > 0 && bytes[at - 1] == '\r') continue;
        if (from == 0) out.reserve(bytes.size() + bytes.size() / kLineBytesUsual + 1);
        out.append(bytes, from, at - from);
        out += "\r\n";
        from = at + 1;
    }
    if (from == 0) return bytes;
    out.append(bytes, from);
    return out;
}

// Without the final "." and the first dot of every line that starts with one. What is not stuffed
// throughout stays.
std::string without_dots(std::string bytes) {
    if (!is_dot_stuffed(bytes)) return bytes;
    bytes.resize(bytes.rfind('.'));
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t from = 0; from < bytes.size();) {
        const auto end = std::min(bytes.find('\n', from), bytes.size() - 1) + 1;
        const std::size_t skip = bytes[from] == '.' ? 1 : 0;
        out.append(bytes, from + skip, end - from - skip);
        from = end;
    }
    return out;
}

}  // namespace

Result<std::string> read_message(const Tree& tree, const Mail& mail, std::uint64_t bytes_max) {
    if (mail.bytes > bytes_max)
        return fail(Kind::too_big, "The mail is larger than a mail may be.", mail.file);
    if (mail.wrapping == Wrapping::served) {
        auto served = tree.read(mail.file, 0, bytes_max + 1);
        if (!served) return served;
        if (served->empty()) return fail(Kind::corrupt, "The server handed over an empty mail.", mail.file);
        *served = with_crlf(std::move(*served));
        if (served->size() > bytes_max) return fail(Kind::too_big, "The mail is larger than a mail may be.", mail.file);
        return served;
    }
    const bool whole_file =
        mail.wrapping == Wrapping::plain || mail.wrapping == Wrapping::dot_stuffed;
    // One byte more shows whether a file has grown since it was listed.
    auto bytes = tree.read(mail.file, mail.offset, mail.bytes + (whole_file ? 1 : 0));
    if (!bytes) return bytes;
    if (bytes->size() != mail.bytes)
        return fail(Kind::corrupt, "The file has changed since it was listed.", mail.file);
    switch (mail.wrapping) {
        case Wrapping::plain:
        case Wrapping::served:
            break;
        case Wrapping::dot_stuffed:
            bytes = without_dots(std::move(*bytes));
            break;
        case Wrapping::mbox_o:
        case Wrapping::mbox_rd:
            if (!bytes->starts_with("From ")) return fail(Kind::corrupt, "The file has changed since it was listed.", mail.file);
            bytes = unwrap_mbox(std::move(*bytes), mail);
            break;
    }
    *bytes = with_crlf(std::move(*bytes));
    if (bytes->size() > bytes_max)
        return fail(Kind::too_big, "The mail is larger than a mail may be.", mail.file);
    return bytes;
}

}  // namespace tayori::legacy

#include "common/legacy/lines.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "common/base/text.h"
#include "common/legacy/tree_kinds.h"
#include "common/mail/charset.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";

bool looks_binary(std::string_view bytes) {
    return std::any_of(bytes.begin(), bytes.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != '\x1b';
    });
}

std::optional<Decoded> decoded(std::string_view bytes, std::string_view label,
                               std::string_view charset) {
    auto text = mail::to_utf8_strict(bytes, label);
    if (!text) return std::nullopt;
    return Decoded{std::move(*text), charset};
}

}  // namespace

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
    }
    return lines;
}

std::vector<std::string> split_fields(std::string_view line, char separator) {
    std::vector<std::string> fields;
    for (std::size_t from = 0; from <= line.size();) {
        const auto to = std::min(line.find(separator, from), line.size());
        fields.emplace_back(line.substr(from, to - from));
        from = to + 1;
    }
    return fields;
}

std::optional<Decoded> decode_text(std::string_view bytes) {
    if (bytes.starts_with(kUtf8Mark)) return decoded(bytes.substr(3), "utf-8", "utf-8");
    if (bytes.starts_with("\xff\xfe")) return decoded(bytes.substr(2), "utf-16le", "utf-16");
    if (bytes.starts_with("\xfe\xff")) return decoded(bytes.substr(2), "utf-16be", "utf-16");
    if (looks_binary(bytes)) return std::nullopt;
    if (bytes.find('\x1b') != std::string_view::npos)
        if (auto text = decoded(bytes, "iso-2022-jp", "iso-2022-jp")) return text;
    if (mail::is_ascii(bytes)) return Decoded{std::string(bytes), "us-ascii"};
    if (auto text = decoded(bytes, "utf-8", "utf-8")) return text;
    if (auto text = decoded(bytes, "euc-jp", "euc-jp")) return text;
    return decoded(bytes, "cp932", "cp932");
}

std::optional<Decoded> decode_utf8_or_cp932(std::string_view bytes) {
    if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
    if (mail::is_ascii(bytes)) return Decoded{std::string(bytes), "us-ascii"};
    if (auto text = decoded(bytes, "utf-8", "utf-8")) return text;
    return decoded(bytes, "cp932", "cp932");
}

std::string verbatim(std::string_view bytes) {
    if (auto text = decode_text(bytes)) return std::move(text->text);
    return cat("hex:", hex_encode(bytes));
}

std::string_view trim_white(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\r\n");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::size_t digits_max) {
    text = trim_white(text);
    if (text.empty() || text.size() > digits_max) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<std::string> read_control_file(const Tree& tree, std::string_view path) {
    return tree.read_all(path, kControlFileBytesMax);
}

Result<std::string> read_local_file(const std::string& path, std::uint64_t bytes_max) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file) return fail_errno(errno, path);
    struct stat st = {};
    if (::fstat(file.get(), &st) != 0) return fail_errno(errno, path);
    if (!S_ISREG(st.st_mode)) return fail(Kind::invalid, "This is no ordinary file.", path);
    auto bytes = read_fd(file.get(), 0, bytes_max + 1);
    if (bytes && bytes->size() > bytes_max)
        return fail(Kind::too_big, "The file is larger than such a file may be.", path);
    return bytes;
}

}  // namespace tayori::legacy

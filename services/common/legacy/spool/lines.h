// Lines and numbers of text files of other servers.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tayori::legacy {

// Lines without their LF or CRLF, counted from 1.
class TextLines {
  public:
    explicit TextLines(std::string_view text) : rest_(text) {}

    bool next(std::string_view& line) {
        if (rest_.empty()) return false;
        const auto end = rest_.find('\n');
        terminated_ = end != std::string_view::npos;
        line = rest_.substr(0, end);
        rest_.remove_prefix(terminated_ ? end + 1 : rest_.size());
        if (line.ends_with('\r')) line.remove_suffix(1);
        ++number_;
        return true;
    }
    std::uint64_t number() const { return number_; }
    bool terminated() const { return terminated_; }  // whether the last line had its end: a file cut short has not

  private:
    std::string_view rest_;
    std::uint64_t number_ = 0;
    bool terminated_ = true;
};

// The whole text as a decimal number without a sign; nothing where it is none or too great.
template <class T>
std::optional<T> decimal(std::string_view text, int base = 10) {
    T value{};
    if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// The word at the head of `rest`, which is moved behind it and one separator.
inline std::string_view take_word(std::string_view& rest, char separator = ' ') {
    const auto end = rest.find(separator);
    const auto word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return word;
}

inline std::string join_path(std::string_view directory, std::string_view name) {
    if (directory.empty()) return std::string(name);
    std::string path(directory);
    path += '/';
    path += name;
    return path;
}

}  // namespace tayori::legacy

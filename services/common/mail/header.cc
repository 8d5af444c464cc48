#include "common/mail/header.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

bool is_name_char(char c) { return c > 32 && c < 127 && c != ':'; }
bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_line_end(char c) { return c == '\r' || c == '\n'; }

// The first line of the view, with its line end.
std::string_view first_line(std::string_view text) {
    const auto lf = text.find('\n');
    return lf == std::string_view::npos ? text : text.substr(0, lf + 1);
}

std::string_view without_line_end(std::string_view line) {
    if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

bool is_chosen(std::string_view name, std::span<const std::string> names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& n) { return equals_ignoring_case(n, name); });
}

}  // namespace

HeaderLine classify_header_line(std::string_view line) {
    if (line == "\n" || line == "\r\n" || line.empty()) return HeaderLine::blank;
    if (is_space(line.front())) return HeaderLine::continuation;
    std::size_t i = 0;
    while (i < line.size() && i < kFieldNameBytesMax && is_name_char(line[i])) ++i;
    if (i == 0) return HeaderLine::other;
    while (i < line.size() && i < kFieldNameBytesMax && is_space(line[i])) ++i;  // RFC 5322 §4.5
    return i < line.size() && line[i] == ':' ? HeaderLine::field : HeaderLine::other;
}

std::optional<Field> Fields::next() {
    const auto first = first_line(rest_);
    const auto kind = classify_header_line(first);
    if (kind == HeaderLine::blank) return std::nullopt;
    std::size_t bytes = first.size();
    while (bytes < rest_.size() && is_space(rest_[bytes]))
        bytes += first_line(rest_.substr(bytes)).size();
    Field field;
    field.raw = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    if (kind == HeaderLine::field) {
        const auto colon = field.raw.find(':');
        field.name = trim(field.raw.substr(0, colon));
        field.value = without_line_end(field.raw.substr(colon + 1));
    } else {
        field.value = without_line_end(field.raw);
    }
    return field;
}

std::optional<std::string_view> find_field(std::string_view header, std::string_view name) {
    Fields fields(header);
    while (const auto field = fields.next())
        if (equals_ignoring_case(field->name, name)) return field->value;
    return std::nullopt;
}

std::string unfold(std::string_view value) {
    value = value.substr(0, kFieldBytesMax);
    std::size_t from = 0, to = value.size();
    while (from < to && (is_space(value[from]) || is_line_end(value[from]))) ++from;
    while (to > from && (is_space(value[to - 1]) || is_line_end(value[to - 1]))) --to;
    value = value.substr(from, to - from);
    // Not find_first_of, which costs a call per character; most mail goes through here many times.
    if (std::none_of(value.begin(), value.end(),
                     [](char c) { return is_line_end(c) || c == '\0'; }))
        return std::string(value);
    std::string out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\0') continue;
        if (!is_line_end(value[i])) {
            out += value[i];
            continue;
        }
        while (i + 1 < value.size() && is_line_end(value[i + 1])) ++i;
        if (!is_space(value[i + 1])) out += ' ';  // the value ends in neither
    }
    return out;
}

HeaderEnd::Verdict HeaderEnd::push(std::string_view line) {
    const auto kind = classify_header_line(line);
    const bool first = std::exchange(first_, false);
    if (std::exchange(in_doubt_, false) && kind != HeaderLine::field) return Verdict::end_earlier;
    if (kind == HeaderLine::blank) return Verdict::end_behind;
    if (kind == HeaderLine::field || (kind == HeaderLine::continuation && continuable_)) {
        continuable_ = true;
        return Verdict::header;
    }
    // Left over from a mailbox file.
    if (first && (line.starts_with("From ") || line.starts_with(">From "))) return Verdict::header;
    if (line.starts_with("--")) return Verdict::end_before;  // a MIME delimiter, no matter whose
    in_doubt_ = true;
    return Verdict::doubtful;
}

std::size_t header_bytes(std::string_view message) {
    HeaderEnd end;
    std::size_t bytes = 0;  // up to the last line that is certain
    for (std::size_t at = 0; at < message.size();) {
        const auto line = first_line(message.substr(at));
        at += line.size();
        switch (end.push(line)) {
            case HeaderEnd::Verdict::header:
                bytes = at;
                break;
            case HeaderEnd::Verdict::doubtful:
                break;
            case HeaderEnd::Verdict::end_behind:
                return at;
            case HeaderEnd::Verdict::end_before:
            case HeaderEnd::Verdict::end_earlier:
                return bytes;
        }
    }
    return bytes;
}

std::string choose_fields(std::string_view prefix, std::string_view header,
                          std::span<const std::string> names, FieldChoice choice) {
    std::string out;
    for (const auto part : {prefix, header}) {
        Fields fields(part);
        while (const auto field = fields.next()) {
            if (is_chosen(field->name, names) != (choice == FieldChoice::only)) continue;
            out += field->raw;
            if (out.back() != '\n') out += "\r\n";  // the last line of a message without line end
        }
    }
    out += "\r\n";
    return out;
}

}  // namespace tayori::mail

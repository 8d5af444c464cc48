#include "common/mail/params.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "common/base/percent.h"
#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/encoded_word.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

bool is_token_char(char c) {
    return c > 32 && c < 127 &&
           std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

bool is_media_token(std::string_view text) {
    return !text.empty() && text.size() <= kMediaTypeBytesMax &&
           std::all_of(text.begin(), text.end(), is_token_char);
}

// A cursor over an unfolded value.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}
    bool at_end() const { return text_.empty(); }

    void skip_space_and_comments() {
        while (!text_.empty()) {
            if (text_.front() == ' ' || text_.front() == '\t')
                text_.remove_prefix(1);
            else if (text_.front() != '(' || !skip_comment())
                return;
        }
    }
    bool take(char c) {
        skip_space_and_comments();
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    std::string_view token(std::string_view stops) {
        skip_space_and_comments();
        const auto n = std::min(text_.find_first_of(stops), text_.size());
        const auto found = trim(text_.substr(0, n));
        text_.remove_prefix(n);
        return found;
    }
    // A quoted string, or everything up to ";", as programs forget the quotes around names with
    // spaces.
    std::string value() {
        skip_space_and_comments();
        if (!text_.empty() && text_.front() == '"') return quoted();
        auto raw = text_.substr(0, std::min(text_.find(';'), text_.size()));
        text_.remove_prefix(raw.size());
        raw = raw.substr(0, raw.find(" ("));
        return std::string(trim(raw));
    }
    void skip_past(char c) {
        const auto at = text_.find(c);
        text_.remove_prefix(at == std::string_view::npos ? text_.size() : at + 1);
    }

  private:
    bool skip_comment() {
        int depth = 0;
        for (std::size_t i = 0; i < text_.size(); ++i) {
            if (text_[i] == '\\')
                ++i;
            else if (text_[i] == '(')
                ++depth;
            else if (text_[i] == ')' && --depth == 0) {
                text_.remove_prefix(i + 1);
                return true;
            }
        }
        text_ = {};  // never closed: the rest is comment
        return true;
    }
    std::string quoted() {
        std::string out;
        std::size_t i = 1;
        for (; i < text_.size() && text_[i] != '"'; ++i) {
            if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
            out += text_[i];
        }
        text_.remove_prefix(std::min(i + 1, text_.size()));
        return out;
    }
    std::string_view text_;
};

std::vector<Param> parse_params(Cursor& in) {
    std::vector<Param> params;
    while (!in.at_end() && params.size() < kParamsMax) {
        if (!in.take(';')) {
            in.skip_past(';');  // garbage behind a value
            if (in.at_end()) break;
        }
        const auto name = in.token("=;");
        if (!in.take('=')) continue;
        auto value = in.value();
        if (!name.empty() && name.size() <= kMediaTypeBytesMax && is_ascii(name))
            params.push_back({to_lower(name), std::move(value)});
    }
    return params;
}

// One "name*", "name*3" or "name*3*" (RFC 2231 §3, §4.1).
struct Segment {
    int number = 0;
    bool encoded = false;
    std::string_view value;
};

bool parse_segment(const Param& param, std::string_view name, Segment& out) {
    auto rest = std::string_view(param.name);
    if (!rest.starts_with(name) || rest.size() == name.size() || rest[name.size()] != '*')
        return false;
    rest.remove_prefix(name.size() + 1);
    out.value = param.value;
    out.encoded = rest.empty() || rest.back() == '*';
    if (rest.empty()) return true;
    if (rest.back() == '*') rest.remove_suffix(1);
    const auto end = rest.data() + rest.size();
    const auto parsed = std::from_chars(rest.data(), end, out.number);
    return parsed.ec == std::errc() && parsed.ptr == end && out.number >= 0;
}

}  // namespace

bool ContentType::is_type(std::string_view type_lower) const {
    return equals_ignoring_case(type, type_lower);
}
bool ContentType::is(std::string_view type_lower, std::string_view subtype_lower) const {
    return is_type(type_lower) && equals_ignoring_case(subtype, subtype_lower);
}

ContentType parse_content_type(std::string_view value) {
    const auto text = unfold(value);
    Cursor in(text);
    const auto type = in.token("/;(");
    const auto subtype = in.take('/') ? in.token(";( \t") : std::string_view();
    if (!is_media_token(type) || !is_media_token(subtype))
        return {"text", "plain", {{"charset", "US-ASCII"}}};
    ContentType result{std::string(type), std::string(subtype), {}};
    result.params = parse_params(in);
    return result;
}

Disposition parse_disposition(std::string_view value) {
    const auto text = unfold(value);
    Cursor in(text);
    const auto type = in.token(";( \t");
    if (!is_media_token(type)) return {};
    Disposition result{std::string(type), {}};
    result.params = parse_params(in);
    return result;
}

std::string_view find_param(const std::vector<Param>& params, std::string_view name) {
    for (const auto& param : params)
        if (param.name == name) return param.value;
    return {};
}

std::string decode_param(const std::vector<Param>& params, std::string_view name) {
    std::map<int, Segment> segments;
    for (const auto& param : params) {
        Segment segment;
        if (parse_segment(param, name, segment)) segments.emplace(segment.number, segment);
    }
    if (segments.empty() || segments.begin()->first != 0)
        return decode_header_text(find_param(params, name));
    std::string bytes, charset;
    bool is_encoded = false;
    int expected = 0;
    for (const auto& [number, segment] : segments) {
        if (number != expected++) break;  // one is missing: what follows would be nonsense
        auto value = segment.value;
        if (number == 0 && segment.encoded) {  // charset'language'text
            const auto first = value.find('\'');
            const auto second =
                first == std::string_view::npos ? first : value.find('\'', first + 1);
            if (second != std::string_view::npos) {
                charset = value.substr(0, first);
                value.remove_prefix(second + 1);
            }
        }
        is_encoded |= segment.encoded;
        bytes += segment.encoded ? percent_decode(value) : std::string(value);
    }
    // Some programs split an RFC 2047 word over RFC 2231's pieces.
    if (!is_encoded) return decode_header_text(bytes);
    return to_utf8(bytes, charset);
}

}  // namespace tayori::mail

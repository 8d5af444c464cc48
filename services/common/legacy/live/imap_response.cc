#include "common/legacy/live/imap_response.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/legacy/live/limits.h"

namespace tayori::legacy {
namespace {

// A response as it came: its lines one after the other, and what each {n} in them stands for.
struct RawResponse {
    std::string text;  // a literal's place is "{n}\n"
    std::vector<std::string> literals;
};

bool is_status(std::string_view name) {
    return name == "OK" || name == "NO" || name == "BAD" || name == "BYE" || name == "PREAUTH";
}

// {n} or {n+} at the end of a line.
std::optional<std::uint64_t> literal_of(std::string_view line) {
    if (!line.ends_with('}')) return std::nullopt;
    const auto open = line.rfind('{');
    if (open == std::string_view::npos) return std::nullopt;
    auto digits = line.substr(open + 1, line.size() - open - 2);
    if (digits.ends_with('+')) digits.remove_suffix(1);
    std::uint64_t bytes = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bytes);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return bytes;
}

// The text of a status may end in "}" and has no literals.
bool is_status_line(std::string_view line) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return true;
    const auto rest = line.substr(space + 1);
    return is_status(to_upper(rest.substr(0, rest.find(' '))));
}

Result<RawResponse> read_raw(LinkReader& reader, std::uint64_t literal_bytes_max) {
    RawResponse out;
    for (;;) {
        auto line = reader.line(kLiveLineBytesMax);
        if (!line) return fail(std::move(line.error()));
        out.text += *line;
        if (out.text.size() > kLiveResponseBytesMax) return fail_nonsense("a response is too long");
        const auto bytes = out.literals.empty() && is_status_line(*line) ? std::nullopt : literal_of(*line);
        if (!bytes) return out;
        if (*bytes > literal_bytes_max) return fail(Kind::too_big, "The mail is larger than a mail may be.");
        if (out.literals.size() >= kLiveLiteralsMax) return fail_nonsense("too many literals");
        auto literal = reader.exactly(*bytes);
        if (!literal) return fail(std::move(literal.error()));
        out.literals.push_back(std::move(*literal));
        out.text += '\n';
    }
}

class Parser {
  public:
    explicit Parser(RawResponse& raw) : raw_(raw), text_(raw.text) {}

    Result<ImapResponse> run() {
        ImapResponse out;
        const auto first = word();
        if (first == "+") {
            out.kind = ImapResponse::Kind::more;
            out.text = rest();
            return out;
        }
        out.kind = first == "*" ? ImapResponse::Kind::untagged : ImapResponse::Kind::tagged;
        if (first.empty()) return fail_nonsense("an empty line");
        if (out.kind == ImapResponse::Kind::tagged) out.tag = first;
        auto name = word();
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (!name.empty() && error == std::errc() && end == name.data() + name.size()) {
            out.number = number;
            name = word();
        }
        out.name = to_upper(name);
        if (out.name.empty()) return fail_nonsense("a response without a name");
        const bool good = is_status(out.name) ? status(out) : all(out.values);
        if (!good) return fail_nonsense(cat("a response to ", out.name));
        return out;
    }

  private:
    std::string word() {
        const auto end = std::min(text_.find(' ', at_), text_.size());
        std::string out(text_.substr(at_, end - at_));
        at_ = std::min(end + 1, text_.size());
        return out;
    }
    std::string rest() { return std::string(text_.substr(std::exchange(at_, text_.size()))); }
    bool at_end() const { return at_ >= text_.size(); }
    char now() const { return at_end() ? '\0' : text_[at_]; }

    // Text in brackets that is not well-formed is text.
    bool status(ImapResponse& out) {
        const auto begin = at_;
        if (now() == '[') {
            ++at_;
            std::vector<ImapValue> code;
            if (sequence(']', 0, code)) {
                out.code = std::move(code);
                if (now() == ' ') ++at_;
            } else {
                at_ = begin;
            }
        }
        out.text = rest();
        return true;
    }
    bool all(std::vector<ImapValue>& out) { return sequence('\0', 0, out); }

    // Values up to `end`, which is taken. Servers write more blanks than they should.
    bool sequence(char end, std::size_t depth, std::vector<ImapValue>& out) {
        for (;;) {
            while (now() == ' ' && !at_end()) ++at_;
            if (at_end()) return end == '\0';
            if (end != '\0' && now() == end) {
                ++at_;
                return true;
            }
            auto parsed = value(end, depth);
            if (!parsed) return false;
            out.push_back(std::move(*parsed));
        }
    }

    std::optional<ImapValue> value(char end, std::size_t depth) {
        if (++values_ > kLiveValuesMax || depth > kLiveNestingMax) return std::nullopt;
        ImapValue out;
        if (now() == '(') {
            ++at_;
            out.kind = ImapValue::Kind::list;
            if (!sequence(')', depth + 1, out.values)) return std::nullopt;
            return out;
        }
        if (now() == '"') return quoted();
        if (now() == '{' && literals_used_ < raw_.literals.size()) {
            const auto line_end = text_.find('\n', at_);
            if (line_end != std::string_view::npos && literal_of(text_.substr(at_, line_end - at_))) {
                at_ = line_end + 1;
                out.kind = ImapValue::Kind::string;
                out.text = std::move(raw_.literals[literals_used_++]);
                return out;
            }
        }
        return atom(end);
    }

    std::optional<ImapValue> quoted() {
        ImapValue out;
        out.kind = ImapValue::Kind::string;
        for (++at_; !at_end(); ++at_) {
            if (now() == '"') {
                ++at_;
                return out;
            }
            if (now() == '\\' && at_ + 1 < text_.size()) ++at_;
            out.text += now();
        }
        return std::nullopt;
    }

    // Up to a blank or a bracket, but for those of "BODY[…]", which go with it.
    std::optional<ImapValue> atom(char end) {
        const auto begin = at_;
        std::size_t brackets = 0;
        for (; !at_end(); ++at_) {
            const char c = now();
            if (c == '\n' || (c == ']' && brackets == 0 && end == ']')) break;
            if (brackets == 0 && (c == ' ' || c == '(' || c == ')' || c == '"')) break;
            if (c == '[') ++brackets;
            if (c == ']' && brackets > 0) --brackets;
        }
        if (at_ == begin || brackets > 0) return std::nullopt;
        ImapValue out;
        out.text = std::string(text_.substr(begin, at_ - begin));
        out.kind = equals_ignoring_case(out.text, "NIL") ? ImapValue::Kind::nil : ImapValue::Kind::atom;
        return out;
    }

    RawResponse& raw_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
    std::size_t literals_used_ = 0;
};

}  // namespace

bool ImapValue::is(std::string_view word) const { return kind == Kind::atom && equals_ignoring_case(text, word); }

Result<ImapResponse> read_response(LinkReader& reader, std::uint64_t literal_bytes_max) {
    auto raw = read_raw(reader, literal_bytes_max);
    if (!raw) return fail(std::move(raw.error()));
    return Parser(*raw).run();
}

std::uint32_t imap_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace tayori::legacy

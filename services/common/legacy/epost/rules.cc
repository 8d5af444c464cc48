#include "common/legacy/epost/rules.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/lines.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"

namespace tayori::legacy::epost {
namespace {

constexpr std::string_view kFilterMarker = "filter 1";

bool is_comment(std::string_view line) { return line.front() == '#' || line.front() == ';'; }

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&list)[N]) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
}
constexpr std::string_view kFieldNames[] = {"header", "envelope-from", "size"};
constexpr std::string_view kTests[] = {"contains", "is", "matches"};

// Words and quoted strings, parted by blanks.
class Words {
  public:
    explicit Words(std::string_view rest) : rest_(rest) {}

    std::string_view word() {
        rest_ = trim_white(rest_);
        const auto end = std::min(rest_.find_first_of(" \t"), rest_.size());
        const auto out = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return out;
    }
    // "…" with \" and \\ in it.
    std::optional<std::string> quoted() {
        rest_ = trim_white(rest_);
        if (rest_.empty() || rest_.front() != '"') return std::nullopt;
        std::string out;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                return out;
            }
            if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
            out += rest_[i];
        }
        return std::nullopt;
    }
    bool at_end() const { return trim_white(rest_).empty(); }

  private:
    std::string_view rest_;
};

// "1000", ">1000", "<1000" bytes.
bool is_size_value(std::string_view value) {
    if (!value.empty() && (value.front() == '<' || value.front() == '>')) value.remove_prefix(1);
    return parse_number(value).has_value();
}

bool parse_action(Words& words, FilterSettingsRule& rule) {
    rule.action = words.word();
    if (rule.action == "keep" || rule.action == "refuse") return true;
    if (rule.action == "forward") {
        rule.argument = words.word();
        return mail::parse_address(rule.argument).has_value();
    }
    if (rule.action != "tag" && rule.action != "fileinto") return false;
    auto argument = words.quoted();
    if (!argument || argument->empty()) return false;
    rule.argument = std::move(*argument);
    return true;
}

}  // namespace

std::vector<DestinationRule> parse_sender_dat(std::string_view bytes, std::string_view file,
                                              AccountReport& report) {
    std::vector<DestinationRule> rules;
    std::uint64_t number = 0;
    for (const auto raw : split_lines(bytes)) {
        ++number;
        const auto line = trim_white(raw);
        if (line.empty() || is_comment(line)) continue;
        // One page of the vendor prints ":" for ",".
        const auto comma = line.rfind(',');
        const auto at = comma == std::string_view::npos ? line.rfind(':') : comma;
        const auto pattern = at == std::string_view::npos ? line : trim_white(line.substr(0, at));
        const auto value =
            at == std::string_view::npos ? std::string_view() : trim_white(line.substr(at + 1));
        if (pattern.empty() || !mail::is_ascii(pattern) || (value != "0" && value != "-1")) {
            report.add(Severity::person, file, number, "sender-value", {verbatim(line)});
            continue;
        }
        rules.push_back({std::string(pattern), value == "0"});
    }
    return rules;
}

std::optional<FilterSettingsRule> parse_filter_line(std::string_view line) {
    if (!mail::is_valid_utf8(line)) return std::nullopt;
    Words words(line);
    FilterSettingsRule rule;
    rule.source = {std::string(line)};
    if (words.word() != "if") return std::nullopt;
    rule.field = words.word();
    rule.test = words.word();
    auto value = words.quoted();
    if (!is_one_of(rule.field, kFieldNames) || !is_one_of(rule.test, kTests) || !value)
        return std::nullopt;
    rule.value = std::move(*value);
    if (rule.field == "size" && (rule.test != "is" || !is_size_value(rule.value)))
        return std::nullopt;
    if (words.word() != "then" || !parse_action(words, rule) || !words.at_end())
        return std::nullopt;
    rule.understood = true;
    return rule;
}

std::vector<FilterSettingsRule> parse_mail_dat(std::string_view bytes, std::string_view file,
                                               AccountReport& report) {
    std::vector<FilterSettingsRule> rules;
    auto text = bytes;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const auto lines = split_lines(text);
    const bool ours = !lines.empty() && trim_white(lines.front()) == kFilterMarker;
    for (std::size_t i = ours ? 1 : 0; i < lines.size(); ++i) {
        const auto line = trim_white(lines[i]);
        if (line.empty() || (ours && is_comment(line))) continue;
        auto rule = ours ? parse_filter_line(line) : std::nullopt;
        if (!rule) {
            rule.emplace();
            rule->source = {verbatim(line)};
            report.add(Severity::person, file, i + 1, ours ? "filter-line" : "mail-dat-line",
                       rule->source);
        }
        rules.push_back(std::move(*rule));
    }
    return rules;
}

bool is_effect_line(std::string_view line) {
    const auto fields = split_fields(line, ' ');
    std::vector<std::string_view> words;
    for (const auto& field : fields)
        if (!field.empty()) words.push_back(field);
    if (words.empty() || words.size() > 2 || !mail::is_ascii(line)) return false;
    return words.size() == 1 || equals_ignoring_case(words[1], "false") ||
           equals_ignoring_case(words[1], "only");
}

}  // namespace tayori::legacy::epost

#include "common/legacy/pmail/rules.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/base/text.h"
#include "common/legacy/accounts/csv.h"
#include "common/legacy/lines.h"
#include "common/mail/address.h"

namespace tayori::legacy::pmail {
namespace {

struct Mode {
    std::string_view word;
    bool keep;
    bool filtered;
    bool subject_only;
};
constexpr Mode kModes[] = {
    {"NONE", true, false, false},       {"DELETE", false, false, false},
    {"FILTERNONE", true, true, false},  {"FILTERDELETE", false, true, false},
    {"SUBJECTONLY", true, false, true}, {"FILTERSUBJECTONLY", true, true, true},
};

const Mode* find_mode(std::string_view word) {
    for (const auto& mode : kModes)
        if (equals_ignoring_case(mode.word, word)) return &mode;
    return nullptr;
}

std::optional<ForwardRule> parse_forward_line(std::string_view line) {
    ForwardRule rule;
    const Mode* mode = nullptr;
    bool ended = false;
    for (const auto& raw : split_fields(line, ',')) {
        const auto field = trim_white(raw);
        if (ended) return std::nullopt;
        if (mode == nullptr) {
            mode = find_mode(field);
            if (mode != nullptr) continue;
            if (!mail::parse_address(field)) return std::nullopt;
            rule.to.emplace_back(field);
        } else if (equals_ignoring_case(field, "disable")) {
            rule.enabled = false;
            ended = true;
        } else if (!field.empty()) {
            rule.if_sender_contains.emplace_back(field);
        }
    }
    if (mode == nullptr || rule.to.empty()) return std::nullopt;
    // A filter without its list hits nothing, a list without filter has no meaning.
    if (mode->filtered == rule.if_sender_contains.empty()) return std::nullopt;
    rule.keep = mode->keep;
    rule.subject_only = mode->subject_only;
    return rule;
}

// "FILTERSTART12": 12.
std::optional<std::uint64_t> number_behind(std::string_view text, std::string_view word) {
    if (text.size() <= word.size() || !equals_ignoring_case(text.substr(0, word.size()), word))
        return std::nullopt;
    return parse_number(text.substr(word.size()), 9);
}

class FilterReader {
  public:
    FilterReader(std::string_view file, AccountReport& report) : file_(file), report_(report) {}

    void line(std::string_view text, std::uint64_t number) {
        const auto trimmed = trim_white(text);
        if (open_) {
            if (number_behind(trimmed, "FILTEREND") == open_) {
                open_.reset();
            } else {
                rules_[*open_].source.push_back(verbatim(text));
            }
            return;
        }
        if (trimmed.empty()) return;
        if (const auto begin = number_behind(trimmed, "FILTERSTART")) {
            if (!rules_.contains(*begin)) complain(number, trimmed);
            open_ = begin;
            lines_.try_emplace(*begin, number);
            return;
        }
        const auto equals = trimmed.find('=');
        const auto id = equals == std::string_view::npos
                            ? std::nullopt
                            : number_behind(trim_white(trimmed.substr(0, equals)), "FILTER");
        if (!id) return complain(number, trimmed);
        const auto fields = parse_csv(trimmed.substr(equals + 1));
        if (!fields || fields->size() != 1 || fields->front().fields.size() != 3)
            return complain(number, trimmed);
        auto& rule = rules_[*id];
        const auto& parts = fields->front().fields;
        rule.name = verbatim(parts[0]);
        rule.source.push_back(cat("type=", verbatim(parts[1])));
        rule.size_max = parse_number(parts[2]);
        lines_[*id] = number;
    }

    std::vector<FilterSettingsRule> finish() {
        std::vector<FilterSettingsRule> out;
        for (auto& [id, rule] : rules_) {
            report_.add(Severity::person, file_, lines_[id], "pmail-filter",
                        {rule.name, cat(rule.source.size())});
            out.push_back(std::move(rule));
        }
        return out;
    }

  private:
    void complain(std::uint64_t number, std::string_view text) {
        report_.add(Severity::person, file_, number, "pmail-filter-line", {verbatim(text)});
    }

    std::string_view file_;
    AccountReport& report_;
    std::map<std::uint64_t, FilterSettingsRule> rules_;
    std::map<std::uint64_t, std::uint64_t> lines_;
    std::optional<std::uint64_t> open_;
};

}  // namespace

std::vector<ForwardRule> parse_forward_file(std::string_view bytes, std::string_view file,
                                            AccountReport& report) {
    std::vector<ForwardRule> rules;
    std::uint64_t number = 0;
    for (const auto raw : split_lines(bytes)) {
        ++number;
        const auto text = verbatim(trim_white(raw));
        if (text.empty()) continue;
        if (auto rule = parse_forward_line(text))
            rules.push_back(std::move(*rule));
        else
            report.add(Severity::person, file, number, "forward-line", {text});
    }
    return rules;
}

std::vector<FilterSettingsRule> parse_filter_file(std::string_view bytes, std::string_view file,
                                                  AccountReport& report) {
    FilterReader reader(file, report);
    std::uint64_t number = 0;
    for (const auto line : split_lines(bytes)) reader.line(line, ++number);
    return reader.finish();
}

}  // namespace tayori::legacy::pmail

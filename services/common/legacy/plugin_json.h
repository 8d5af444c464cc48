// Settings of plugins as JSON objects (docs/import.md has their members). All text is UTF-8 by
// then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tayori::legacy {

struct AutoReplySettings {
    std::string from, subject, text;
    bool echo = false;
    bool once_per_sender = false;
    unsigned min_interval_hours = 0;
    std::vector<std::string> noreply;
};
std::string to_json(const AutoReplySettings& settings);

struct ForwardRule {
    bool enabled = true;
    std::vector<std::string> to;
    bool keep = true;
    bool subject_only = false;
    std::vector<std::string> if_sender_contains;  // any of them; empty: always
};
struct ForwardSettings {
    std::vector<std::string> to;
    bool keep = true;
    std::vector<std::string> permit_from;  // empty: everybody's mail
    std::vector<ForwardRule> rules;        // top-down, first hit stops
};
std::string to_json(const ForwardSettings& settings);

// A rule that could be read has if and then; of another one there are only its lines, and it is
// disabled.
struct FilterSettingsRule {
    std::string field, test, value;
    std::string action, argument;
    std::string name;  // where the source names it
    std::optional<std::uint64_t> size_max;
    std::vector<std::string> source;  // lines as they stand
    bool understood = false;
};
std::string filter_json(const std::vector<FilterSettingsRule>& rules);

struct DestinationRule {
    std::string pattern;
    bool allow = true;
};
std::string destinations_json(const std::vector<DestinationRule>& rules);

}  // namespace tayori::legacy

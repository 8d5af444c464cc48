// What a plugin has decided, in the words of tests, replays and traces. No server and no Lua here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/lua/job.h"

namespace tayori::admin::kit {

struct Sentence {
    std::string text;                      // `reply to bob@example.com`, `fileinto "Work"`
    std::vector<std::string> conditions;   // "once in 7 days", "at most 200 in 1 day"
};
Sentence sentence(const lua::Action& action);
std::string whole(const Sentence& said);   // with its conditions

// Does what a test expects fit? Conditions may be left out, in any order, parted by "and"; "..." stands for anything.
bool fits(std::string_view expected, const Sentence& said);

// The mail that an action sends instead of the one that has come in; empty: none.
std::string content_of(const lua::Action& action);
// Decoded: a field's value, the text of all text parts; and the charset of the first one.
std::string field_of(std::string_view mail, std::string_view name);
std::string text_of(std::string_view mail);
std::string charset_of(std::string_view mail);

// "8 days", "90 minutes": a number and a unit; "1 day".
std::string show_duration(std::int64_t seconds);
bool parse_duration(const std::string& number, std::string_view unit, std::int64_t& seconds);
// "10M", "500 K"…: as settings have sizes.
std::string show_octets(std::uint64_t octets);

}  // namespace tayori::admin::kit

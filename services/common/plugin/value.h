// One value of a setting: does it fit its type, and what is its normal form? For this folder.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/plugin/declaration.h"

namespace tayori::plugin {

using Json = nlohmann::json;  // members sorted: looking one up does not go over all of them

inline constexpr std::size_t kPatternBytesMax = 320;  // an address has no more
inline constexpr std::size_t kJsonDepthMax = 32;      // copying and printing go down as deep

std::string_view name_of(Type type);
bool type_of(std::string_view name, Type& type);
std::string_view name_of(Scope scope);

// The value in its normal form. `path` is how an error names it: "rules[2].to".
Result<Json> check_value(const Setting& setting, const Json& value, const std::string& path, Strictness strictness);
// The value with the defaults of what records within it leave out; null where it does not fit. `dropped` gets the paths of what does
// not fit within it.
Json complete_value(const Setting& setting, const Json& value, const std::string& path, std::vector<std::string>& dropped);

Json default_value(const Setting& setting);

// A number of octets ("10M", "10 MiB") or of seconds ("7d", "90m"): integer settings take plain numbers only.
Result<std::int64_t> parse_number(Type type, const Json& value, const std::string& path);
// "10 MiB", "7d", "12".
std::string show_number(Type type, std::int64_t number);

// Never an exception; discarded where it is no JSON, or nested deeper than kJsonDepthMax.
Json parse_json(std::string_view text);
std::string print_json(const Json& json);
// A value as an error shows it: short, on one line.
std::string show_json(const Json& json);

}  // namespace tayori::plugin

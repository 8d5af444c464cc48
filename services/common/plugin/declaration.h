// What a plugin declares about itself, and the settings that people give it: typed, checked and merged without running it, so that
// spoold, adminctl and imports can do so, too. No Lua here. Plain values; JSON objects are UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::plugin {

inline constexpr std::size_t kNameBytesMax = 32;
inline constexpr std::size_t kSettingsBytesMax = 256 * 1024;  // of one scope
inline constexpr std::size_t kDeclarationBytesMax = 64 * 1024;
inline constexpr std::size_t kNestingMax = 4;                 // lists and records within each other
inline constexpr std::size_t kListMax = 10'000;               // where the declaration says no less

enum class Type : std::uint8_t { boolean, integer, size, duration, text, choice, address, pattern, date, record, list };
enum class Scope : std::uint8_t { site, domain, account };     // the narrowest that may set it
enum class OnFailure : std::uint8_t { go_on, tempfail };

struct Words {
    std::string en, ja;
};

// The fields of a record and what a list has lie below it.
struct Setting {
    std::string name;
    Type type = Type::text;
    Scope scope = Scope::account;
    bool user = false;                       // the account's owner may set it himself
    std::string default_json;                // always there
    std::optional<std::int64_t> min, max;
    std::vector<std::string> choices;
    std::vector<Setting> inner;              // fields, or the one that a list is of
    Words about;
};

struct Declaration {
    std::string name, version;
    Words about;
    std::uint32_t order = 50;
    OnFailure failure = OnFailure::go_on;
    bool reads_state = false;
    bool user = false;                       // an account's owner may switch it on and off himself
    std::vector<std::string> hooks;          // names, sorted
    std::vector<Setting> settings;           // by name
};

bool is_name(std::string_view name);         // of a plugin: a-z 0-9 _, begins with a letter
bool is_hook(std::string_view name);         // plugins/api/tayori.d.lua lists them
std::span<const std::string_view> hook_names();

std::string to_json(const Declaration& declaration);
// invalid: says which member is wrong and what would be right.
Result<Declaration> parse_declaration(std::string_view json);

// Settings as somebody writes them, normalised: sizes ("10M", "10 MiB") and durations ("7d", "90m") become numbers of octets and
// seconds, addresses and names NFC. What is unknown, out of bounds or above its scope is refused by a sentence that names it and
// says what would be right; `imported` leaves unknown members out instead, which an old server's file may have.
enum class Strictness : std::uint8_t { strict, imported };
Result<std::string> check_settings(const Declaration& declaration, Scope scope, std::string_view json,
                                   Strictness strictness = Strictness::strict);

// Later ones win, member by member of the object; what is no object counts as empty.
std::string merge_settings(const std::vector<std::string>& layers);
// With the defaults of what is not set, for showing and for running. What does not fit its type any more (the plugin has changed)
// is its default; `dropped` gets its name.
std::string with_defaults(const Declaration& declaration, std::string_view json, std::vector<std::string>* dropped = nullptr);

}  // namespace tayori::plugin

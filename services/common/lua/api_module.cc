// The functions of the module `tayori`. All but `log`, `explain` and `now` work while plugin.lua is loaded, too.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/object.h"
#include "common/lua/state.h"
#include "common/mail/charset.h"
#include "common/mail/date.h"
#include "common/mail/limits.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

constexpr std::uint64_t kMatchedPerStep = 8;             // octets that a search goes over
constexpr std::size_t kFoldedKeptMin = 256;              // texts from here on are folded once, not for each comparison
constexpr std::int64_t kYearSecondsMax = 253'402'300'799;  // the end of 9999
constexpr int kZoneMinutesMax = 24 * 60 - 1;

const char kFoldedKey = 0;                               // its address: a slot of the registry

int api_log(lua_State* lua) {
    auto& call = call_of(lua, "tayori.log");
    Arguments in(lua, "tayori.log", 1);
    const auto text = in.text("text", kLogBytesMax);
    in.end();
    if (call.log.size() >= call.limits.log_lines)
        script_error(cat("tayori.log: more than ", call.limits.log_lines, " lines in one call (plugins.log_lines)"));
    call.log_bytes += text.size();
    if (call.log_bytes > kLogBytesMax) script_error(cat("tayori.log: more than ", kLogBytesMax, " bytes in one call"));
    call.spend(text.size());
    auto line = cat(call.plugin.declaration.name, ": ", mail::to_valid_utf8(text));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    call.log.push_back(std::move(line));
    return 0;
}

int api_explain(lua_State* lua) {
    auto& call = call_of(lua, "tayori.explain");
    Arguments in(lua, "tayori.explain", 1);
    const auto text = in.text("text", kComparedBytesMax);
    in.end();
    call.note(text);
    return 0;
}

int api_now(lua_State* lua) {
    auto& call = call_of(lua, "tayori.now");
    Arguments(lua, "tayori.now", 1).end();
    lua_pushinteger(lua, call.job.now_s);
    return 1;
}

std::string two(unsigned value) { return cat(value < 10 ? "0" : "", value); }

std::string date_text(std::chrono::sys_days day) {
    const std::chrono::year_month_day date(day);
    const auto year = static_cast<int>(date.year());
    return cat(year < 1000 ? "0" : "", year < 100 ? "0" : "", year < 10 ? "0" : "", year, "-", two(static_cast<unsigned>(date.month())), "-",
               two(static_cast<unsigned>(date.day())));
}

int api_format_time(lua_State* lua) {
    constexpr const char* kName = "tayori.format_time";
    constexpr const char* kFormats[] = {"date", "time", "datetime", "rfc5322"};
    Arguments in(lua, kName, 1);
    const auto format = in.text("format", kBindingErrorBytesMax);
    const auto seconds = in.integer("seconds", -kYearSecondsMax / 5, kYearSecondsMax);  // the year 368 is far enough back
    const auto zone = static_cast<int>(in.optional_integer("zone", -kZoneMinutesMax, kZoneMinutesMax).value_or(0));
    in.end();
    if (std::find(std::begin(kFormats), std::end(kFormats), format) == std::end(kFormats))
        script_error(cat(kName, ": argument 1 (format) can't be \"", mail::to_valid_utf8(mail::clip_utf8(format, 40)), "\"", suggest(format, kFormats)));
    if (format == "rfc5322") {
        push_text(lua, mail::format_mail_date({seconds, zone}));
        return 1;
    }
    const std::chrono::sys_seconds at{std::chrono::seconds(seconds + zone * 60)};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const auto minutes = static_cast<unsigned>(std::chrono::floor<std::chrono::minutes>(at - day).count());
    const auto time = cat(two(minutes / 60), ":", two(minutes % 60));
    push_text(lua, format == "date" ? date_text(day) : format == "time" ? time : cat(date_text(day), " ", time));
    return 1;
}

// Digits of exactly that many places; -1: they are none.
int digits_of(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

// "2026-11-27" or "2026-11-27 08:42".
std::optional<std::int64_t> parse_local_time(std::string_view text) {
    if (text.size() != 10 && text.size() != 16) return std::nullopt;
    const int year = digits_of(text, 0, 4), month = digits_of(text, 5, 2), day = digits_of(text, 8, 2);
    if (year < 0 || month < 0 || day < 0 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (!date.ok()) return std::nullopt;
    std::int64_t seconds = std::chrono::sys_days(date).time_since_epoch().count() * 86'400LL;
    if (text.size() == 16) {
        const int hour = digits_of(text, 11, 2), minute = digits_of(text, 14, 2);
        const bool is_time = text[10] == ' ' && text[13] == ':' && hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
        if (!is_time) return std::nullopt;
        seconds += hour * 3600 + minute * 60;
    }
    return seconds;
}

int api_parse_time(lua_State* lua) {
    Arguments in(lua, "tayori.parse_time", 1);
    const auto text = in.text("text", kComparedBytesMax);
    const auto zone = in.optional_integer("zone", -kZoneMinutesMax, kZoneMinutesMax).value_or(0);
    in.end();
    const auto seconds = parse_local_time(text);
    if (seconds) lua_pushinteger(lua, *seconds - zone * 60);
    else lua_pushnil(lua);
    return 1;
}

// `*` is any run of characters. Time is the product of both, which are short.
bool matches_stars(std::string_view text, std::string_view pattern) {
    std::size_t t = 0, p = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

int api_address_matches(lua_State* lua) {
    constexpr const char* kName = "tayori.address_matches";
    Arguments in(lua, kName, 1);
    const auto address = in.text("address", mail::kFieldBytesMax);
    const auto pattern = in.text("pattern", mail::kFieldBytesMax);
    in.end();
    charge_octets(lua, address.size() + pattern.size());
    bool matches = false;
    // What is longer than a path is no address, and no pattern of one.
    constexpr std::size_t kMost = 2 * mail::kPathBytesMax;
    if (address.size() <= kMost && pattern.size() <= kMost && !pattern.empty()) {
        State::charge(lua, address.size() * pattern.size() / 64);
        const auto text = mail::to_nfc_folded(mail::to_valid_utf8(address)).value_or(std::string());
        const auto wanted = mail::to_nfc_folded(mail::to_valid_utf8(pattern)).value_or(std::string());
        if (wanted.find('@') != std::string::npos) {
            matches = matches_stars(text, wanted);
        } else if (const auto at = text.rfind('@'); at != std::string::npos) {
            const auto domain = std::string_view(text).substr(at + 1);
            matches = matches_stars(domain, wanted) || matches_stars(domain, cat("*.", wanted));
        }
    }
    lua_pushboolean(lua, matches);
    return 1;
}

// The text at `index` as it is compared. A large one is kept: a filter compares one text with many words.
const std::string& folded_text(lua_State* lua, int index, std::string_view text, std::string& own) {
    auto* call = static_cast<Call*>(State::context(lua));
    if (call == nullptr || text.size() < kFoldedKeptMin) {
        charge_octets(lua, text.size());
        return own = mail::fold_for_search(text);
    }
    if (call->folded_from != text.data()) {
        charge_octets(lua, text.size());
        call->folded = mail::fold_for_search(text);
        call->folded_from = text.data();
        lua_pushvalue(lua, index);  // while it is held here, no other text has its place
        lua_rawsetp(lua, LUA_REGISTRYINDEX, &kFoldedKey);
    }
    return call->folded;
}

int api_contains(lua_State* lua) {
    Arguments in(lua, "tayori.contains", 1);
    const auto text = in.text("text", kComparedBytesMax);
    const auto part = in.text("part", kComparedBytesMax);
    in.end();
    charge_octets(lua, part.size());
    const auto needle = mail::fold_for_search(part);
    std::string own;
    const auto& folded = folded_text(lua, 1, text, own);
    State::charge(lua, folded.size() / kMatchedPerStep);
    // memmem takes linear time, whatever both are; find() of a string does not.
    lua_pushboolean(lua, needle.empty() || memmem(folded.data(), folded.size(), needle.data(), needle.size()) != nullptr);
    return 1;
}

int api_same(lua_State* lua) {
    Arguments in(lua, "tayori.same", 1);
    const auto a = in.text("a", kComparedBytesMax);
    const auto b = in.text("b", kComparedBytesMax);
    in.end();
    charge_octets(lua, a.size() + b.size());
    lua_pushboolean(lua, mail::fold_for_search(a) == mail::fold_for_search(b));
    return 1;
}

constexpr MethodRow kModule[] = {
    {"log", guarded<api_log>},
    {"explain", guarded<api_explain>},
    {"now", guarded<api_now>},
    {"format_time", guarded<api_format_time>},
    {"parse_time", guarded<api_parse_time>},
    {"address_matches", guarded<api_address_matches>},
    {"contains", guarded<api_contains>},
    {"same", guarded<api_same>},
    {"regex", guarded<api_regex>},
};

}  // namespace

std::span<const MethodRow> module_functions() { return kModule; }

void open_api(lua_State* lua) {
    for (const auto& function : kModule) {
        lua_pushcfunction(lua, function.function);
        lua_setfield(lua, -2, function.name);
    }
    register_classes(lua);
}

}  // namespace tayori::lua

#include "common/lua/check.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/utf8.h"
#include "common/plugin/near_names.h"

namespace tayori::lua {
namespace {

constexpr std::size_t kNameShownMax = 60;  // of what a plugin has written, in a message
std::string shown_name(std::string_view name) { return cat('"', mail::to_valid_utf8(mail::clip_utf8(name, kNameShownMax)), '"'); }

std::string_view view_at(lua_State* lua, int index) {
    std::size_t bytes = 0;
    const char* text = lua_tolstring(lua, index, &bytes);
    return {text, bytes};
}

bool is_number_type(lua_State* lua, int index) { return lua_type(lua, index) == LUA_TNUMBER; }

std::string range_text(std::int64_t least, std::int64_t most) {
    if (most == INT64_MAX) return cat("an integer of at least ", least);
    return cat("an integer from ", least, " to ", most);
}

// What a value at `index` is of a bounded text or integer; nothing where it is not.
std::optional<std::int64_t> integer_at(lua_State* lua, int index, std::int64_t least, std::int64_t most) {
    int exact = 0;
    const lua_Integer value = is_number_type(lua, index) ? lua_tointegerx(lua, index, &exact) : 0;
    if (exact == 0 || value < least || value > most) return std::nullopt;
    return value;
}

}  // namespace

void script_error(std::string text) { throw ScriptError{std::move(text)}; }

std::string suggest(std::string_view wrong, std::span<const char* const> names) {
    const std::vector<std::string_view> known(names.begin(), names.end());
    return known.empty() ? std::string() : cat("; ", plugin::did_you_mean(wrong, known));
}

const char* kind_of(lua_State* lua, int index) {
    switch (lua_type(lua, index)) {
        case LUA_TNONE:
        case LUA_TNIL: return "nothing";
        case LUA_TBOOLEAN: return "a boolean";
        case LUA_TNUMBER: return "a number";
        case LUA_TSTRING: return "text";
        case LUA_TTABLE: return "a table";
        case LUA_TFUNCTION: return "a function";
        default: return "an object";
    }
}

void Arguments::wrong(const char* name, const char* wanted) {
    script_error(cat(function_, ": argument ", index_ - first_ + 1, " (", name, ") must be ", wanted, ", not ", kind_of(lua_, index_)));
}

std::string_view Arguments::text(const char* name, std::size_t bytes_max) {
    if (lua_type(lua_, index_) != LUA_TSTRING) wrong(name, "text");
    const auto value = view_at(lua_, index_);
    if (value.size() > bytes_max)
        script_error(cat(function_, ": argument ", index_ - first_ + 1, " (", name, ") has ", value.size(), " bytes; at most ", bytes_max,
                         " are allowed"));
    ++index_;
    return value;
}

std::optional<std::string_view> Arguments::optional_text(const char* name, std::size_t bytes_max) {
    if (!is_nil()) return text(name, bytes_max);
    ++index_;
    return std::nullopt;
}

std::int64_t Arguments::integer(const char* name, std::int64_t least, std::int64_t most) {
    const auto value = integer_at(lua_, index_, least, most);
    if (!value && is_number_type(lua_, index_))
        script_error(cat(function_, ": argument ", index_ - first_ + 1, " (", name, ") must be ", range_text(least, most)));
    if (!value) wrong(name, range_text(least, most).c_str());
    ++index_;
    return *value;
}

std::optional<std::int64_t> Arguments::optional_integer(const char* name, std::int64_t least, std::int64_t most) {
    if (!is_nil()) return integer(name, least, most);
    ++index_;
    return std::nullopt;
}

void Arguments::end() {
    if (has_more()) script_error(cat(function_, ": takes ", index_ - first_, " arguments, not ", lua_gettop(lua_) - first_ + 1));
}

Options::Options(lua_State* lua, const char* function, int index, std::span<const char* const> known, Need need)
    : lua_(lua), function_(function), index_(index) {
    if (lua_isnoneornil(lua, index) && need == Need::may) return;
    if (lua_type(lua, index) != LUA_TTABLE) script_error(cat(function, ": its options must be a table { … }, not ", kind_of(lua, index)));
    given_ = true;
    lua_pushnil(lua);
    while (lua_next(lua, index) != 0) {
        lua_pop(lua, 1);
        if (lua_type(lua, -1) != LUA_TSTRING)
            script_error(cat(function, ": its options have names, as { ", known.empty() ? "name" : known.front(), " = … }; this one has ",
                             kind_of(lua, -1), " as its name"));
        const auto name = view_at(lua, -1);
        if (std::none_of(known.begin(), known.end(), [&](const char* one) { return name == one; }))
            script_error(cat(function, ": unknown option ", shown_name(name), suggest(name, known)));
    }
}

bool Options::get(const char* name) {
    if (!given_) return false;
    lua_pushstring(lua_, name);
    lua_rawget(lua_, index_);
    if (!lua_isnil(lua_, -1)) return true;
    lua_pop(lua_, 1);
    return false;
}

void Options::wrong(const char* name, const char* wanted) {
    script_error(cat(function_, ": option \"", name, "\" must be ", wanted, ", not ", kind_of(lua_, -1)));
}

void Options::missing(const char* name, const char* wanted) {
    script_error(cat(function_, ": option \"", name, "\" is missing: ", wanted));
}

std::optional<std::string_view> Options::optional_text(const char* name, std::size_t bytes_max) {
    if (!get(name)) return std::nullopt;
    if (lua_type(lua_, -1) != LUA_TSTRING) wrong(name, "text");
    const auto value = view_at(lua_, -1);
    if (value.size() > bytes_max)
        script_error(cat(function_, ": option \"", name, "\" has ", value.size(), " bytes; at most ", bytes_max, " are allowed"));
    lua_pop(lua_, 1);  // the table holds it
    return value;
}

std::string_view Options::text(const char* name, std::size_t bytes_max) {
    const auto value = optional_text(name, bytes_max);
    if (!value) missing(name, "text");
    return *value;
}

std::optional<std::int64_t> Options::optional_integer(const char* name, std::int64_t least, std::int64_t most) {
    if (!get(name)) return std::nullopt;
    const auto value = integer_at(lua_, -1, least, most);
    if (!value && is_number_type(lua_, -1)) script_error(cat(function_, ": option \"", name, "\" must be ", range_text(least, most)));
    if (!value) wrong(name, range_text(least, most).c_str());
    lua_pop(lua_, 1);
    return value;
}

std::int64_t Options::integer(const char* name, std::int64_t least, std::int64_t most) {
    const auto value = optional_integer(name, least, most);
    if (!value) missing(name, range_text(least, most).c_str());
    return *value;
}

std::optional<double> Options::optional_number(const char* name, double least, double most) {
    if (!get(name)) return std::nullopt;
    if (!is_number_type(lua_, -1)) wrong(name, "a number");
    const double value = lua_tonumber(lua_, -1);
    // Not-a-number is in no range.
    if (!(value >= least && value <= most))
        script_error(cat(function_, ": option \"", name, "\" must be a number from ", static_cast<std::int64_t>(least), " to ",
                         static_cast<std::int64_t>(most)));
    lua_pop(lua_, 1);
    return value;
}

std::optional<bool> Options::optional_boolean(const char* name) {
    if (!get(name)) return std::nullopt;
    if (lua_type(lua_, -1) != LUA_TBOOLEAN) wrong(name, "true or false");
    const bool value = lua_toboolean(lua_, -1) != 0;
    lua_pop(lua_, 1);
    return value;
}

std::optional<std::string_view> Options::optional_word(const char* name, std::span<const char* const> words) {
    const auto value = optional_text(name, kBindingErrorBytesMax);
    if (!value) return std::nullopt;
    if (std::none_of(words.begin(), words.end(), [&](const char* word) { return *value == word; }))
        script_error(cat(function_, ": option \"", name, "\" can't be ", shown_name(*value), suggest(*value, words)));
    return value;
}

std::vector<std::string> take_texts(lua_State* lua, const char* what, int index, std::size_t bytes_max) {
    std::vector<std::string> out;
    const auto take = [&](int at) {
        if (lua_type(lua, at) != LUA_TSTRING) script_error(cat(what, " must be text or a list of texts, not ", kind_of(lua, at)));
        const auto text = view_at(lua, at);
        if (text.size() > bytes_max) script_error(cat(what, " has ", text.size(), " bytes; at most ", bytes_max, " are allowed"));
        out.emplace_back(text);
    };
    if (lua_type(lua, index) != LUA_TTABLE) {
        take(index);
        return out;
    }
    // By # and [], as a list of settings has its entries behind a metatable.
    const auto count = luaL_len(lua, index);
    if (count < 0 || static_cast<std::size_t>(count) > kListEntriesMax)
        script_error(cat(what, " has ", count, " entries; at most ", kListEntriesMax, " are allowed"));
    for (lua_Integer i = 1; i <= count; ++i) {
        lua_geti(lua, index, i);
        take(lua_gettop(lua));
        lua_pop(lua, 1);
    }
    return out;
}

int run_guarded(lua_State* lua, Binding binding) {
    std::string message;
    try {
        return binding(lua);
    } catch (const ScriptError& error) {
        message = mail::clip_utf8(error.text, kBindingErrorBytesMax);
    }
    luaL_where(lua, 1);
    lua_pushlstring(lua, message.data(), message.size());
    lua_concat(lua, 2);
    return lua_error(lua);
}

}  // namespace tayori::lua

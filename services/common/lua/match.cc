#include "common/lua/match.h"

#include <cstring>
#include <string_view>

#include "common/lua/pattern.h"
#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

enum class Wanted { place, captures };

std::string_view text_argument(lua_State* lua, int index) {
    std::size_t size = 0;
    const char* data = luaL_checklstring(lua, index, &size);
    return {data, size};
}

// The offset of a position that counts from 1, or from the end where it is negative; may be behind the end.
std::size_t start_offset(lua_State* lua, int index, std::size_t size) {
    const lua_Integer position = luaL_optinteger(lua, index, 1);
    if (position > 0) return static_cast<std::size_t>(position) - 1;
    if (position == 0 || position < -static_cast<lua_Integer>(size)) return 0;
    return size - static_cast<std::size_t>(-position);
}

bool is_plain(std::string_view pattern) { return pattern.find_first_of("^$*+?.([%-") == std::string_view::npos; }

// memmem's time grows with the sum of both sizes; Lua's own with the product.
int find_plain(lua_State* lua, std::string_view text, std::string_view part, std::size_t from) {
    State::charge(lua, 1 + (text.size() - from + part.size()) / kBytesPerStep);
    std::size_t at = from;
    if (!part.empty()) {
        const void* found = ::memmem(text.data() + from, text.size() - from, part.data(), part.size());
        if (found == nullptr) {
            luaL_pushfail(lua);
            return 1;
        }
        at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    }
    lua_pushinteger(lua, static_cast<lua_Integer>(at + 1));
    lua_pushinteger(lua, static_cast<lua_Integer>(at + part.size()));
    return 2;
}

int find(lua_State* lua, Wanted wanted) {
    const auto text = text_argument(lua, 1);
    auto pattern = text_argument(lua, 2);
    const auto from = start_offset(lua, 3, text.size());
    if (from > text.size()) {
        luaL_pushfail(lua);
        return 1;
    }
    State::charge(lua, 1 + pattern.size() / kBytesPerStep);
    if (wanted == Wanted::place && (lua_toboolean(lua, 4) != 0 || is_plain(pattern))) return find_plain(lua, text, pattern, from);

    const bool anchored = pattern.starts_with('^');
    if (anchored) pattern.remove_prefix(1);
    Pattern matcher(lua, text, pattern);
    const char* const text_end = text.data() + text.size();
    const char* at = text.data() + from;
    do {
        const char* end = matcher.match_at(at);
        if (end == nullptr) continue;
        matcher.settle();
        if (wanted == Wanted::captures) return matcher.push_captures(at, end);
        lua_pushinteger(lua, at - text.data() + 1);
        lua_pushinteger(lua, end - text.data());
        return matcher.push_captures(nullptr, nullptr) + 2;
    } while (at++ < text_end && !anchored);
    matcher.settle();
    luaL_pushfail(lua);
    return 1;
}

// Upvalues: text, pattern, the offset to go on from, where the last match ended (-1: there was none).
int gmatch_next(lua_State* lua) {
    const auto text = text_argument(lua, lua_upvalueindex(1));
    Pattern matcher(lua, text, text_argument(lua, lua_upvalueindex(2)));
    const auto last = lua_tointeger(lua, lua_upvalueindex(4));
    for (auto from = lua_tointeger(lua, lua_upvalueindex(3)); from <= static_cast<lua_Integer>(text.size()); ++from) {
        const char* at = text.data() + from;
        const char* end = matcher.match_at(at);
        if (end == nullptr || end - text.data() == last) continue;
        matcher.settle();
        lua_pushinteger(lua, end - text.data());
        lua_pushvalue(lua, -1);
        lua_replace(lua, lua_upvalueindex(3));
        lua_replace(lua, lua_upvalueindex(4));
        return matcher.push_captures(at, end);
    }
    matcher.settle();
    return 0;
}

// The result grows on Lua's stack, so that its memory counts.
class Substitution {
  public:
    Substitution(lua_State* lua, std::string_view text, std::string_view pattern)
        : lua_(lua), matcher_(lua, text, pattern), kind_(lua_type(lua, 3)) {
        luaL_buffinit(lua, &out_);
    }

    Pattern& matcher() { return matcher_; }
    void add(char c) { luaL_addchar(&out_, c); }
    void add(std::string_view text) { luaL_addlstring(&out_, text.data(), text.size()); }
    void push_result() { luaL_pushresult(&out_); }

    // What stands for the match from `begin` to `end`. False: it stays as it is.
    bool add_value(const char* begin, const char* end) {
        if (kind_ == LUA_TFUNCTION) {
            lua_pushvalue(lua_, 3);
            const int count = matcher_.push_captures(begin, end);
            lua_call(lua_, count, 1);
        } else if (kind_ == LUA_TTABLE) {
            matcher_.push_capture(0, begin, end);
            lua_gettable(lua_, 3);
        } else {
            add_text(begin, end);
            return true;
        }
        if (lua_toboolean(lua_, -1) == 0) {
            lua_pop(lua_, 1);
            add({begin, static_cast<std::size_t>(end - begin)});
            return false;
        }
        if (lua_isstring(lua_, -1) == 0) luaL_error(lua_, "invalid replacement value (a %s)", luaL_typename(lua_, -1));
        luaL_addvalue(&out_);
        return true;
    }

  private:
    void add_text(const char* begin, const char* end) {
        std::size_t size = 0;
        const char* data = lua_tolstring(lua_, 3, &size);
        std::string_view rest(data, size);
        State::charge(lua_, 1 + size / kBytesPerStep);
        for (auto at = rest.find('%'); at != std::string_view::npos; at = rest.find('%')) {
            add(rest.substr(0, at));
            const char kind = at + 1 < rest.size() ? rest[at + 1] : '\0';
            if (kind == '%') {
                add('%');
            } else if (kind == '0') {
                add({begin, static_cast<std::size_t>(end - begin)});
            } else if (kind >= '1' && kind <= '9') {
                matcher_.push_capture(kind - '1', begin, end);
                luaL_addvalue(&out_);
            } else {
                luaL_error(lua_, "invalid use of '%c' in replacement string", '%');
            }
            rest.remove_prefix(at + 2);
            State::charge(lua_, 1);
        }
        add(rest);
    }

    lua_State* lua_;
    Pattern matcher_;
    int kind_;
    luaL_Buffer out_;
};

}  // namespace

int string_find(lua_State* lua) { return find(lua, Wanted::place); }
int string_match(lua_State* lua) { return find(lua, Wanted::captures); }

int string_gmatch(lua_State* lua) {
    const auto text = text_argument(lua, 1);
    text_argument(lua, 2);
    const auto from = start_offset(lua, 3, text.size());
    lua_settop(lua, 2);
    lua_pushinteger(lua, static_cast<lua_Integer>(from > text.size() ? text.size() + 1 : from));
    lua_pushinteger(lua, -1);
    lua_pushcclosure(lua, gmatch_next, 4);
    return 1;
}

int string_gsub(lua_State* lua) {
    const auto text = text_argument(lua, 1);
    auto pattern = text_argument(lua, 2);
    const int kind = lua_type(lua, 3);
    const auto most = luaL_optinteger(lua, 4, static_cast<lua_Integer>(text.size()) + 1);
    luaL_argexpected(lua, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE, 3,
                     "string/function/table");
    const bool anchored = pattern.starts_with('^');
    if (anchored) pattern.remove_prefix(1);

    Substitution out(lua, text, pattern);
    const char* const text_end = text.data() + text.size();
    const char* at = text.data();
    const char* last = nullptr;
    lua_Integer count = 0;
    bool changed = false;
    while (count < most) {
        const char* end = out.matcher().match_at(at);
        if (end != nullptr && end != last) {
            ++count;
            changed = out.add_value(at, end) || changed;
            at = last = end;
        } else if (at < text_end) {
            out.add(*at++);
        } else {
            break;
        }
        if (anchored) break;
    }
    out.matcher().settle();
    if (changed) {
        out.add({at, static_cast<std::size_t>(text_end - at)});
        out.push_result();
    } else {
        lua_pushvalue(lua, 1);
    }
    lua_pushinteger(lua, count);
    return 2;
}

}  // namespace tayori::lua

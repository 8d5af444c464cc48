#include "common/lua/pattern.h"

#include <cctype>
#include <cstring>

#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

constexpr char kEscape = '%';

int byte_at(const char* p) { return static_cast<unsigned char>(*p); }

// %a, %d and the like; a capital is the complement; another letter is itself.
bool match_class(int c, int letter) {
    bool is = false;
    switch (std::tolower(letter)) {
        case 'a': is = std::isalpha(c) != 0; break;
        case 'c': is = std::iscntrl(c) != 0; break;
        case 'd': is = std::isdigit(c) != 0; break;
        case 'g': is = std::isgraph(c) != 0; break;
        case 'l': is = std::islower(c) != 0; break;
        case 'p': is = std::ispunct(c) != 0; break;
        case 's': is = std::isspace(c) != 0; break;
        case 'u': is = std::isupper(c) != 0; break;
        case 'w': is = std::isalnum(c) != 0; break;
        case 'x': is = std::isxdigit(c) != 0; break;
        case 'z': is = c == 0; break;  // not in the manual any more, but still there
        default: return letter == c;
    }
    return std::isupper(letter) != 0 ? !is : is;
}

}  // namespace

void Pattern::settle() {
    const auto steps = steps_;
    steps_ = 0;
    State::charge(lua_, steps);
}

int Pattern::check_capture(int letter) {
    const int index = letter - '1';
    if (index < 0 || index >= captures_ || capture_[index].length == kUnfinished)
        return luaL_error(lua_, "invalid capture index %%%d", index + 1);
    return index;
}

int Pattern::capture_to_close() {
    for (int level = captures_ - 1; level >= 0; --level) {
        if (capture_[level].length == kUnfinished) return level;
    }
    return luaL_error(lua_, "invalid pattern capture");
}

// Behind the single character, class or set at p.
const char* Pattern::class_end(const char* p) {
    const char first = *p++;
    if (first == kEscape) {
        if (p == pattern_end_) luaL_error(lua_, "malformed pattern (ends with '%%')");
        return p + 1;
    }
    if (first != '[') return p;
    if (p < pattern_end_ && *p == '^') ++p;
    do {  // a ']' at the head is itself
        if (p == pattern_end_) luaL_error(lua_, "malformed pattern (missing ']')");
        const char c = *p++;
        step();
        if (c == kEscape) {
            if (p == pattern_end_) luaL_error(lua_, "malformed pattern (missing ']')");
            ++p;
        }
    } while (p == pattern_end_ || *p != ']');
    return p + 1;
}

// `ec` is the set's ']'.
bool Pattern::match_set(int c, const char* p, const char* ec) {
    bool found = true;
    if (p[1] == '^') {
        found = false;
        ++p;
    }
    while (++p < ec) {
        step();
        if (*p == kEscape) {
            ++p;
            if (match_class(c, byte_at(p))) return found;
        } else if (p[1] == '-' && p + 2 < ec) {
            p += 2;
            if (byte_at(p - 2) <= c && c <= byte_at(p)) return found;
        } else if (byte_at(p) == c) {
            return found;
        }
    }
    return !found;
}

bool Pattern::single_match(const char* s, const char* p, const char* ep) {
    step();
    if (s >= text_end_) return false;
    const int c = byte_at(s);
    switch (*p) {
        case '.': return true;
        case kEscape: return match_class(c, byte_at(p + 1));
        case '[': return match_set(c, p, ep - 1);
        default: return byte_at(p) == c;
    }
}

const char* Pattern::match_balance(const char* s, const char* p) {
    if (p >= pattern_end_ - 1) luaL_error(lua_, "malformed pattern (missing arguments to '%%b')");
    if (s >= text_end_ || *s != *p) return nullptr;
    const char open = *p;
    const char close = p[1];
    std::size_t depth = 1;
    while (++s < text_end_) {
        step();
        if (*s == close) {
            if (--depth == 0) return s + 1;
        } else if (*s == open) {
            ++depth;
        }
    }
    return nullptr;
}

const char* Pattern::max_expand(const char* s, const char* p, const char* ep) {
    std::ptrdiff_t count = 0;
    while (single_match(s + count, p, ep)) ++count;
    for (; count >= 0; --count) {
        step();
        if (const char* end = match(s + count, ep + 1)) return end;
    }
    return nullptr;
}

const char* Pattern::min_expand(const char* s, const char* p, const char* ep) {
    for (;;) {
        if (const char* end = match(s, ep + 1)) return end;
        if (!single_match(s, p, ep)) return nullptr;
        ++s;
    }
}

const char* Pattern::start_capture(const char* s, const char* p, std::ptrdiff_t what) {
    if (captures_ >= kCapturesMax) luaL_error(lua_, "too many captures");
    capture_[captures_] = {s, what};
    ++captures_;
    const char* end = match(s, p);
    if (end == nullptr) --captures_;
    return end;
}

const char* Pattern::end_capture(const char* s, const char* p) {
    const int level = capture_to_close();
    capture_[level].length = s - capture_[level].begin;
    const char* end = match(s, p);
    if (end == nullptr) capture_[level].length = kUnfinished;
    return end;
}

const char* Pattern::match_capture(const char* s, int letter) {
    const auto& capture = capture_[check_capture(letter)];
    // What stands for a position is longer than any text.
    const auto length = static_cast<std::size_t>(capture.length);
    step(length > static_cast<std::size_t>(text_end_ - s) ? 1 : 1 + length / kBytesPerStep);
    if (static_cast<std::size_t>(text_end_ - s) < length || std::memcmp(capture.begin, s, length) != 0) return nullptr;
    return s + length;
}

bool Pattern::match_frontier(const char*& s, const char*& p) {
    p += 2;
    if (p >= pattern_end_ || *p != '[') luaL_error(lua_, "missing '[' after '%%f' in pattern");
    const char* ep = class_end(p);
    const int before = s == text_begin_ ? 0 : byte_at(s - 1);
    const int here = s < text_end_ ? byte_at(s) : 0;
    if (match_set(before, p, ep - 1) || !match_set(here, p, ep - 1)) {
        s = nullptr;
        return false;
    }
    p = ep;
    return true;
}

bool Pattern::match_default(const char*& s, const char*& p) {
    const char* ep = class_end(p);
    const char suffix = ep < pattern_end_ ? *ep : '\0';
    if (!single_match(s, p, ep)) {
        if (suffix != '*' && suffix != '?' && suffix != '-') {
            s = nullptr;
            return false;
        }
        p = ep + 1;  // none at all will do
        return true;
    }
    switch (suffix) {
        case '?':
            if (const char* end = match(s + 1, ep + 1)) {
                s = end;
                return false;
            }
            p = ep + 1;
            return true;
        case '+': s = max_expand(s + 1, p, ep); return false;
        case '*': s = max_expand(s, p, ep); return false;
        case '-': s = min_expand(s, p, ep); return false;
        default:
            ++s;
            p = ep;
            return true;
    }
}

bool Pattern::match_special(const char*& s, const char*& p) {
    switch (*p) {
        case '(':
            s = p + 1 < pattern_end_ && p[1] == ')' ? start_capture(s, p + 2, kPosition) : start_capture(s, p + 1, kUnfinished);
            return false;
        case ')': s = end_capture(s, p + 1); return false;
        case '$':
            if (p + 1 != pattern_end_) return match_default(s, p);
            if (s != text_end_) s = nullptr;
            return false;
        case kEscape: {
            const char kind = p + 1 < pattern_end_ ? p[1] : '\0';
            if (kind == 'b') {
                s = match_balance(s, p + 2);
                p += 4;
                return s != nullptr;
            }
            if (kind == 'f') return match_frontier(s, p);
            if (kind >= '0' && kind <= '9') {
                s = match_capture(s, static_cast<unsigned char>(kind));
                p += 2;
                return s != nullptr;
            }
            return match_default(s, p);
        }
        default: return match_default(s, p);
    }
}

const char* Pattern::match(const char* s, const char* p) {
    if (depth_-- == 0) luaL_error(lua_, "pattern too complex");
    do {
        step();
    } while (p != pattern_end_ && match_special(s, p));
    ++depth_;
    return s;
}

void Pattern::push_capture(int index, const char* begin, const char* end) {
    if (index >= captures_) {
        if (index != 0) luaL_error(lua_, "invalid capture index %%%d", index + 1);
        lua_pushlstring(lua_, begin, static_cast<std::size_t>(end - begin));
        return;
    }
    const auto& capture = capture_[index];
    if (capture.length == kUnfinished) luaL_error(lua_, "unfinished capture");
    if (capture.length == kPosition) {
        lua_pushinteger(lua_, capture.begin - text_begin_ + 1);
    } else {
        lua_pushlstring(lua_, capture.begin, static_cast<std::size_t>(capture.length));
    }
}

int Pattern::push_captures(const char* begin, const char* end) {
    const int count = captures_ == 0 && begin != nullptr ? 1 : captures_;
    luaL_checkstack(lua_, count, "too many captures");
    for (int i = 0; i < count; ++i) push_capture(i, begin, end);
    return count;
}

}  // namespace tayori::lua

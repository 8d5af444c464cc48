// One pattern on one text, for match.cc. After Lua 5.4's reference manual, §6.4.1, and the behaviour of its library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <string_view>

namespace tayori::lua {

class Pattern {
  public:
    static constexpr int kCapturesMax = 32;
    static constexpr int kDepthMax = 200;  // matches within matches

    // Both must stay on Lua's stack. The pattern is without its anchor.
    Pattern(lua_State* lua, std::string_view text, std::string_view pattern)
        : lua_(lua),
          text_begin_(text.data()),
          text_end_(text.data() + text.size()),
          pattern_begin_(pattern.data()),
          pattern_end_(pattern.data() + pattern.size()) {}

    // The end of the match that begins at `at`; null: there is none.
    const char* match_at(const char* at) {
        captures_ = 0;
        depth_ = kDepthMax;
        return match(at, pattern_begin_);
    }
    // Pushes all captures; without any the whole match, where `begin` is given.
    int push_captures(const char* begin, const char* end);
    // Pushes one: 0 is the first, or the whole match where there are none.
    void push_capture(int index, const char* begin, const char* end);
    // To charge what has been counted and not said yet. Called when a function is done.
    void settle();

  private:
    static constexpr std::ptrdiff_t kUnfinished = -1;
    static constexpr std::ptrdiff_t kPosition = -2;
    static constexpr std::uint32_t kSettleSteps = 1024;

    void step(std::size_t steps = 1) {
        steps_ += steps;
        if (steps_ >= kSettleSteps) settle();
    }
    const char* match(const char* s, const char* p);
    // One of match's steps: true goes on in its loop with the new s and p, false returns s.
    bool match_special(const char*& s, const char*& p);
    bool match_default(const char*& s, const char*& p);
    bool match_frontier(const char*& s, const char*& p);
    const char* match_balance(const char* s, const char* p);
    const char* match_capture(const char* s, int letter);
    const char* max_expand(const char* s, const char* p, const char* ep);
    const char* min_expand(const char* s, const char* p, const char* ep);
    const char* start_capture(const char* s, const char* p, std::ptrdiff_t what);
    const char* end_capture(const char* s, const char* p);
    bool single_match(const char* s, const char* p, const char* ep);
    bool match_set(int c, const char* p, const char* ec);
    const char* class_end(const char* p);
    int check_capture(int letter);
    int capture_to_close();

    lua_State* lua_;
    const char* text_begin_;
    const char* text_end_;
    const char* pattern_begin_;
    const char* pattern_end_;
    int captures_ = 0;
    int depth_ = kDepthMax;
    std::size_t steps_ = 0;
    struct Capture {
        const char* begin;
        std::ptrdiff_t length;
    } capture_[kCapturesMax];
};

}  // namespace tayori::lua

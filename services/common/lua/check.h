// Arguments of bindings, checked: what is wrong is said with the function's name and what would be right.
//
// A binding that throws ScriptError becomes a Lua error in guarded(), with the line of the plugin. Lua's own errors pass through it: in the
// C++ build they are exceptions, too.
#pragma once

#include <lua.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::lua {

inline constexpr std::size_t kBindingErrorBytesMax = 500;   // of a message from a binding
inline constexpr std::size_t kListEntriesMax = 1000; // of a list that a binding takes

struct ScriptError {
    std::string text;
};
[[noreturn]] void script_error(std::string text);

// "; did you mean `text`?", or all of them: what would have been right instead of a name.
std::string suggest(std::string_view wrong, std::span<const char* const> names);

// "a table", "nothing": of the value at `index`, for messages.
const char* kind_of(lua_State* lua, int index);

// The arguments of one call, in order.
class Arguments {
  public:
    // `first`: the index of the first one; 2 where there is a self.
    Arguments(lua_State* lua, const char* function, int first) : lua_(lua), function_(function), index_(first), first_(first) {}

    std::string_view text(const char* name, std::size_t bytes_max);
    std::optional<std::string_view> optional_text(const char* name, std::size_t bytes_max);
    std::int64_t integer(const char* name, std::int64_t least, std::int64_t most);
    std::optional<std::int64_t> optional_integer(const char* name, std::int64_t least, std::int64_t most);
    bool has_more() const { return index_ <= lua_gettop(lua_); }
    bool is_nil() const { return lua_isnoneornil(lua_, index_); }
    int take() { return index_++; }  // the index of the next one, unchecked
    void end();                      // there are no more

  private:
    [[noreturn]] void wrong(const char* name, const char* wanted);
    lua_State* lua_;
    const char* function_;
    int index_;
    int first_;
};

// A table of named options. Only the names of `known` may be in it.
class Options {
  public:
    // Without a table all are absent, where that is allowed.
    enum class Need { must, may };
    Options(lua_State* lua, const char* function, int index, std::span<const char* const> known, Need need);

    std::string_view text(const char* name, std::size_t bytes_max);
    std::optional<std::string_view> optional_text(const char* name, std::size_t bytes_max);
    std::int64_t integer(const char* name, std::int64_t least, std::int64_t most);
    std::optional<std::int64_t> optional_integer(const char* name, std::int64_t least, std::int64_t most);
    std::optional<double> optional_number(const char* name, double least, double most);
    std::optional<bool> optional_boolean(const char* name);
    bool boolean(const char* name) { return optional_boolean(name).value_or(false); }
    // One of these words.
    std::optional<std::string_view> optional_word(const char* name, std::span<const char* const> words);

  private:
    bool get(const char* name);  // pushes it; false, and nothing pushed: it is absent
    [[noreturn]] void wrong(const char* name, const char* wanted);
    [[noreturn]] void missing(const char* name, const char* wanted);
    lua_State* lua_;
    const char* function_;
    int index_;
    bool given_ = false;
};

// Text, or a list of texts, at `index`.
std::vector<std::string> take_texts(lua_State* lua, const char* what, int index, std::size_t bytes_max);

using Binding = int (*)(lua_State*);
// Runs it and raises what went wrong.
int run_guarded(lua_State* lua, Binding binding);
template <Binding binding>
int guarded(lua_State* lua) {
    return run_guarded(lua, binding);
}

}  // namespace tayori::lua

#include "common/lua/state.h"

#include "common/base/text.h"
#include "common/lua/sandbox.h"
#include "common/mail/utf8.h"

namespace tayori::lua {

struct State::Inner {
    Sandbox box;

    Inner() = default;
    Inner(const Inner&) = delete;
    Inner& operator=(const Inner&) = delete;
    ~Inner() {
        auto* lua = std::exchange(box.lua, nullptr);  // the allocator sets no hook any more
        if (lua != nullptr) lua_close(lua);
    }
};

namespace {

constexpr int kLoadingTimes = 10;  // loading may take so many times the clock of a call: files are compiled

struct HookCall {
    int function;
    const State::Push* push;
    const State::Take* take;
};

int run_hook(lua_State* lua) {
    const auto& call = *static_cast<const HookCall*>(lua_touserdata(lua, 1));
    lua_settop(lua, 0);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, call.function);
    const int arguments = (*call.push)(lua);
    lua_call(lua, arguments, 1);
    (*call.take)(lua);
    return 0;
}

int open_libraries(lua_State* lua) {
    forget_weak_tables(lua);
    lua_newtable(lua);
    open_basic(lua);
    open_strings(lua);
    open_tables(lua);
    use_as_globals(lua);
    return 0;
}

int load_plugin_file(lua_State* lua) {
    lua_settop(lua, 0);
    lua_pushcfunction(lua, require_source);  // `tayori` is there for whoever asks, its memory is counted with the plugin's
    lua_pushliteral(lua, "tayori");
    lua_call(lua, 1, 0);
    run_source(lua, "plugin.lua");
    check_plugin(lua);
    return 0;
}

// An error value as text. __tostring is the plugin's code: it runs as such, with what is left of the budgets.
int error_to_text(lua_State* lua) {
    if (luaL_getmetafield(lua, 1, "__tostring") == LUA_TNIL && luaL_getmetafield(lua, 1, "__name") == LUA_TNIL) return 0;
    luaL_tolstring(lua, 1, nullptr);
    return 1;
}

std::string bounded_text(const char* data, std::size_t size) {
    return mail::to_valid_utf8(mail::clip_utf8(std::string_view(data, size), kErrorBytesMax));
}

// With the error value at the top of the stack, which is taken off.
std::string error_text(lua_State* lua, int status, const Sandbox& box) {
    if (status == LUA_ERRMEM && box.refused_table) return cat("a table with more than ", kTableNamesMax, " named members");
    if (status == LUA_ERRMEM) return cat("not enough memory: a plugin may hold ", box.limits.memory_bytes, " bytes");
    if (status < 0) return "an exception in Tayori itself";  // of C++, caught by Lua on its way
    const int type = lua_type(lua, -1);
    if (type == LUA_TTABLE || type == LUA_TUSERDATA) {
        lua_pushcfunction(lua, error_to_text);
        lua_insert(lua, -2);
        if (lua_pcall(lua, 1, 1, 0) != LUA_OK || lua_type(lua, -1) != LUA_TSTRING) return "an error that has no text";
    }
    if (lua_type(lua, -1) == LUA_TSTRING) {
        std::size_t size = 0;
        const char* data = lua_tolstring(lua, -1, &size);
        return bounded_text(data, size);
    }
    switch (type) {
        case LUA_TNUMBER: return cat("error ", static_cast<std::int64_t>(lua_tonumber(lua, -1)));
        case LUA_TBOOLEAN: return lua_toboolean(lua, -1) != 0 ? "error(true)" : "error(false)";
        case LUA_TNIL: return "error(nil)";
        default: return cat("error(", lua_typename(lua, type), ")");
    }
}

State::Failed failure(lua_State* lua, int status, Sandbox& box) {
    State::Failed failed;
    if (!box.exhausted) failed.text = error_text(lua, status, box);
    failed.exhausted = box.exhausted;
    failed.stack = box.stack;
    if (box.exhausted) failed.text = box.reason;
    // Errors that the code of plugins raises begin with their place; others get it from the stack.
    const auto first = failed.stack.substr(0, failed.stack.find('\n'));
    const auto at = first.substr(0, first.find(": in "));
    if (!at.empty() && !failed.text.starts_with(cat(box.name, "/"))) failed.text = cat(at, ": ", failed.text);
    lua_settop(lua, 0);
    return failed;
}

}  // namespace

State::State(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}
State::~State() = default;

Result<std::unique_ptr<State>> State::open(const std::map<std::string, std::string>& sources, const std::string& name,
                                           const Limits& limits) {
    auto inner = std::make_unique<Inner>();
    auto& box = inner->box;
    box.limits = limits;
    box.limits.wall *= kLoadingTimes;
    box.name = name;
    box.sources = &sources;
    auto* lua = lua_newstate(allocate, &box);
    if (lua == nullptr) return fail(Kind::busy, cat(name, ": not enough memory to begin with"));
    *static_cast<Sandbox**>(lua_getextraspace(lua)) = &box;
    box.lua = lua;
    begin_call(box);
    for (const lua_CFunction step : {open_libraries, load_plugin_file}) {
        lua_pushcfunction(lua, note_error);
        lua_pushcfunction(lua, step);
        const int status = lua_pcall(lua, 0, 0, 1);
        if (status != LUA_OK || box.exhausted) {
            auto failed = failure(lua, status, box);
            if (!failed.text.starts_with(cat(name, "/"))) failed.text = cat(name, "/plugin.lua: ", failed.text);
            return fail(Kind::invalid, std::move(failed.text), std::move(failed.stack));
        }
        lua_settop(lua, 0);
    }
    box.sources = nullptr;
    box.limits = limits;
    return std::unique_ptr<State>(new State(std::move(inner)));
}

const std::string& State::declaration_json() const { return inner_->box.declaration_json; }
bool State::has(const std::string& hook) const { return inner_->box.hooks.contains(hook); }

tl::expected<void, State::Failed> State::call(const std::string& hook, const Push& push, const Take& take) {
    auto& box = inner_->box;
    const auto found = box.hooks.find(hook);
    if (found == box.hooks.end()) return tl::unexpected(Failed{cat(box.name, " has no hook ", hook), {}, false});
    auto* lua = box.lua;
    begin_call(box);
    const HookCall call{found->second, &push, &take};
    lua_settop(lua, 0);
    lua_pushcfunction(lua, note_error);
    lua_pushcfunction(lua, run_hook);
    lua_pushlightuserdata(lua, const_cast<HookCall*>(&call));
    const int status = lua_pcall(lua, 1, 0, 1);
    if (status != LUA_OK || box.exhausted) return tl::unexpected(failure(lua, status, box));
    lua_settop(lua, 0);
    return {};
}

void State::set_context(void* context) { inner_->box.context = context; }
void* State::context(lua_State* lua) { return sandbox_of(lua).context; }
std::string State::where(lua_State* lua) { return place(lua, 0); }
lua_State* State::lua() const { return inner_->box.lua; }

}  // namespace tayori::lua

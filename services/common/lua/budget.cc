#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

#include "common/base/text.h"
#include "common/lua/sandbox.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

using SteadyClock = std::chrono::steady_clock;

void on_count(lua_State* lua, lua_Debug* debug);

// What one instruction can cost in C (comparing, hashing or reading a text, going over a table) grows with what the plugin holds.
int quantum_for(std::size_t held) {
    if (held <= 1024 * 1024) return 500;
    return held <= 4 * 1024 * 1024 ? 100 : 20;
}

void set_quantum(Sandbox& box, int instructions) {
    if (box.quantum == instructions) return;
    box.quantum = instructions;
    lua_sethook(box.lua, on_count, LUA_MASKCOUNT, instructions);
}

[[noreturn]] void raise_exhausted(lua_State* lua, const Sandbox& box) {
    lua_pushlstring(lua, box.reason.data(), box.reason.size());
    lua_error(lua);
    std::abort();  // lua_error does not come back
}

void check_budgets(lua_State* lua, Sandbox& box) {
    if (box.exhausted) raise_exhausted(lua, box);
    box.unclocked = 0;
    std::string reason;
    if (box.steps_left < 0) {
        reason = cat("used up its ", box.limits.instructions, " instructions");
    } else if (SteadyClock::now() > box.wall_end) {
        reason = cat("took longer than its ", box.limits.wall.count(), " ms");
    } else {
        return;
    }
    const auto at = place(lua, 0);
    box.reason = at.empty() ? reason : cat(at, ": ", reason);
    box.exhausted = true;
    set_quantum(box, 1);
    raise_exhausted(lua, box);
}

void on_count(lua_State* lua, lua_Debug*) {
    auto& box = sandbox_of(lua);
    box.steps_left -= box.quantum;
    check_budgets(lua, box);
    set_quantum(box, quantum_for(box.held));
}

// The allocator is called in the midst of things, so that the hook has to look instead.
void look_soon(Sandbox& box, std::size_t bytes) {
    if (box.lua == nullptr) return;
    box.steps_left -= box.quantum + static_cast<std::int64_t>(bytes / kBytesPerStep);
    set_quantum(box, 1);
}

// Is this a fresh hash part of a table, of more than kTableNamesMax entries? Lua gives the kind of whole objects in place of the old
// size, and hardly anything else has as many bytes.
bool is_large_hash(const void* block, std::size_t kind, std::size_t bytes) {
    constexpr std::size_t kEntryBytes = 24;
    return block == nullptr && kind == 0 && bytes > kEntryBytes * kTableNamesMax && bytes % kEntryBytes == 0 &&
           std::has_single_bit(bytes / kEntryBytes);
}

int charged_call(lua_State* lua) {
    const std::size_t bytes = lua_type(lua, 1) == LUA_TSTRING ? lua_rawlen(lua, 1) : 0;
    State::charge(lua, 1 + bytes / kBytesPerStep * 4);
    return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

}  // namespace

void* allocate(void* sandbox, void* block, std::size_t bytes_old, std::size_t bytes) {
    auto& box = *static_cast<Sandbox*>(sandbox);
    if (is_large_hash(block, bytes_old, bytes)) {
        box.refused_table = true;
        look_soon(box, box.held);
        return nullptr;
    }
    if (block == nullptr) bytes_old = 0;  // it is the kind of the new object then
    if (bytes == 0) {
        std::free(block);
        box.held -= bytes_old;
        return nullptr;
    }
    if (bytes > bytes_old) {
        const auto room = box.limits.memory_bytes - std::min(box.held, box.limits.memory_bytes);
        if (bytes - bytes_old > room) {
            // Lua collects all garbage before it gives up, each time.
            look_soon(box, box.held);
            return nullptr;
        }
    }
    void* fresh = std::realloc(block, bytes);
    if (fresh == nullptr) return bytes <= bytes_old ? block : nullptr;  // Lua counts on it that shrinking never fails
    box.held += bytes - bytes_old;
    if (bytes > bytes_old) box.allocated += bytes;
    if (box.allocated >= kAllocatedLookBytes) {
        look_soon(box, box.allocated);
        box.allocated = 0;
    }
    return fresh;
}

void begin_call(Sandbox& box) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 2);
    box.steps_left = static_cast<std::int64_t>(std::min(box.limits.instructions, kMost));
    box.unclocked = 0;
    box.wall_end = SteadyClock::now() + box.limits.wall;
    box.allocated = 0;
    box.exhausted = false;
    box.refused_table = false;
    box.reason.clear();
    box.stack.clear();
    set_quantum(box, quantum_for(box.held));
}

void State::charge(lua_State* lua, std::uint64_t steps) {
    auto& box = sandbox_of(lua);
    const auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(box.steps_left, 0));
    if (steps > left) {
        box.steps_left = -1;
    } else {
        box.steps_left -= static_cast<std::int64_t>(steps);
        box.unclocked += steps;
        if (box.unclocked < kClockSteps && !box.exhausted) return;
    }
    check_budgets(lua, box);
}

std::string place(lua_State* lua, int level) {
    lua_Debug debug;
    for (; lua_getstack(lua, level, &debug) != 0 && level < kStackLevelsMax; ++level) {
        lua_getinfo(lua, "Sl", &debug);
        if (debug.currentline > 0) return cat(debug.short_src, ":", debug.currentline);
    }
    return {};
}

// Not luaL_traceback: it allocates from Lua, which has run out of memory perhaps.
std::string stack_text(lua_State* lua) {
    std::string out;
    lua_Debug debug;
    for (int level = 0; level < kStackLevelsMax && lua_getstack(lua, level, &debug) != 0; ++level) {
        lua_getinfo(lua, "Sln", &debug);
        if (debug.currentline <= 0) continue;  // C code: of Tayori's or Lua's own
        append(out, out.empty() ? "" : "\n", debug.short_src, ":", debug.currentline);
        if (debug.name != nullptr) append(out, ": in ", debug.name);
    }
    return out;
}

int note_error(lua_State* lua) {
    auto& box = sandbox_of(lua);
    if (!box.exhausted || box.stack.empty()) box.stack = stack_text(lua);
    return 1;
}

void push_charged(lua_State* lua, lua_CFunction function) {
    lua_pushcfunction(lua, function);
    lua_pushcclosure(lua, charged_call, 1);
}

}  // namespace tayori::lua

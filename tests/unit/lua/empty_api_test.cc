#include "common/lua/state.h"

namespace tayori::lua {
__attribute__((weak)) void open_api(lua_State*) {}
}  // namespace tayori::lua

#include "common/base/result.h"

namespace tayori {

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::invalid: return "invalid";
        case Kind::unsupported: return "unsupported";
        case Kind::auth_failed: return "auth_failed";
        case Kind::denied: return "denied";
        case Kind::not_found: return "not_found";
        case Kind::no_target: return "no_target";
        case Kind::exists: return "exists";
        case Kind::too_big: return "too_big";
        case Kind::over_quota: return "over_quota";
        case Kind::no_space: return "no_space";
        case Kind::in_use: return "in_use";
        case Kind::busy: return "busy";
        case Kind::closed: return "closed";
        case Kind::corrupt: return "corrupt";
        case Kind::internal: return "internal";
    }
    return "internal";
}

}  // namespace tayori

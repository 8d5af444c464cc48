#include "pop3d/replies.h"

#include <string_view>

#include "common/base/text.h"

namespace tayori::pop3 {
namespace {

std::string_view code_of(Kind kind) {
    switch (kind) {
        case Kind::auth_failed: return "[AUTH] ";       // the credentials are wrong (RFC 3206 §4)
        case Kind::in_use: return "[IN-USE] ";
        case Kind::no_space:
        case Kind::over_quota:
        case Kind::busy:
        case Kind::internal: return "[SYS/TEMP] ";
        case Kind::denied:                              // not the credentials: an administrator has to act
        case Kind::corrupt: return "[SYS/PERM] ";
        case Kind::invalid:
        case Kind::unsupported:
        case Kind::not_found:
        case Kind::no_target:
        case Kind::exists:
        case Kind::too_big:
        case Kind::closed: return "";
    }
    return "";
}

}  // namespace

std::string error_reply(const Error& error) {
    return cat("-ERR ", code_of(error.kind), error.text, "\r\n");
}

}  // namespace tayori::pop3

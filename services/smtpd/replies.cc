#include "smtpd/replies.h"

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

struct Code {
    int code;
    const char* enhanced;
};

// Temporary trouble is 4xx at every stage: a wrong 5xx loses mail.
Code code_of(Kind kind, Stage stage) {
    switch (kind) {
        case Kind::invalid:
            switch (stage) {
                case Stage::session: return {501, "5.5.4"};
                case Stage::sender: return {501, "5.1.7"};     // bad sender's address syntax
                case Stage::recipient: return {501, "5.1.3"};  // bad destination address syntax
                case Stage::message: return {554, "5.6.0"};
            }
            return {501, "5.5.4"};
        case Kind::unsupported:
            // An address that needs SMTPUTF8, which was not asked for (RFC 6531 §3.5).
            if (stage == Stage::sender) return {550, "5.6.7"};
            if (stage == Stage::recipient) return {553, "5.6.7"};
            return {504, "5.5.4"};
        case Kind::auth_failed: return {535, "5.7.8"};
        case Kind::denied:
            if (stage == Stage::sender) return {553, "5.7.1"};
            if (stage == Stage::session) return {535, "5.7.8"};
            return {550, "5.7.1"};
        case Kind::too_big: return {552, "5.3.4"};
        case Kind::no_space: return {452, "4.3.1"};
        case Kind::not_found: return {550, "5.1.1"};
        case Kind::over_quota: return {452, "4.2.2"};
        case Kind::no_target:
        case Kind::exists:
        case Kind::in_use:
        case Kind::busy:
        case Kind::closed:
        case Kind::corrupt:
        case Kind::internal: return {451, "4.3.0"};
    }
    return {451, "4.3.0"};
}

}  // namespace

std::string reply(int code, std::string_view enhanced, std::string_view text) {
    std::string out;
    for (;;) {
        const auto end = text.find('\n');
        const bool last = end == std::string_view::npos;
        append(out, code, last ? ' ' : '-', enhanced, enhanced.empty() ? "" : " ", text.substr(0, end), "\r\n");
        if (last) return out;
        text.remove_prefix(end + 1);
    }
}

std::string error_reply(const Error& error, Stage stage) {
    const auto code = code_of(error.kind, stage);
    // During AUTH, what is temporary has its own code (RFC 4954 §6).
    if (stage == Stage::session && error.kind == Kind::busy) return reply(454, "4.7.0", error.text);
    return reply(code.code, code.enhanced, error.text);
}

}  // namespace tayori::smtp

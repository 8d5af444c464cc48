#include "imapd/replies.h"

#include "common/base/text.h"

namespace tayori::imap {
namespace {

// RFC 5530 §3; TOOBIG and OVERQUOTA are from RFC 7889 §4 and RFC 9208 §4.3.
std::string_view code_of(Kind kind) {
    switch (kind) {
        case Kind::invalid:
            return "";
        case Kind::unsupported:
            return "CANNOT";
        case Kind::auth_failed:
            return "AUTHENTICATIONFAILED";
        case Kind::denied:
            return "NOPERM";
        case Kind::not_found:
            return "NONEXISTENT";
        case Kind::no_target:
            return "TRYCREATE";
        case Kind::exists:
            return "ALREADYEXISTS";
        case Kind::too_big:
            return "TOOBIG";
        case Kind::over_quota:
            return "OVERQUOTA";
        case Kind::no_space:
            return "UNAVAILABLE";
        case Kind::in_use:
            return "INUSE";
        case Kind::busy:
            return "UNAVAILABLE";
        case Kind::closed:
            return "UNAVAILABLE";
        case Kind::corrupt:
            return "CORRUPTION";
        case Kind::internal:
            return "SERVERBUG";
    }
    return "SERVERBUG";
}

}  // namespace

Reply reply_to(const Error& error) {
    auto text = error.text.empty() ? std::string("Failed.") : error.text;
    if (error.kind == Kind::invalid) return Reply::bad(std::move(text));
    return Reply::no(std::string(code_of(error.kind)), std::move(text));
}

void append_reply(std::string& out, std::string_view tag, const Reply& reply) {
    const auto status = reply.status == Reply::Status::ok   ? " OK "
                        : reply.status == Reply::Status::no ? " NO "
                                                            : " BAD ";
    append(out, tag, status);
    if (!reply.code.empty()) append(out, '[', reply.code, "] ");
    append(out, reply.text, "\r\n");
}

std::string bye(std::string_view text) { return cat("* BYE ", text, "\r\n"); }

}  // namespace tayori::imap

// Errors are values. Every function that can fail gives a Result<T>; one table per protocol turns an Error
// into a reply (imapd/replies.cc, smtpd/replies.cc, pop3d/replies.cc, rpc/status.cc).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace tayori {

// What went wrong, as far as a protocol has different answers for it. `closed` has no reply: nobody listens.
enum class Kind {
    invalid,      // malformed request
    unsupported,  // well-formed, but we do not do that
    auth_failed,  // wrong name or password, or no valid ticket
    denied,       // authenticated, but not allowed
    not_found,    // the thing named does not exist
    no_target,    // the mailbox to copy, move or append to does not exist (TRYCREATE)
    exists,       // the thing to create exists already
    too_big,      // above a size limit, will never fit
    over_quota,   // the account is full; may change
    no_space,     // the disk is full; may change
    in_use,       // locked by another session
    busy,         // temporary trouble: try again later
    closed,       // the peer is gone
    corrupt,      // stored data failed its check
    internal,     // a bug
};

std::string_view to_string(Kind kind);

struct [[nodiscard]] Error {
    Kind kind = Kind::internal;
    std::string text;    // shown to the client: never a path, host, user or cause
    std::string detail;  // for the log only

    static Error make(Kind kind, std::string text, std::string detail = {}) {
        return {kind, std::move(text), std::move(detail)};
    }
};

template <class T>
using Result = tl::expected<T, Error>;

// `return fail(Kind::not_found, "No such mailbox.");` in a function that returns a Result;
// `co_await fail(…)` in a coroutine (async.h), which does not come back.
inline tl::unexpected<Error> fail(Kind kind, std::string text, std::string detail = {}) {
    return tl::unexpected<Error>(Error::make(kind, std::move(text), std::move(detail)));
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace tayori

// The server's side of SASL as the protocol daemons speak it: PLAIN (RFC 4616), LOGIN (as clients do it), and
// SCRAM-SHA-256 (RFC 7677). The daemon moves lines, spoold knows the secrets; what comes out is a ticket.
//
//   auto login = co_await sasl::authenticate(lines, spool, client, "PLAIN", initial_response).result();
//
// Nothing here is logged, and what the client sent lives only as long as the exchange.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/async.h"
#include "common/rpc/spool.h"

namespace tayori::sasl {

// The mechanisms as EHLO, CAPABILITY and CAPA list them, strongest first.
inline constexpr std::string_view kMechanisms[] = {"SCRAM-SHA-256", "PLAIN", "LOGIN"};
inline constexpr std::size_t kResponseBytesMax = 8192;  // decoded; RFC 4954 §4 asks for lines of 12,288

// How a protocol asks: "334 <text>", "+ <text>". Both sides are base64 on the wire.
class Lines {
  public:
    virtual ~Lines() = default;
    // Sends the challenge and returns the client's line as it is; errors of the connection leave.
    virtual Async<std::string> ask(std::string challenge_base64) = 0;
};

struct Login {
    rpc::Ticket ticket;
    std::uint64_t account_id = 0;
    std::string address;  // the account's own
    rpc::v1::ImapAccess imap = rpc::v1::IMAP_ACCESS_UNSPECIFIED;  // of a login by IMAP: without a ticket where it is refused
};

// `initial` is the initial response as sent ("=" stands for an empty one, RFC 4954 §4, RFC 4959 §3); no value: none.
// Errors: unsupported (no such mechanism), invalid (malformed, or the client sent "*"), auth_failed, denied, busy.
Async<Login> authenticate(Lines& lines, rpc::Spool& spool, rpc::v1::ClientInfo client, std::string mechanism,
                          std::optional<std::string> initial);

// The same outcome for protocols' own logins: LOGIN, USER and PASS.
Async<Login> log_in(rpc::Spool& spool, rpc::v1::ClientInfo client, std::string user, std::string password);

}  // namespace tayori::sasl

// SCRAM-SHA-256, the server's side: messages and proofs as pure functions (RFC 5802, RFC 7677). Who the user is, what
// is counted and what is remembered between both steps is auth.cc's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::spool {

struct ScramKeys {
    std::string salted_password;
    std::string stored_key;
    std::string server_key;
};
// RFC 5802 §3; the password is prepared already. Milliseconds.
ScramKeys scram_keys(std::string_view prepared_password, std::string_view salt, std::uint32_t iterations);

struct ScramClientFirst {
    std::string gs2_header;  // with its final comma: what c= must repeat
    std::string authzid;     // empty: none
    std::string bare;        // client-first-message-bare
    std::string user;
    std::string nonce;
};
// invalid: malformed. unsupported: channel binding (we offer no -PLUS) or a mandatory extension.
Result<ScramClientFirst> parse_client_first(std::string_view message);

std::string server_first(std::string_view nonce, std::string_view salt, std::uint32_t iterations);

// What stands in the exchange after the first step.
struct ScramExchange {
    std::string gs2_header;
    std::string client_first_bare;
    std::string server_first;
    std::string nonce;  // client's and server's
    std::string stored_key;
    std::string server_key;
};
// "v=…" if the proof is right. invalid: malformed; auth_failed: anything else.
Result<std::string> finish_scram(const ScramExchange& exchange, std::string_view client_final);

}  // namespace tayori::spool

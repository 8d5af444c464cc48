// The plugins' hooks of pop3d: login, and expunge at QUIT after DELE. Where nobody has such a plugin nothing is asked.
#pragma once

#include <optional>
#include <string>

#include "pop3d/session.h"

namespace tayori::pop3 {

// The refusal as a line, or nothing. Errors: busy.
Async<std::optional<std::string>> run_login_hook(Session& session, std::uint64_t account_id, std::string address);

struct ExpungeDecision {
    std::optional<std::string> refusal;                 // nothing is removed, and the client is told so
    std::optional<rpc::v1::RemovedMail> removed;        // what becomes of the mails instead
};
Async<ExpungeDecision> run_expunge_hook(Session& session);

}  // namespace tayori::pop3

// The hooks of a session, from connect to rcpt: whose plugins run, and what they are given.
//
// Where nobody has such a plugin nothing is asked and nothing waits.
#pragma once

#include <optional>
#include <string>

#include "common/lua/job.h"
#include "smtpd/session.h"

namespace tayori::smtp {

// What plugins see of the session now.
lua::SessionView session_view(Session& session);
// An account behind a recipient. `profile` null: it has no plugins.
lua::AccountView account_view(const rpc::v1::Target& target, const std::string& path, lua::ProfilePtr profile);

// connect, helo, auth, mail. What they decide beside a refusal is kept for the session's mails, or of `mail` for this one; of `auth` it
// takes effect at once. Errors: busy.
Async<std::optional<lua::Refusal>> run_session_hook(Session& session, lua::Hook hook);
// rcpt, for each account behind the recipient, and for the sender's own. Whoever refuses refuses the recipient: of an address that
// leads to several nobody is left out behind the sender's back.
Async<std::optional<lua::Refusal>> run_rcpt_hooks(Session& session, const PlanRecipient& recipient);
// The profiles of a recipient's targets, which must outlive it; none where nobody has plugins.
Async<std::vector<lua::ProfilePtr>> target_profiles(daemon::Plugins& plugins, const std::vector<rpc::v1::Target>& targets);

}  // namespace tayori::smtp

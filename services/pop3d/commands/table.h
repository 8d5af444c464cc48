// The commands of POP3, and the states that allow them (RFC 1939 §3).
#pragma once

#include <string>
#include <string_view>

#include "pop3d/session.h"

namespace tayori::pop3 {

using Handler = Async<void> (*)(Session&, std::string argument);

enum State : unsigned { authorization = 1, transaction = 2 };

struct CommandRow {
    std::string_view verb;
    Handler handler;
    unsigned allowed;
};

const CommandRow* find_command(std::string_view verb);

Async<void> cmd_capa(Session& session, std::string argument);
Async<void> cmd_user(Session& session, std::string argument);
Async<void> cmd_pass(Session& session, std::string argument);
Async<void> cmd_auth(Session& session, std::string argument);
Async<void> cmd_stls(Session& session, std::string argument);
Async<void> cmd_stat(Session& session, std::string argument);
Async<void> cmd_list(Session& session, std::string argument);
Async<void> cmd_uidl(Session& session, std::string argument);
Async<void> cmd_retr(Session& session, std::string argument);
Async<void> cmd_top(Session& session, std::string argument);
Async<void> cmd_dele(Session& session, std::string argument);
Async<void> cmd_rset(Session& session, std::string argument);
Async<void> cmd_noop(Session& session, std::string argument);
Async<void> cmd_quit(Session& session, std::string argument);

}  // namespace tayori::pop3

// The commands of SMTP: one row, one file each.
#pragma once

#include <string>
#include <string_view>

#include "smtpd/session.h"

namespace tayori::smtp {

using Handler = Async<void> (*)(Session&, std::string argument);

struct CommandRow {
    std::string_view verb;
    Handler handler;
    Stage stage;  // which codes an error of it gets
};

const CommandRow* find_command(std::string_view verb);

Async<void> cmd_ehlo(Session& session, std::string argument);
Async<void> cmd_helo(Session& session, std::string argument);
Async<void> cmd_lhlo(Session& session, std::string argument);
Async<void> cmd_starttls(Session& session, std::string argument);
Async<void> cmd_auth(Session& session, std::string argument);
Async<void> cmd_mail(Session& session, std::string argument);
Async<void> cmd_rcpt(Session& session, std::string argument);
Async<void> cmd_data(Session& session, std::string argument);
Async<void> cmd_bdat(Session& session, std::string argument);
Async<void> cmd_rset(Session& session, std::string argument);
Async<void> cmd_noop(Session& session, std::string argument);
Async<void> cmd_vrfy(Session& session, std::string argument);
Async<void> cmd_help(Session& session, std::string argument);
Async<void> cmd_quit(Session& session, std::string argument);

}  // namespace tayori::smtp

// The commands, and what the table says of each.
#pragma once

#include <string>
#include <string_view>

#include "imapd/grammar/args.h"
#include "imapd/session.h"

namespace tayori::imap {

struct CommandRow {
    std::string_view name;
    Async<Reply> (*handler)(Session&, Args);
    unsigned states;    // State bits that allow it
    Expunges expunges;  // may EXPUNGE be told at its end?
    bool by_uid;        // its FETCH responses name the UID
};

const CommandRow* find_command(std::string_view name);
std::string wrong_state(const CommandRow& row, State state);

// One per file, in the order of the table.
Async<Reply> cmd_capability(Session&, Args);
Async<Reply> cmd_noop(Session&, Args);
Async<Reply> cmd_logout(Session&, Args);
Async<Reply> cmd_id(Session&, Args);
Async<Reply> cmd_starttls(Session&, Args);
Async<Reply> cmd_authenticate(Session&, Args);
Async<Reply> cmd_login(Session&, Args);
Async<Reply> cmd_enable(Session&, Args);
Async<Reply> cmd_select(Session&, Args);
Async<Reply> cmd_examine(Session&, Args);
Async<Reply> cmd_create(Session&, Args);
Async<Reply> cmd_delete(Session&, Args);
Async<Reply> cmd_rename(Session&, Args);
Async<Reply> cmd_subscribe(Session&, Args);
Async<Reply> cmd_unsubscribe(Session&, Args);
Async<Reply> cmd_list(Session&, Args);
Async<Reply> cmd_lsub(Session&, Args);
Async<Reply> cmd_namespace(Session&, Args);
Async<Reply> cmd_status(Session&, Args);
Async<Reply> cmd_append(Session&, Args);
Async<Reply> cmd_getquota(Session&, Args);
Async<Reply> cmd_getquotaroot(Session&, Args);
Async<Reply> cmd_getmetadata(Session&, Args);
Async<Reply> cmd_setmetadata(Session&, Args);
Async<Reply> cmd_idle(Session&, Args);
Async<Reply> cmd_check(Session&, Args);
Async<Reply> cmd_close(Session&, Args);
Async<Reply> cmd_unselect(Session&, Args);
Async<Reply> cmd_expunge(Session&, Args);
Async<Reply> cmd_search(Session&, Args);
Async<Reply> cmd_fetch(Session&, Args);
Async<Reply> cmd_store(Session&, Args);
Async<Reply> cmd_copy(Session&, Args);
Async<Reply> cmd_move(Session&, Args);
Async<Reply> cmd_uid_expunge(Session&, Args);
Async<Reply> cmd_uid_search(Session&, Args);
Async<Reply> cmd_uid_fetch(Session&, Args);
Async<Reply> cmd_uid_store(Session&, Args);
Async<Reply> cmd_uid_copy(Session&, Args);
Async<Reply> cmd_uid_move(Session&, Args);

}  // namespace tayori::imap

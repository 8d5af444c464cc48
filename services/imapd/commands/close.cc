// CLOSE (RFC 3501 §6.4.2) and UNSELECT (RFC 3691)
//
//   C: a1 CLOSE
//   S: a1 OK CLOSE completed
#include "common/base/text.h"
#include "imapd/commands/table.h"
#include "imapd/hooks.h"

namespace tayori::imap {

Async<Reply> cmd_close(Session& session, Args args) {
    co_await args.end();
    // Only what this session knows goes: it must not remove what its user never saw. No EXPUNGE is
    // told.
    bool removes = session.view().access() == Access::read_write && session.view().numbers().size() > 0;
    if (removes) {
        // CLOSE knows no NO: a plugin's refusal is a mailbox that is closed with all that is in it.
        NumberSet all{{1, session.view().numbers().last_uid()}};
        const auto refusal = co_await run_expunge_hook(session, std::move(all));
        removes = !refusal;
    }
    if (removes) {
        v1::Expunge request;
        request.set_folder_id(session.view().state().folder_id());
        request.set_only_deleted(true);
        auto& known = *request.add_uids();
        known.set_first(1);
        known.set_last(session.view().numbers().last_uid());
        co_await session.call(std::move(request));
    }
    session.unselect();
    co_return Reply::ok("CLOSE completed");
}

Async<Reply> cmd_unselect(Session& session, Args args) {
    co_await args.end();
    session.unselect();
    co_return Reply::ok("UNSELECT completed");
}

}  // namespace tayori::imap

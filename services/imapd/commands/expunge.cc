// EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1)
//
//   C: a1 EXPUNGE
//   S: * 3 EXPUNGE
//   S: a1 OK EXPUNGE completed
#include "common/base/text.h"
#include "imapd/commands/numbers.h"
#include "imapd/commands/table.h"
#include "imapd/hooks.h"

namespace tayori::imap {
namespace {

Async<Reply> expunge(Session& session, NumberSet uids) {
    auto& view = session.view();
    if (view.access() == Access::read_only)
        co_await fail(Kind::denied, "The mailbox is open read-only.");
    if (uids.empty()) co_return Reply::ok("EXPUNGE completed");
    auto refusal = co_await run_expunge_hook(session, uids);
    if (refusal) co_return std::move(*refusal);
    v1::Expunge request;
    request.set_folder_id(view.state().folder_id());
    request.set_only_deleted(true);
    put_uids(request, uids);
    const auto removed = co_await session.call(std::move(request));
    co_await view.mirror().wait_for(removed.modseq());
    co_await session.tell_news(session.rules(Expunges::told));
    if (session.condstore() && removed.removed() > 0) {
        co_return Reply::ok(cat("HIGHESTMODSEQ ", view.visible_modseq()), "EXPUNGE completed");
    }
    co_return Reply::ok("EXPUNGE completed");
}

}  // namespace

Async<Reply> cmd_expunge(Session& session, Args args) {
    co_await args.end();
    // What arrived meanwhile with \Deleted goes too: it is "permanently remove all messages that
    // have it".
    NumberSet everything{{1, UINT32_MAX}};
    co_return co_await expunge(session, std::move(everything));
}

Async<Reply> cmd_uid_expunge(Session& session, Args args) {
    const auto set = co_await args.sequence_set();
    co_await args.end();
    const auto numbers = co_await resolve(session.view(), set, Numbers::uid);
    co_return co_await expunge(session, session.view().numbers().uids_of(numbers));
}

}  // namespace tayori::imap

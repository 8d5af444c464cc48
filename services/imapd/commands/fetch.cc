// FETCH and UID FETCH (RFC 3501 §6.4.5, §6.4.8; CHANGEDSINCE RFC 7162 §3.1.4)
//
//   C: a1 FETCH 2:4 (FLAGS BODY.PEEK[HEADER.FIELDS (DATE FROM)])
//   S: * 2 FETCH ....
//   S: a1 OK FETCH completed
#include "imapd/commands/numbers.h"
#include "imapd/commands/table.h"
#include "imapd/fetch/fetcher.h"

namespace tayori::imap {
namespace {

Async<Reply> fetch(Session& session, Args args, Numbers by) {
    const auto set = co_await args.sequence_set();
    auto items = co_await args.parse(parse_fetch);
    co_await args.end();
    const auto numbers = co_await resolve(session.view(), set, by);

    // RFC 7162 §3.1: asking for MODSEQ is how a client says that it knows CONDSTORE.
    if (items.modseq) session.enable_condstore();
    if (numbers.empty()) co_return Reply::ok("FETCH completed");
    Fetcher fetcher(session, std::move(items),
                    session.rules(Expunges::withheld, by == Numbers::uid));
    co_await fetcher.run(numbers);
    // RFC 2180 §4.1.3: NO says that some are not there any more; the others have been answered.
    if (fetcher.missed())
        co_return Reply::no("EXPUNGEISSUED", "Some of the messages no longer exist.");
    co_return Reply::ok("FETCH completed");
}

}  // namespace

Async<Reply> cmd_fetch(Session& session, Args args) {
    return fetch(session, std::move(args), Numbers::sequence);
}

Async<Reply> cmd_uid_fetch(Session& session, Args args) {
    return fetch(session, std::move(args), Numbers::uid);
}

}  // namespace tayori::imap

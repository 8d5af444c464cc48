// COPY, MOVE and their UID forms (RFC 3501 §6.4.7, RFC 6851, COPYUID RFC 4315 §3)
//
//   C: a1 MOVE 2:4 Archive
//   S: * OK [COPYUID 432432344 304,319:320 3956:3958] Moved
//   S: * 2 EXPUNGE
//   ...
//   S: a1 OK MOVE completed
#include "common/base/text.h"
#include "imapd/commands/numbers.h"
#include "imapd/commands/table.h"
#include "imapd/request_id.h"

namespace tayori::imap {
namespace {

NumberSet to_set(const google::protobuf::RepeatedPtrField<v1::UidRange>& ranges) {
    // Kept in spoold's order: source and target correspond pairwise.
    NumberSet set;
    for (const auto& range : ranges) set.push_back({range.first(), range.last()});
    return set;
}

std::string copyuid(const v1::CopyMessagesReply& copied) {
    std::string code = cat("COPYUID ", copied.uid_validity(), ' ');
    append_set(code, to_set(copied.source()));
    code.push_back(' ');
    append_set(code, to_set(copied.target()));
    return code;
}

Async<Reply> copy(Session& session, Args args, Numbers by, bool move) {
    const auto set = co_await args.sequence_set();
    auto mailbox = co_await args.mailbox();
    co_await args.end();
    auto& view = session.view();
    const auto numbers = co_await resolve(view, set, by);
    if (move && view.access() == Access::read_only)
        co_await fail(Kind::denied, "The mailbox is open read-only.");
    const std::string done = move ? "MOVE completed" : "COPY completed";
    if (numbers.empty()) co_return Reply::ok(done);

    v1::CopyMessages request;
    request.set_folder_id(view.state().folder_id());
    request.set_target_name(std::move(mailbox));
    request.set_move(move);
    request.set_request_id(make_request_id());
    put_uids(request, view.numbers().uids_of(numbers));
    auto copied = co_await session.call(std::move(request)).result();
    // All that were named are gone: nothing is left to copy (RFC 2180 §4.4).
    const bool none = !copied && copied.error().kind == Kind::not_found;
    if (none) co_return Reply::no("EXPUNGEISSUED", "These messages no longer exist.");
    if (!copied) co_await fail(std::move(copied.error()));
    if (!move) co_return Reply::ok(copyuid(*copied), done);

    // RFC 6851 §4.3: COPYUID comes before the EXPUNGE responses.
    std::string moved;
    append_reply(moved, "*", Reply::ok(copyuid(*copied), "Moved"));
    co_await session.conn().write(std::move(moved));
    co_await view.mirror().wait_for(copied->modseq());
    co_await session.tell_news(session.rules(Expunges::told, by == Numbers::uid));
    if (!session.condstore()) co_return Reply::ok(done);
    co_return Reply::ok(cat("HIGHESTMODSEQ ", view.visible_modseq()), done);
}

}  // namespace

Async<Reply> cmd_copy(Session& session, Args args) {
    return copy(session, std::move(args), Numbers::sequence, false);
}

Async<Reply> cmd_uid_copy(Session& session, Args args) {
    return copy(session, std::move(args), Numbers::uid, false);
}

Async<Reply> cmd_move(Session& session, Args args) {
    return copy(session, std::move(args), Numbers::sequence, true);
}

Async<Reply> cmd_uid_move(Session& session, Args args) {
    return copy(session, std::move(args), Numbers::uid, true);
}

}  // namespace tayori::imap

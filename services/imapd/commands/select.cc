// SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2; CONDSTORE RFC 7162 §3.1.2, §3.1.8)
//
//   C: a1 SELECT INBOX
//   S: * 172 EXISTS
//   ...
//   S: a1 OK [READ-WRITE] SELECT completed
#include "common/base/text.h"
#include "imapd/commands/table.h"

namespace tayori::imap {
namespace {

Result<bool> parse_parameters(Args& args) {
    if (!args.more()) return false;
    return args.parse([](Cursor& c) -> Result<bool> {
        if (auto open = c.expect('('); !open) return fail(std::move(open.error()));
        if (!c.accept_word("CONDSTORE")) return fail(Kind::invalid, "No such SELECT parameter.");
        if (auto close = c.expect(')'); !close) return fail(std::move(close.error()));
        return true;
    });
}

// Those that nobody has claimed are the newest; a reader leaves them to the next session.
NumberSet unclaimed(const FolderState& state, std::uint32_t recent) {
    const auto& rows = state.rows();
    if (recent == 0 || rows.empty()) return {};
    const auto first = rows.size() - std::min<std::size_t>(recent, rows.size());
    return {{rows[first].uid, rows.back().uid}};
}

std::string describe(const FolderView& view) {
    std::string out;
    view.append_defined_flags(out);
    append(out, "* ", view.numbers().size(), " EXISTS\r\n* ", view.count_recent(), " RECENT\r\n");
    if (const auto unseen = view.first_unseen(); unseen != 0) {
        append(out, "* OK [UNSEEN ", unseen, "] First unseen message.\r\n");
    }
    append(out, "* OK [UIDVALIDITY ", view.state().uid_validity(), "] UIDs are valid.\r\n");
    append(out, "* OK [UIDNEXT ", view.state().uid_next(), "] Predicted next UID.\r\n");
    append(out, "* OK [HIGHESTMODSEQ ", view.visible_modseq(),
           "] Highest modification sequence.\r\n");
    return out;
}

Async<Reply> open(Session& session, Args args, Access access) {
    const auto mailbox = co_await args.mailbox();
    const bool condstore = co_await parse_parameters(args);
    co_await args.end();

    // The old mailbox is closed whatever becomes of the new one (RFC 3501 §6.3.1).
    if (session.has_view()) session.conn().put("* OK [CLOSED] The previous mailbox is closed.\r\n");
    session.unselect();
    if (condstore) session.enable_condstore();
    v1::GetFolder request;
    request.set_name(mailbox);
    const auto found = co_await session.call(std::move(request));
    if (!found.folder().selectable())
        co_await fail(Kind::unsupported, "This is only a level of the hierarchy.");
    auto mirror =
        co_await session.parts().mirrors.open(found.folder().folder_id(), session.ticket());
    // Claimed before the view is made, so that the count below is of messages that the client
    // learns of.
    NumberSet recent;
    if (access == Access::read_write)
        recent = co_await mirror->claim_recent();
    else
        recent = unclaimed(mirror->state(), found.folder().recent());
    auto view = std::make_unique<FolderView>(mirror, access);
    view->add_recent(recent);
    co_await session.conn().write(describe(*view));
    session.select(std::move(view), mailbox);
    if (access == Access::read_write) co_return Reply::ok("READ-WRITE", "SELECT completed");
    co_return Reply::ok("READ-ONLY", "EXAMINE completed");
}

}  // namespace

Async<Reply> cmd_select(Session& session, Args args) {
    return open(session, std::move(args), Access::read_write);
}

Async<Reply> cmd_examine(Session& session, Args args) {
    return open(session, std::move(args), Access::read_only);
}

}  // namespace tayori::imap

// LIST (RFC 3501 §6.3.8; options RFC 5258, STATUS RFC 5819, SPECIAL-USE RFC 6154) and LSUB (RFC
// 3501 §6.3.9)
//
//   C: a1 LIST (SUBSCRIBED) "" "*" RETURN (CHILDREN STATUS (MESSAGES))
//   S: * LIST (\Subscribed \HasNoChildren) "/" INBOX
//   S: * STATUS INBOX (MESSAGES 17)
//   S: a1 OK LIST completed
#include <algorithm>

#include "common/base/text.h"
#include "common/mail/mailbox_name.h"
#include "common/mail/utf7.h"
#include "imapd/commands/table.h"
#include "imapd/limits.h"
#include "imapd/listing.h"
#include "imapd/status.h"

namespace tayori::imap {
namespace {

void append_line(std::string& out, std::string_view verb, std::string_view attributes,
                 std::string_view name) {
    append(out, "* ", verb, " (", attributes, ") \"/\" ");
    append_mailbox(out, name);
}

Async<Reply> list(Session& session, ListArgs args) {
    // An empty pattern asks for the delimiter and the root of the reference (RFC 3501 §6.3.8).
    if (!args.extended && args.patterns.front().empty()) {
        co_await session.conn().write("* LIST (\\Noselect) \"/\" \"\"\r\n");
        co_return Reply::ok("LIST completed");
    }
    const auto folders = co_await session.call(v1::ListFolders());
    const Listing listing(folders);
    const auto patterns = full_patterns(args);
    std::string out;
    std::size_t looked_at = 0;
    for (const auto& [name, entry] : listing.entries()) {
        if (++looked_at % kListYieldEvery == 0)
            co_await session.parts().loop.sleep(std::chrono::milliseconds(0));
        const auto line = listing.describe(name, entry, args, patterns);
        if (!line) continue;
        append_line(out, "LIST", line->attributes, name);
        if (line->child_info) out.append(" (\"CHILDINFO\" (\"SUBSCRIBED\"))");
        out.append("\r\n");
        const bool has_status =
            args.return_status && entry.folder != nullptr && entry.folder->selectable();
        if (has_status) co_await append_status(session, out, *entry.folder, args.status);
        if (out.size() > kOutputChunkBytes) co_await session.conn().write(std::exchange(out, {}));
    }
    co_await session.conn().write(std::move(out));
    co_return Reply::ok("LIST completed");
}

}  // namespace

Async<Reply> cmd_list(Session& session, Args args) {
    auto parsed = co_await args.parse(parse_list);
    co_await args.end();
    if (parsed.return_status && parsed.status.highest_modseq) session.enable_condstore();
    co_return co_await list(session, std::move(parsed));
}

Async<Reply> cmd_lsub(Session& session, Args args) {
    ListArgs parsed;
    parsed.reference = co_await args.astring();
    auto pattern = co_await args.parse([](Cursor& c) { return c.list_mailbox(); });
    co_await args.end();
    if (pattern.size() > kPatternBytesMax) co_await fail(Kind::invalid, "Pattern too long.");
    parsed.patterns.push_back(std::move(pattern));
    const auto folders = co_await session.call(v1::ListFolders());
    const Listing listing(folders);
    const auto patterns = full_patterns(parsed);
    std::string out;
    for (const auto& [name, attributes] : listing.subscriptions(patterns)) {
        append_line(out, "LSUB", attributes, name);
        out.append("\r\n");
    }
    co_await session.conn().write(std::move(out));
    co_return Reply::ok("LSUB completed");
}

}  // namespace tayori::imap

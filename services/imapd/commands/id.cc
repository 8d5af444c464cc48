// ID (RFC 2971)
//
//   C: a1 ID ("name" "Mutt" "version" "2.2")
//   S: * ID ("name" "Tayori")
//   S: a1 OK ID completed
#include "common/base/log.h"
#include "common/base/text.h"
#include "imapd/commands/table.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

// NIL, or pairs; what is beyond RFC 2971 §3.3's limits is refused.
Result<std::string> parse_id(Cursor& cursor) {
    std::string said;
    if (cursor.accept_nil()) return said;
    if (auto open = cursor.expect('('); !open) return fail(std::move(open.error()));
    std::size_t pairs = 0;
    while (!cursor.accept(')')) {
        if (pairs > 0) {
            if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
        }
        if (++pairs > kIdPairsMax) return fail(Kind::invalid, "Too many ID fields.");
        auto field = cursor.string();
        if (!field) return field;
        if (field->size() > kIdFieldBytesMax) return fail(Kind::invalid, "ID field name too long.");
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
        std::string value;
        if (!cursor.accept_nil()) {
            auto text = cursor.string();
            if (!text) return text;
            value = std::move(*text);
        }
        if (value.size() > kIdValueBytesMax) return fail(Kind::invalid, "ID value too long.");
        append(said, pairs > 1 ? " " : "", *field, "=", value);
    }
    return said;
}

}  // namespace

Async<Reply> cmd_id(Session& session, Args args) {
    const auto said = co_await args.parse(parse_id);
    co_await args.end();
    // For statistics only: no behaviour hangs on it (RFC 2971 §1).
    if (!said.empty())
        log_debug("client", {{"id", said}, {"peer", session.conn().peer().ip.to_string()}});
    co_await session.conn().write("* ID (\"name\" \"Tayori\")\r\n");
    co_return Reply::ok("ID completed");
}

}  // namespace tayori::imap

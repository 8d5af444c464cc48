// SETMETADATA (RFC 5464 §4.3): all entries or none. NIL gives one back to the administrator's value.
//
//   C: a1 SETMETADATA "" (/private/vendor/tayori/autoreply/text "Back on Monday." /private/vendor/tayori/autoreply/enabled "true")
//   S: a1 OK SETMETADATA completed
#include "common/base/text.h"
#include "imapd/commands/table.h"
#include "imapd/grammar/metadata.h"
#include "imapd/metadata.h"

namespace tayori::imap {

Async<Reply> cmd_setmetadata(Session& session, Args args) {
    const auto asked = co_await args.parse([](Cursor& cursor) { return parse_set_metadata(cursor); });
    co_await args.end();
    if (!asked.mailbox.empty()) co_await fail(Kind::unsupported, "Only the server has metadata here: write \"\" for the mailbox.");
    v1::SetOwnSettings request;
    for (const auto& value : asked.values) {
        if (value.value && value.value->size() > kMetadataValueBytesMax)
            co_return Reply::no(cat("METADATA MAXSIZE ", kMetadataValueBytesMax), cat(value.entry, " is too long."));
        auto setting = setting_of(value);
        // An annotation of somebody's own making would be one more than there may be (RFC 5464 §4.3).
        if (!setting) co_return Reply::no("METADATA TOOMANY", cat("There is no entry ", value.entry, ", and none can be made."));
        *request.add_settings() = std::move(*setting);
    }
    const auto set = co_await session.call(std::move(request)).result();
    // The syntax was right: what does not fit the setting is no BAD.
    if (!set && set.error().kind == Kind::invalid) co_return Reply::no("CANNOT", set.error().text);
    if (!set) co_await fail(set.error());
    co_return Reply::ok("SETMETADATA completed");
}

}  // namespace tayori::imap

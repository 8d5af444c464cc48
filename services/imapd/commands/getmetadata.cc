// GETMETADATA (RFC 5464 §4.2), of the server: what the account's owner may change of its plugins, and whom to ask. Mailboxes have no
// annotations (METADATA-SERVER).
//
//   C: a1 GETMETADATA (DEPTH infinity) "" /private/vendor/tayori/autoreply
//   S: * METADATA "" (/private/vendor/tayori/autoreply/enabled "false" /private/vendor/tayori/autoreply/text "…")
//   S: a1 OK GETMETADATA completed
#include <algorithm>

#include "common/base/text.h"
#include "common/mail/imap_text.h"
#include "imapd/commands/table.h"
#include "imapd/grammar/metadata.h"
#include "imapd/metadata.h"

namespace tayori::imap {
namespace {

bool is_asked_for(const GetMetadata& asked, std::string_view entry) {
    return std::any_of(asked.entries.begin(), asked.entries.end(), [&](const std::string& name) {
        if (!entry.starts_with(name)) return false;
        const auto below = entry.substr(name.size());
        if (below.empty()) return true;
        if (below.front() != '/' || asked.depth == MetadataDepth::zero) return false;
        return asked.depth == MetadataDepth::infinity || below.find('/', 1) == std::string_view::npos;
    });
}

}  // namespace

Async<Reply> cmd_getmetadata(Session& session, Args args) {
    const auto asked = co_await args.parse([](Cursor& cursor) { return parse_get_metadata(cursor); });
    co_await args.end();
    if (!asked.mailbox.empty()) co_await fail(Kind::unsupported, "Only the server has metadata here: write \"\" for the mailbox.");
    const auto settings = co_await session.call(v1::GetOwnSettings());
    std::string found;
    std::size_t longest = 0;
    for (const auto& annotation : annotations_of(settings)) {
        if (!is_asked_for(asked, annotation.entry)) continue;
        if (asked.size_max && annotation.value.size() > *asked.size_max) {
            longest = std::max(longest, annotation.value.size());
            continue;
        }
        append(found, found.empty() ? "" : " ", annotation.entry, ' ');
        mail::append_imap_string(found, annotation.value);
    }
    if (!found.empty()) co_await session.conn().write(cat("* METADATA \"\" (", found, ")\r\n"));
    if (longest > 0) co_return Reply::ok(cat("METADATA LONGENTRIES ", longest), "GETMETADATA completed");
    co_return Reply::ok("GETMETADATA completed");
}

}  // namespace tayori::imap

#include "imapd/status.h"

#include "common/base/text.h"
#include "imapd/grammar/args.h"

namespace tayori::imap {
namespace {

// Bytes that an EXPUNGE would free (RFC 9208 §4.1.4). Not counted in the folder's record: asked for
// rarely.
Async<std::uint64_t> deleted_storage(Session& session, v1::Folder folder) {
    std::uint64_t bytes = 0;
    if (folder.deleted() == 0) co_return bytes;
    const auto mirror = co_await session.parts().mirrors.open(folder.folder_id(), session.ticket());
    for (const auto& row : mirror->state().rows()) {
        if ((row.flags & kDeleted) != 0) bytes += row.bytes;
    }
    co_return bytes;
}

}  // namespace

Async<void> append_status(Session& session, std::string& out, const v1::Folder& folder,
                          StatusItems items) {
    std::uint64_t storage = 0;
    if (items.deleted_storage) storage = co_await deleted_storage(session, folder);
    std::string list;
    const auto put = [&](bool wanted, std::string_view name, std::uint64_t value) {
        if (wanted) append(list, list.empty() ? "" : " ", name, ' ', value);
    };
    put(items.messages, "MESSAGES", folder.messages());
    put(items.recent, "RECENT", folder.recent());
    put(items.uid_next, "UIDNEXT", folder.uid_next());
    put(items.uid_validity, "UIDVALIDITY", folder.uid_validity());
    put(items.unseen, "UNSEEN", folder.unseen());
    put(items.size, "SIZE", folder.bytes());
    put(items.deleted, "DELETED", folder.deleted());
    put(items.deleted_storage, "DELETED-STORAGE", storage);
    put(items.highest_modseq, "HIGHESTMODSEQ", folder.highest_modseq());
    put(items.append_limit, "APPENDLIMIT", session.parts().append_bytes_max);
    out.append("* STATUS ");
    append_mailbox(out, folder.name());
    append(out, " (", list, ")\r\n");
}

}  // namespace tayori::imap

// The plugins' hooks of imapd: login, append, store, expunge. Where nobody has such a plugin nothing is asked and nothing waits.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/lua/job.h"
#include "common/mail/summary.h"
#include "imapd/replies.h"
#include "imapd/session.h"

namespace tayori::imap {

inline constexpr std::size_t kSeenBytesMax = 256 * 1024;  // what plugins see of a mail

// The refusal, or nothing: go on. Errors: busy.
Async<std::optional<Reply>> run_login_hook(Session& session, std::uint64_t account_id, std::string address);
// store, expunge: of `messages` in the selected folder.
Async<std::optional<Reply>> run_change_hook(Session& session, lua::Hook hook, lua::ChangeView change);
// expunge, of those among these UIDs that are marked. MOVE is none: the mail goes on elsewhere.
Async<std::optional<Reply>> run_expunge_hook(Session& session, NumberSet uids);

// An appended mail as plugins see it; shared with the thread that they run on.
struct SeenAppend {
    std::string bytes;      // the head
    std::uint64_t size = 0;
    mail::Summary summary;
};
struct AppendDecision {
    std::optional<Reply> refusal;
    std::vector<std::string> flags;
};
// Does the account have a plugin that looks at what is appended?
Async<bool> wants_append(Session& session);
Async<AppendDecision> run_append_hook(Session& session, std::string folder, std::string id, std::shared_ptr<const SeenAppend> mail);

}  // namespace tayori::imap

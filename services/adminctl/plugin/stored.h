// Mail of an account as it is stored, for what looks at it: replays, traces, runs. Nothing in the mailbox changes, not even \Seen.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/rpc/import_client.h"

namespace tayori::admin::kit {

namespace v1 = ::tayori::spool::v1;

inline constexpr std::size_t kStoredMailsMax = 10'000;
inline constexpr std::size_t kStoredBytesMax = 256 * 1024 * 1024;

struct StoredMail {
    std::uint32_t uid = 0;
    std::int64_t received_s = 0;
    std::string content;
};
// Every mail of a folder, ascending by UID, one at a time. What the folder is. not_found: it.
struct StoredFolder {
    v1::Folder folder;
    v1::MailboxForm form = v1::MAILBOX_FORM_UNSPECIFIED;  // of the mailbox
};
Result<StoredFolder> visit_stored(rpc::ImportClient& client, const std::string& account, const std::string& folder,
                                  const std::function<void(StoredMail mail)>& visit);

struct Choice {
    std::string account, folder = "INBOX";
    std::size_t last = 0;      // the newest so many; 0: the one with `uid`
    std::uint32_t uid = 0;
};
// Oldest first; fewer than asked for where there are no more, or where they are above kStoredBytesMax. not_found: the folder, the UID.
Result<std::vector<StoredMail>> read_stored(rpc::ImportClient& client, const Choice& choice);

// What the envelope of a stored mail was, as far as the mail tells: Return-Path, else From.
std::string sender_of(std::string_view mail);

}  // namespace tayori::admin::kit

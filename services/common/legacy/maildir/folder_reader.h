// One folder of a Maildir: its files and lists become mails.
#pragma once

#include <set>

#include "common/legacy/maildir/layout.h"

namespace tayori::legacy::maildir {

// Mails with UIDs, flags, dates, and for INBOX what POP3 showed. `name` is the folder's, already decided.
Folder read_folder(const FolderPlace& place, std::string name, const Reading& reading);

struct Found {
    std::uint64_t mails = 0;
    std::uint64_t bytes = 0;
};
Found count_mails(const FolderPlace& place, const Reading& reading);  // by names and sizes

}  // namespace tayori::legacy::maildir

// The lists beside one folder of a Maildir, as far as they can be believed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/legacy/maildir/layout.h"
#include "common/legacy/maildir/uidlist.h"

namespace tayori::legacy::maildir {

struct Lists {
    std::optional<UidList> uids;
    std::string uids_file;
    bool from_dovecot = false;
    bool lost = false;  // there is a list, but it can't be used: what POP3 showed is unknown where no other list tells
    std::optional<SizeList> sizes;  // where they decide the UIDLs
};

// Dovecot's list of UIDs, else Courier's; and where the folder is INBOX the list that has its UIDLs. What is damaged is reported.
Lists read_lists(const FolderPlace& place, const Reading& reading);

void say_bad_lines(const std::string& file, const std::vector<std::uint64_t>& lines, std::uint64_t bad, const Reading& reading);

}  // namespace tayori::legacy::maildir

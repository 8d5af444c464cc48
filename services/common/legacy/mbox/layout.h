// Which files of a tree are whose mbox, and which folder of that account.
#pragma once

#include <string>
#include <vector>

#include "common/legacy/spool/naming.h"

namespace tayori::legacy::mbox {

// One mailbox with options.account; else files USER and directories USER/ or DOMAIN/ with files and directories of users. A
// directory whose name has a dot and no "@", and in which there is no INBOX, is a domain. invalid: no mbox was found.
Result<std::vector<AccountPlace>> find_accounts(const Tree& tree, const SourceOptions& options, Report& report);

struct FolderPlace {
    Entry file;
    std::vector<std::string> levels;  // raw, without ".sbd"
    std::string raw_name;             // path below the account's directory
    bool inbox = false;
};
// INBOX first ("INBOX", "mbox", or the name of the user), then by name. What is no mbox is reported.
std::vector<FolderPlace> find_folders(const std::string& path, const Reading& reading);

// Empty, or begins with a From_ line.
bool is_mbox(const Tree& tree, const Entry& file);

}  // namespace tayori::legacy::mbox

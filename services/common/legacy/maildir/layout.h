// Where accounts and folders of Maildirs lie in a tree.
#pragma once

#include <string>
#include <vector>

#include "common/legacy/spool/naming.h"

namespace tayori::legacy::maildir {

struct FolderPlace {
    std::string directory;            // that has cur and new
    std::vector<std::string> levels;  // raw, as the directory has them
    std::string raw_name;             // ".Folder.Sub", "Folder/Sub", "INBOX"
    bool inbox = false;
};

// `entries` is what lies in it: cur or new.
bool has_mails(const std::vector<Entry>& entries);

// INBOX first, then by raw name. A directory within a Maildir that is no folder is reported.
std::vector<FolderPlace> find_folders(const std::string& root, const Reading& reading);

// One Maildir with options.account; USER, USER/Maildir, DOMAIN/USER, DOMAIN/USER/Maildir. invalid: none of these.
Result<std::vector<AccountPlace>> find_accounts(const Tree& tree, const SourceOptions& options, Report& report);

}  // namespace tayori::legacy::maildir

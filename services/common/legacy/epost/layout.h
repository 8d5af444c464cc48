// Where in a tree the mailboxes lie: <root>/inbox/<domain>/<user>, without <domain>, or one mailbox
// alone.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/report.h"
#include "common/legacy/source.h"
#include "common/legacy/tree.h"

namespace tayori::legacy::epost {

struct MailboxPlace {
    std::string directory;  // as in Account
    std::string user;       // the directory's name
    std::string domain;     // the name of the one above, where it is a domain; else empty
};

struct Layout {
    std::vector<MailboxPlace> mailboxes;
    std::vector<std::string> account_data;  // *.idx: their layout is not public
};
// What lies there and is none of it goes into the report. invalid: no mailbox was found.
Result<Layout> find_layout(const Tree& tree, const SourceOptions& options, Report& report);

// A path of the tree from Account::directory, and one below it.
std::string tree_path(std::string_view directory);
std::string below(std::string_view directory, std::string_view name);

}  // namespace tayori::legacy::epost

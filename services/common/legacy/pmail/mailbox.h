// One mailbox of PMail: its folders are directories, uidl.txt and folder.txt say the rest.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/source.h"
#include "common/legacy/tree.h"

namespace tayori::legacy::pmail {

bool is_mail_name(std::string_view name);  // *.eml, *.imd
// uidl.txt, folder.txt, read.txt, forward.txt, filter.txt; in any case.
bool is_control_name(std::string_view name);

// unsupported: uidl.txt is of an unknown form and new UIDLs are not allowed.
Result<Mailbox> load_mailbox(const Tree& tree, std::string_view directory,
                             const SourceOptions& options, AccountReport& report);

}  // namespace tayori::legacy::pmail

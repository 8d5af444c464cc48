// Names and uses of folders, from what LIST gave.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/legacy/live/imap_session.h"
#include "common/legacy/names.h"
#include "common/legacy/report.h"

namespace tayori::legacy {

inline constexpr std::string_view kInbox = "INBOX";

// Names with their levels, each given once.
class LiveNaming {
  public:
    // `prefix`: ImapSession::Folders.
    LiveNaming(std::string prefix, AccountReport& report);
    std::string name_of(const std::string& raw, const std::string& delimiter);

  private:
    const std::string prefix_;
    AccountReport& report_;
    FolderNames names_;
    std::map<std::string, std::string> known_;
};

// "\\Sent", … by its attributes, or "".
std::string live_special_use(const ListedFolder& folder);

}  // namespace tayori::legacy

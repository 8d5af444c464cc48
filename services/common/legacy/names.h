// Names of folders and accounts, from the bytes that an old system wrote.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/legacy/report.h"

namespace tayori::legacy {

struct FolderName {
    std::string text;       // one level: UTF-8, NFC, no "/", no control character
    std::string_view code;  // empty: read without doubt; else the report's code
};
// One level of a name: canonical modified UTF-7, else strict UTF-8, else cp932; what can't be read
// becomes "%8F".
FolderName read_folder_name(std::string_view raw);

// Names of one mailbox, each given once.
class FolderNames {
  public:
    // The name below `parent` ("" at the top), with a suffix where it is taken. Oddities go into
    // the report.
    std::string take(std::string_view parent, std::string_view raw, std::string_view file,
                     AccountReport& report);
    // A name that is known as text.
    std::string take_text(std::string name, std::string_view file, AccountReport& report);

  private:
    std::set<std::string, std::less<>> taken_;
};

// "\\Sent", … by the last level of a name, or "".
std::string_view special_use_of(std::string_view name);
// Is it the inbox under its Japanese name, 受信トレイ?
bool is_japanese_inbox(std::string_view name);

// local@domain in the form of lookups. invalid.
Result<std::string> account_address(std::string_view local, std::string_view domain);
// The same from one text; `domain` is added where it has none.
Result<std::string> account_address_of(std::string_view text, std::string_view domain);

}  // namespace tayori::legacy

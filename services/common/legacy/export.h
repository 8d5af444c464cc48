// A mailbox written for another server: the way back (export/README.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"

namespace tayori::legacy {

// Folder by folder, mail by mail; nothing is kept in memory but a line for each mail of the folder that is open.
//
//   begin_folder(INBOX); add(…); add(…); end_folder(); begin_folder(…) … finish();
class MailboxWriter {
  public:
    virtual ~MailboxWriter() = default;

    // Its mails are not looked at; they come by add().
    virtual Result<void> begin_folder(const Folder& folder) = 0;
    // In ascending order of UIDs, which all have. `message` is RFC 5322 with CRLF line ends. invalid: out of order.
    virtual Result<void> add(const Mail& mail, std::string_view message) = 0;
    virtual Result<void> end_folder() = 0;
    // Returns after everything is on disk.
    virtual Result<void> finish() = 0;
};

// Into a directory of the local file system, which is made; exists: there is something in it. What the form can't express goes into
// `report`, which outlives the writer. unsupported: names what there is.
Result<std::unique_ptr<MailboxWriter>> make_writer(std::string_view kind, const std::string& directory, Report& report);
std::vector<std::string_view> writer_kinds();  // "maildir", "mbox", "pmail"

}  // namespace tayori::legacy

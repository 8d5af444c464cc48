// Readers of the families. A reader finds accounts and mails; it opens no mail in plan(), and holds one mailbox in load().
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

struct SourceOptions {
    std::string domain;           // of accounts that the source names without one
    std::string account;          // the source is one mailbox, of this address; empty: a spool of many
    std::string accounts_file;    // a table of accounts beside the tree (E-Post's text export, CSV); empty: none
    std::string aliases_file;     // ".reg" or "aliases 1"; empty: none
    bool accept_guessed = false;  // files without a version marker, where every line leaves no choice
    bool new_uidls = false;       // a uidl.txt of an unknown version: mails come with new UIDLs
    bool keep_high_uids = false;  // UIDs at or above 2^31
    std::string mbox;             // "rd", "o", "cl"; empty: told by the file
};

inline constexpr std::uint32_t kUidMax = 0x7FFF'FFFF;           // above it a folder is renumbered …
inline constexpr std::uint32_t kHighUidMax = 4'294'967'000;     // … or, where high UIDs are kept, above this

class Source {
  public:
    virtual ~Source() = default;
    virtual std::string_view kind() const = 0;
    // Names, sizes, control files, passwords. Opens no mail. invalid: this is no such spool, and what was looked for.
    virtual Result<Plan> plan(Report& report) = 0;
    // Everything about one account's mails but their bytes. Errors are only those that leave nothing to import; all else is
    // in the report.
    virtual Result<Mailbox> load(const Account& account, Report& report) = 0;
};

// "epost", "pmail", "maildir", "mbox", "mh", "hmailserver". unsupported names what there is. `tree` outlives the source.
Result<std::unique_ptr<Source>> open_source(std::string_view kind, const Tree& tree, SourceOptions options);
std::vector<std::string_view> source_kinds();

// The message of a mail: RFC 5322 with CRLF line ends. corrupt: not a whole message any more (it names why).
Result<std::string> read_message(const Tree& tree, const Mail& mail, std::uint64_t bytes_max);

}  // namespace tayori::legacy

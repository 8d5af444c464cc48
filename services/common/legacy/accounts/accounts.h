// Tables of accounts: E-Post's text export and CSV.
//
//   Account<TAB>Pass<TAB>Fullname<TAB>Domain<TAB>Homefolder<TAB>SMTPauth<TAB>APOP<TAB>MailBoxLimit<TAB>POP3<TAB>IMAP4
//   address,password,name,quota,pop3,imap4,smtp_auth,apop,aliases,forward
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"

namespace tayori::legacy {

struct AccountTable {
    std::vector<Account> accounts;  // in the order of the lines, each address once; no directory
    std::vector<Alias> aliases;     // of CSV's column
};
// Told by the header line. `domain` completes names without one. invalid: none of the forms, and
// what was looked for.
Result<AccountTable> parse_accounts(std::string_view bytes, std::string_view file,
                                    std::string_view domain, Report& report);

// "0", "1000", "10M", "2 GiB": bytes, powers of 1024. Nothing for anything else.
std::optional<std::uint64_t> parse_amount(std::string_view text);

}  // namespace tayori::legacy

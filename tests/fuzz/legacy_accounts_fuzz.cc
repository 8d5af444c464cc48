// Tables of accounts and aliases; no password gets into a report.
#include <cstdint>
#include <set>
#include <string_view>

#include "common/legacy/accounts/accounts.h"
#include "common/legacy/accounts/aliases.h"
#include "common/legacy/accounts/csv.h"
#include "legacy_report.h"

using namespace tayori::legacy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Report report;
    if (const auto table = parse_accounts(text, "accounts.txt", "a.example", report)) {
        std::set<std::string> seen;
        for (const auto& account : table->accounts) {
            FUZZ_CHECK(!account.address.empty() && seen.insert(account.address).second);
            FUZZ_CHECK(!account.password || tayori::mail::is_valid_utf8(*account.password));
            FUZZ_CHECK(tayori::mail::is_valid_utf8(account.display_name));
        }
    }
    if (const auto aliases = parse_aliases(text, "a.reg", "a.example", report)) {
        std::set<std::string> seen;
        for (const auto& alias : *aliases)
            FUZZ_CHECK(seen.insert(alias.address).second && !alias.targets.empty());
    }
    // What is written reads as it was.
    const auto field = tayori::legacy::csv_field(text);
    const auto records = parse_csv(field + ",x\n");
    FUZZ_CHECK(records && records->size() == 1 && records->front().fields.size() == 2);
    FUZZ_CHECK(records->front().fields[0] == text);
    (void)parse_csv(text);
    (void)parse_amount(text);
    check_report(report);
    return 0;
}

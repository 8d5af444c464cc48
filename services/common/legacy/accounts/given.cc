#include "common/legacy/accounts/given.h"

#include "common/legacy/accounts/accounts.h"
#include "common/legacy/accounts/aliases.h"
#include "common/legacy/lines.h"

namespace tayori::legacy {

Result<GivenAccounts> read_given_accounts(const SourceOptions& options, Report& report) {
    GivenAccounts given;
    if (!options.accounts_file.empty()) {
        const auto bytes = read_local_file(options.accounts_file);
        if (!bytes) return fail(bytes.error());
        auto table = parse_accounts(*bytes, options.accounts_file, options.domain, report);
        if (!table) return fail(table.error());
        for (auto& account : table->accounts) {
            auto address = account.address;
            given.accounts.emplace(std::move(address), std::move(account));
        }
        given.aliases = std::move(table->aliases);
    }
    if (!options.aliases_file.empty()) {
        const auto bytes = read_local_file(options.aliases_file);
        if (!bytes) return fail(bytes.error());
        auto aliases = parse_aliases(*bytes, options.aliases_file, options.domain, report);
        if (!aliases) return fail(aliases.error());
        for (auto& alias : *aliases) given.aliases.push_back(std::move(alias));
    }
    return given;
}

}  // namespace tayori::legacy

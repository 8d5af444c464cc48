// The tables that an administrator names beside a spool.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/source.h"

namespace tayori::legacy {

struct GivenAccounts {
    std::map<std::string, Account> accounts;  // by address
    std::vector<Alias> aliases;
};
// SourceOptions' accounts_file and aliases_file.
Result<GivenAccounts> read_given_accounts(const SourceOptions& options, Report& report);

}  // namespace tayori::legacy

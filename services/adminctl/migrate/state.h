// How far a migration has come, account by account.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adminctl/migrate/source.h"
#include "adminctl/values.h"
#include "common/base/result.h"
#include "common/rpc/import_client.h"
#include "tayori/spool/v1/import.pb.h"

namespace tayori::admin {

struct MigrationState {
    std::string address;
    std::string user;  // at the source
    bool begun = false;
    spool::v1::ImportAccount account;
    std::uint64_t report_refused = 0;   // lines of the report
    std::optional<std::uint64_t> left;  // mails of the source that are not here; nothing: it was not asked
    std::string source_error;           // why it could not be asked
};

// `ask_source`: logs in to each mailbox, and lists it.
Result<std::vector<MigrationState>> migration_state(rpc::ImportClient& client, LiveSource& source, bool ask_source);

// denied: mail of one of these accounts has come from this kind of source under another name. The same server under two
// names would bring everything twice.
Result<void> check_source_name(rpc::ImportClient& client, const LiveSource& source);

}  // namespace tayori::admin

// After the mails of an account: what has changed at its source since they were brought. Flags and keywords become the
// source's, mails that are gone there go here, as long as no client has logged in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/rpc/import_client.h"

namespace tayori::admin {

struct FollowedAccount {
    std::uint64_t import_id = 0;
    std::uint64_t account_id = 0;
    std::string address;
};
enum class Removals {
    keep,    // nobody wants them
    unsure,  // the source may hold more than was seen of it: they stay, and are reported
    follow,
};
struct FollowOutcome {
    std::uint64_t changed = 0;
    std::uint64_t removed = 0;
    std::vector<legacy::ReportLine> lines;
};

Result<FollowOutcome> follow_source(rpc::ImportClient& client, const FollowedAccount& account,
                                    const legacy::Mailbox& mailbox, Removals removals);

}  // namespace tayori::admin

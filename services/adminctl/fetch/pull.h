// One source, once.
#pragma once

#include "adminctl/fetch/stop.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/rpc/import_client.h"
#include "tayori/spool/v1/fetch.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

// Brings what is new, and takes out at the source what has been here long enough, where the settings say so. When `stop` is set it
// ends as soon as it can; what has come by then is here to stay.
v1::FetchOutcome pull_source(rpc::ImportClient& client, const v1::FetchLease& lease, const Stop& stop);

// What a look at the source shows, without bringing anything.
struct SourceLook {
    legacy::Mailbox mailbox;  // folders as they would be here
    legacy::Report report;
};
Result<SourceLook> look_at_source(const v1::FetchLease& lease, const Stop& stop);

// What is wrong, of an error of the connection.
v1::FetchProblem problem_of(const Error& error);

}  // namespace tayori::admin

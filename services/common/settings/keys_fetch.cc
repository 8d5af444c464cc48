#include "common/settings/declare.h"
#include "common/settings/settings.h"

namespace tayori::settings {

void declare_fetch(Table& table) {
    Section<Fetch> s(table, "fetch", &Settings::fetch, "Fetching mail from accounts at other servers (docs/fetch.md).");
    s.amount("jobs", &Fetch::jobs, 1, 64, "How many accounts `adminctl fetch serve` fetches from at the same time.");
    s.amount("lease_s", &Fetch::lease_s, 2, 3600,
             "How long spoold waits for a sign of life from who fetches, before it lets somebody else go on.");
}

}  // namespace tayori::settings

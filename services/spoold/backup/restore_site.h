// Restoring the whole site: a new store in a new place, as it was at a moment. Nothing of the backup, and nothing of the
// living store, is changed.
#pragma once

#include <optional>

#include "spoold/backup/create.h"
#include "spoold/backup/raise.h"
#include "spoold/store/engine.h"

namespace tayori::spool {

struct SiteWish {
    std::optional<std::int64_t> moment_ms;  // none: the newest
    store::Options options;                 // options.directory: where; empty, or not there yet
    std::optional<store::Options> living;   // the store that is replaced, where there is one: its counters count too
    bool living_must_open = false;          // false: where it is in use, this is a trial, and goes on without it
};

struct RestoredSite {
    std::uint64_t base = 0;
    std::uint64_t last_step = 0;
    std::int64_t as_of_ms = 0;
    std::string living;  // how the living store was regarded, in words
    Raised raised;
    std::vector<std::string> problems;  // of the counters, as `counters verify` finds them
};

// It grows beside, in "….restoring", and takes its place at the end; what was cut short is begun anew.
// exists: something is there. in_use: the living store is, and must open.
Result<RestoredSite> restore_site(Target& target, const SiteWish& wish, const Watch& watch);

}  // namespace tayori::spool

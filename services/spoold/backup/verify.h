// Reading a backup completely: every byte against its checksum, every step against the one before it, and the index that
// comes out of it against itself, as a restore would find it.
#pragma once

#include "spoold/backup/create.h"

namespace tayori::spool {

struct VerifiedBackup {
    std::uint64_t steps = 0;
    std::uint64_t chains = 0;
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;     // of the log behind the bases
    std::uint64_t bodies = 0;      // read through, of the newest moment of each chain
    std::uint64_t references = 0;
    std::vector<std::string> problems;  // empty: all is well
};

// `directory` is for the index, and removed at the end.
Result<VerifiedBackup> verify_backup(Target& target, const std::string& directory, const Watch& watch);

}  // namespace tayori::spool

// Making a backup: one more step of a set.
//
// The bytes of the store's files first, each durable; then the manifest; then the store may let go of the log. Killed
// anywhere, the next one goes on from the last step that has its manifest.
#pragma once

#include <functional>
#include <string>

#include "spoold/backup/chain.h"
#include "spoold/store/copy.h"

namespace tayori::spool {

struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
};
// False gives up, with `closed`.
using Watch = std::function<bool(const Progress&)>;

struct BackupWish {
    enum class Kind { increment_if_possible, base };
    std::string set;
    Kind kind = Kind::increment_if_possible;
    std::string program;  // our version
    std::string account;  // `store` has this one alone; empty: the whole site
};

struct MadeBackup {
    Manifest manifest;
    std::string why;  // it is a base and not an increment; empty for an increment
};

// invalid: the set holds the whole site, or another account.
Result<MadeBackup> make_backup(store::CopyableStore& store, Target& target, const BackupWish& wish, const Watch& watch);

// Removes all chains but the newest `bases`. Returns how many steps are gone.
Result<std::size_t> drop_old_chains(Target& target, std::size_t bases);

}  // namespace tayori::spool

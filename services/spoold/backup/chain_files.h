// The log of a chain as files of a store, put together from the steps' pieces where they lie: read-only.
#pragma once

#include "spoold/backup/chain.h"
#include "spoold/store/files.h"

namespace tayori::spool {

// Every name is taken by its last part: "…/00000007.log". Target and chain must outlive it.
std::unique_ptr<store::Files> make_chain_files(Target& target, const Chain& chain);

}  // namespace tayori::spool

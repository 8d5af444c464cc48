// The row of an alias, for the files of this folder and for restores.
#pragma once

#include "spoold/directory/records.h"
#include "spoold/directory/resolve.h"
#include "tayori/spool/v1/directory.pb.h"

namespace tayori::spool {

// Inside a mutation, which its error must undo. exists, no_target: the address is taken, or of no domain of ours, or a target of
// our own is not there; invalid: it would lead back to itself.
Result<v1::Alias> make_alias(store::Transaction& transaction, const Name& name, const stored::v1::StoredName& alias,
                             const SiteRules& rules);

}  // namespace tayori::spool

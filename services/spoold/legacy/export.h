// An account's mail on its way out: folders, references and bodies from one snapshot (proto/tayori/spool/v1/export.proto).
#pragma once

#include <functional>
#include <string>

#include "common/base/result.h"
#include "spoold/directory/directory.h"
#include "spoold/mailbox/mailboxes.h"
#include "tayori/spool/v1/export.pb.h"

namespace tayori::spool {

// Calls `visit` for each frame until it returns false. Bodies that compaction moves meanwhile are followed.
Result<void> export_account(const Mailboxes& mailboxes, const Directory& directory, const std::string& address,
                            const std::function<bool(const v1::ExportFrame&)>& visit);

}  // namespace tayori::spool

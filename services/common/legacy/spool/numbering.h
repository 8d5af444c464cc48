// Numbers of a folder, before the last step of every load() (settle.h).
#pragma once

#include "common/legacy/spool/reading.h"

namespace tayori::legacy {

// Mails stand as the source has them. Where their UIDs do not ascend the list is damaged: no mail keeps one, and it is reported.
void drop_uids_unless_ascending(Folder& folder, const Reading& reading);

// The maildrop: mails with an order keep it, the others follow as they stand. Hidden ones get 0.
inline constexpr std::uint64_t kHiddenFromPop3 = UINT64_MAX;
void order_maildrop(Folder& folder);

// \Deleted becomes a line of the report; only our own exports keep it.
void take_deleted_off(Folder& folder, const Reading& reading);

}  // namespace tayori::legacy

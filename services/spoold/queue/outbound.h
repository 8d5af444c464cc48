// From a plan's outbound mail to a queued one.
#pragma once

#include <string>

#include "spoold/queue/queue.h"
#include "tayori/spool/v1/intake.pb.h"

namespace tayori::spool {

// All but its body.
QueuedMail queued_mail(const v1::Outbound& outbound, const std::string& trace_id, std::int64_t now_ms);

// An account's address, as the transaction sees it; empty: there is none.
std::string account_address(store::Transaction& transaction, std::uint64_t account);

}  // namespace tayori::spool

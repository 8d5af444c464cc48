// Mail of the queue for our own mailboxes: notifications, and what the appliance sends to its users. It goes the way of mail from
// outside: Resolve, one plan, CommitPlan.
#pragma once

#include "common/base/async.h"
#include "smtpd/outbound/verdict.h"

namespace tayori::smtp {

struct Parts;

// A repeat stores nothing twice: the plan's request id is made of the queue's id and the recipient's index.
Async<Verdict> deliver_local(Parts& parts, const v1::LeasedMail& mail, const v1::LeasedRecipient& recipient);

}  // namespace tayori::smtp

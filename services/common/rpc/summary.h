// A message's summary (common/mail/summary.h) in the form that travels.
#pragma once

#include "common/mail/summary.h"
#include "tayori/spool/v1/types.pb.h"

namespace tayori::rpc {

void put_summary(mail::Summary summary, tayori::spool::v1::Summary& out);

}  // namespace tayori::rpc

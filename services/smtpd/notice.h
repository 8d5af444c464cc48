// "It has arrived": what a sender who asked for it is told when a mail is in mailboxes of ours (RFC 3461 §4.1, §6). Goes with the
// same plan, so that it is neither lost nor sent twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtpd/plan.h"

namespace tayori::smtp {

inline constexpr std::size_t kNoticeHeaderBytesMax = 64 * 1024;  // of the mail, given back

// `header`: the mail's. Nothing where nobody is to be told.
void add_success_notice(const Parts& parts, const PlanEnvelope& envelope, const std::vector<PlanRecipient>& told,
                        std::string_view header, rpc::v1::CommitPlan& plan);

}  // namespace tayori::smtp

// What a sender of ours is told in the same plan, so that it is neither lost nor sent twice: that a mail is in mailboxes of ours, where
// it was asked for (RFC 3461 §4.1, §6), and that somebody's plugin has refused it after its text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtpd/plan.h"
#include "smtpd/plugin_plan.h"

namespace tayori::smtp {

inline constexpr std::size_t kNoticeHeaderBytesMax = 64 * 1024;  // of the mail, given back

struct Told {
    std::vector<PlanRecipient> arrived;
    std::vector<RefusedRecipient> refused;
};

// `header`: the mail's. Nothing where nobody is to be told.
void add_notice(const Parts& parts, const PlanEnvelope& envelope, const Told& told, std::string_view header, rpc::v1::CommitPlan& plan);

}  // namespace tayori::smtp

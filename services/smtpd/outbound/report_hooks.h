// The hooks `sent` and `bounce`: what has become of an account's mail for others, told to its plugins once spoold is told.
//
// They decide nothing about the mail any more, so nothing waits for them: what a kill loses of them is a notice, never a mail.
#pragma once

#include "common/base/sync.h"
#include "common/daemon/plugins.h"
#include "smtpd/outbound/verdict.h"

namespace tayori::smtp {

inline constexpr std::size_t kReportHooksMax = 100;        // at once; what comes above is not told
inline constexpr std::size_t kReportSubjectBytesMax = 1000;

class ReportHooks {
  public:
    explicit ReportHooks(daemon::Plugins& plugins) : plugins_(plugins) {}
    ReportHooks(const ReportHooks&) = delete;
    ReportHooks& operator=(const ReportHooks&) = delete;

    // Only of mail that has an account, and of outcomes that are final.
    void settled(const v1::LeasedMail& mail, const v1::LeasedRecipient& recipient, const Verdict& verdict);

  private:
    Async<void> tell(lua::Job job, std::uint64_t account_id);

    daemon::Plugins& plugins_;
    Tasks tasks_;  // last
};

}  // namespace tayori::smtp

// The hooks behind a mail's text: headers, message, and deliver for each account that gets it; all in one hop to the pool. For mail
// that comes in, and for mail of the queue that ends here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/daemon/plugins.h"
#include "common/mail/summary.h"
#include "smtpd/plan.h"
#include "smtpd/plugin_plan.h"

namespace tayori::smtp {

class Text;

struct MailHooks {
    lua::SessionView session;
    lua::AccountView sender;                  // account_id 0: nobody has logged in, and its profile is the site's
    std::vector<PlanRecipient> recipients;
    std::vector<PluginDecision> decisions;    // of the hooks before
};

// May anybody's plugin look at the text? Known before it comes.
bool want_mail(daemon::Plugins& plugins, const lua::ProfilePtr& sender, const std::vector<PlanRecipient>& recipients);
// Now that it is here, does any have anything to do with it?
bool want_mail_now(daemon::Plugins& plugins, const lua::ProfilePtr& sender, const std::vector<PlanRecipient>& recipients,
                   std::uint64_t bytes);

// Runs them and puts what they decide into the plan, whose deliveries are `here`'s. `text`: after finish(). The summary is given
// back. Errors: busy.
struct HooksDone {
    PluginVerdict verdict;
    mail::Summary summary;
};
Async<HooksDone> run_mail_hooks(daemon::Plugins& plugins, MailHooks hooks, std::vector<PlanHere> here, Text& text,
                                rpc::v1::CommitPlan& plan, PluginMail mail, mail::Summary summary);

}  // namespace tayori::smtp

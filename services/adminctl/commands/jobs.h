// What commands that start and watch jobs have in common.
#pragma once

#include "adminctl/context.h"
#include "adminctl/notices.h"

namespace tayori::admin {

std::string show_form(v1::MailboxForm form);
std::string show_job_state(v1::JobState state);
std::string describe_plan(const v1::JobPlan& plan, Language language);
std::string describe_job(const v1::Job& job);

// Shows the plan, starts the job, and stays until its end unless `detach`.
struct StartOptions {
    bool detach = false;
    bool yes = false;  // asks nothing
};
Result<ExitStatus> start_job(Context& context, const v1::JobSpec& spec, const StartOptions& options);
Result<ExitStatus> watch_job(Context& context, std::uint64_t job_id);
Result<ExitStatus> report_job(Context& context, std::uint64_t job_id, bool tsv);
// Asks on the terminal; false where there is none.
bool confirmed(const std::string& question);

}  // namespace tayori::admin

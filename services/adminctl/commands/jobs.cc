#include "adminctl/commands/jobs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "adminctl/progress.h"

namespace tayori::admin {
namespace {

std::string show_ms(std::uint64_t ms) {
    if (ms < 1000) return cat(ms, " ms");
    if (ms < 120'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
    return fmt::format("{}:{:02} minutes", ms / 60'000, ms / 1000 % 60);
}

std::string show_kind(const v1::JobSpec& spec) {
    switch (spec.kind()) {
        case v1::JOB_KIND_CONVERT:
            return cat("conversion to ", show_form(spec.to()), spec.reassign() ? ", new UIDs" : "");
        case v1::JOB_KIND_REBUILD_FOLDERS: return "rebuilding of folders";
        case v1::JOB_KIND_UNDO: return cat("undoing of job ", spec.undo_of());
        default: return "job";
    }
}

bool is_over(const v1::Job& job) {
    return job.state() == v1::JOB_STATE_DONE || job.state() == v1::JOB_STATE_CANCELLED;
}

std::string show_result(v1::MailboxResult result) {
    switch (result) {
        case v1::MAILBOX_RESULT_CHANGED: return "changed";
        case v1::MAILBOX_RESULT_REFUSED: return "refused";
        default: return "unchanged";
    }
}

std::string tsv_cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\t' || c == '\r' || c == '\n' || c == '%') out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        else out += c;
    }
    return out;
}

}  // namespace

std::string show_form(v1::MailboxForm form) {
    return form == v1::MAILBOX_FORM_POP3 ? "pop3" : form == v1::MAILBOX_FORM_IMAP4 ? "imap4" : "-";
}

std::string show_job_state(v1::JobState state) {
    switch (state) {
        case v1::JOB_STATE_RUNNING: return "running";
        case v1::JOB_STATE_PAUSED: return "paused";
        case v1::JOB_STATE_DONE: return "done";
        case v1::JOB_STATE_CANCELLED: return "cancelled";
        default: return "?";
    }
}

std::string describe_plan(const v1::JobPlan& plan, Language language) {
    auto out = cat(with_commas(plan.mailboxes()), " mailboxes, ", with_commas(plan.mails()), " mails, ",
                   show_size(plan.bytes()), ". ");
    if (plan.unchanged() != 0) append(out, with_commas(plan.unchanged()), " are as wanted already. ");
    append(out, "Expected time: ", show_ms(plan.expected_ms()), ".\n");
    for (const auto& notice : plan.notices()) append(out, "  - ", sentence(notice, language), "\n");
    return out;
}

std::string describe_job(const v1::Job& job) {
    auto out = cat("Job ", job.job_id(), ", ", show_kind(job.spec()), ": ", show_job_state(job.state()), ".\n");
    append(out, "  ", with_commas(job.mailboxes_seen()), " of ", with_commas(job.mailboxes()), " mailboxes: ",
           with_commas(job.changed()), " changed, ", with_commas(job.unchanged()), " unchanged, ", with_commas(job.refused()),
           " refused; ", with_commas(job.mails_seen()), " mails in ", show_ms(static_cast<std::uint64_t>(job.running_ms())),
           ".\n");
    if (job.refused() != 0) append(out, "  `adminctl convert report ", job.job_id(), "` says why some were refused.\n");
    return out;
}

bool confirmed(const std::string& question) {
    if (::isatty(STDIN_FILENO) != 1) return false;
    std::cerr << question << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

Result<ExitStatus> watch_job(Context& context, std::uint64_t job_id) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::JobRequest request;
    request.set_job_id(job_id);
    v1::Job last;
    {
        JobProgress progress(context.json ? JobProgress::Shown::no : JobProgress::Shown::yes, language_of_environment());
        auto watched = (*client)->watch_job(request, [&](const v1::Job& job) {
            last = job;
            if (context.json) Context::print(cat(to_json(job), "\n"));
            progress.show(job);
            return !is_over(job);
        });
        if (!watched) return fail(std::move(watched.error()));
    }
    if (!context.json) Context::print(describe_job(last));
    return last.refused() == 0 ? ExitStatus::ok : ExitStatus::problems;
}

Result<ExitStatus> start_job(Context& context, const v1::JobSpec& spec, const StartOptions& options) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto plan = (*client)->plan_job(spec);
    if (!plan) return fail(std::move(plan.error()));
    if (!context.json) Context::print(describe_plan(*plan, language_of_environment()));
    // Only what makes clients fetch everything again needs a second thought.
    if (spec.reassign() && !options.yes && !confirmed("Give every folder new UIDs?"))
        return fail(Kind::denied, "Nothing was done. With --yes it is done without asking.");
    auto job = (*client)->start_job(spec);
    if (!job) return fail(std::move(job.error()));
    if (!options.detach) return watch_job(context, job->job_id());
    if (context.json) Context::print(cat(to_json(*job), "\n"));
    else Context::print(cat("Job ", job->job_id(), " runs. `adminctl convert watch` shows how far it has come.\n"));
    return ExitStatus::ok;
}

Result<ExitStatus> report_job(Context& context, std::uint64_t job_id, bool tsv) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::JobRequest request;
    request.set_job_id(job_id);
    const auto language = language_of_environment();
    std::size_t rows = 0;
    auto told = (*client)->report_job(request, [&](const v1::MailboxOutcome& outcome) {
        if (context.json) {
            Context::print(cat(rows == 0 ? "[" : ",\n ", to_json(outcome)));
        } else if (tsv) {
            const auto head = cat(show_result(outcome.result()), "\t", tsv_cell(outcome.address()), "\t", show_form(outcome.from()),
                                  "\t", show_form(outcome.to()), "\t", outcome.mails(), "\t");
            if (outcome.notices().empty()) Context::print(cat(head, "\t\n"));
            for (const auto& notice : outcome.notices())
                Context::print(cat(head, notice.code(), "\t", tsv_cell(sentence(notice, language)), "\n"));
        } else {
            Context::print(cat(printable(outcome.address()), ": ", show_result(outcome.result()), ", ", show_form(outcome.from()),
                               " -> ", show_form(outcome.to()), ", ", with_commas(outcome.mails()), " mails\n"));
            for (const auto& notice : outcome.notices()) Context::print(cat("  ", sentence(notice, language), "\n"));
        }
        ++rows;
        return true;
    });
    if (!told) return fail(std::move(told.error()));
    if (context.json) Context::print(rows == 0 ? "[]\n" : "]\n");
    else if (rows == 0) Context::print("Nothing was changed and nothing refused.\n");
    return ExitStatus::ok;
}

}  // namespace tayori::admin

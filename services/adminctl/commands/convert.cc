// adminctl convert plan|start|status|watch|pause|resume|cancel|undo|report|list, and `folders rebuild`.
#include "adminctl/commands/jobs.h"

namespace tayori::admin {
namespace {

struct ConvertOptions {
    std::string to = "imap4";
    std::string account;
    std::string domain;
    bool reassign = false;
    bool drain = false;
    bool tsv = false;
    std::uint64_t job = 0;
    StartOptions start;
};
using ConvertOptionsPtr = std::shared_ptr<ConvertOptions>;

v1::JobSpec spec_of(const ConvertOptions& options, v1::JobKind kind) {
    v1::JobSpec spec;
    spec.set_kind(kind);
    if (kind == v1::JOB_KIND_CONVERT)
        spec.set_to(options.to == "pop3" ? v1::MAILBOX_FORM_POP3 : v1::MAILBOX_FORM_IMAP4);
    spec.set_account(options.account);
    spec.set_domain(options.domain);
    spec.set_reassign(options.reassign);
    spec.set_drain(options.drain);
    return spec;
}

void add_scope(CLI::App& app, const ConvertOptionsPtr& options) {
    app.add_option("--account", options->account, "only this mailbox");
    app.add_option("--domain", options->domain, "only this domain's mailboxes");
}

void add_spec(CLI::App& app, const ConvertOptionsPtr& options) {
    app.add_option("--to", options->to, "imap4 (the default) or pop3")->check(CLI::IsMember({"imap4", "pop3"}));
    add_scope(app, options);
    app.add_flag("--reassign", options->reassign,
                 "new UIDVALIDITY and UIDs from 1 in every folder: IMAP clients fetch all mail again");
    app.add_flag("--drain", options->drain, "ends each mailbox's sessions, and keeps clients out during its change");
}

void add_start(CLI::App& app, const ConvertOptionsPtr& options) {
    app.add_flag("--detach", options->start.detach, "starts it and returns; else stays until the end");
    app.add_flag("--yes", options->start.yes, "asks nothing");
}

void add_job(CLI::App& app, const ConvertOptionsPtr& options) { app.add_option("JOB", options->job, "its number; else the latest"); }

void add_control(CLI::App& parent, Context& context, const ConvertOptionsPtr& options, const std::string& name,
                 const std::string& help, v1::JobControl control) {
    add_job(*command(parent, context, name, help,
                     [&context, options, control] {
                         v1::ControlJobRequest request;
                         request.set_job_id(options->job);
                         request.set_control(control);
                         return call<v1::Job>(context, &rpc::AdminClient::control_job, request, describe_job);
                     }),
            options);
}

void add_looks(CLI::App& convert, Context& context, const ConvertOptionsPtr& options) {
    add_job(*command(convert, context, "status", "shows how far a job has come",
                     [&context, options] {
                         v1::JobRequest request;
                         request.set_job_id(options->job);
                         return call<v1::Job>(context, &rpc::AdminClient::get_job, request, describe_job);
                     }),
            options);
    add_job(*command(convert, context, "watch", "shows its progress until its end",
                     [&context, options] { return watch_job(context, options->job); }),
            options);
    auto* report = command(convert, context, "report", "shows what was done with each mailbox, and all that was noticed",
                           [&context, options] { return report_job(context, options->job, options->tsv); });
    add_job(*report, options);
    report->add_flag("--tsv", options->tsv, "one line for each notice: result, account, from, to, mails, code, sentence");
    command(convert, context, "list", "lists all jobs that there were", [&context] {
        Table table;
        table.column("JOB", Align::right);
        table.column("STATE");
        table.column("TO");
        table.column("CHANGED", Align::right);
        table.column("REFUSED", Align::right);
        table.column("MAILS", Align::right);
        table.column("STARTED");
        return list<v1::Job>(context, &rpc::AdminClient::list_jobs, v1::ListJobsRequest(), std::move(table),
                             [](Table& rows, const v1::Job& job) {
                                 rows.row({cat(job.job_id()), show_job_state(job.state()), show_form(job.spec().to()),
                                           cat(job.changed()), cat(job.refused()), cat(job.mails_seen()),
                                           show_time(job.started_ms() / 1000)});
                             });
    });
}

}  // namespace

void add_convert_command(CLI::App& app, Context& context) {
    auto* convert = group(app, "convert", "mailboxes between the POP3 and the IMAP4 form, while everything runs");
    auto options = std::make_shared<ConvertOptions>();
    add_convert_guide(*convert, context);
    add_spec(*command(*convert, context, "plan", "shows what it would do and how long it takes; changes nothing",
                      [&context, options] {
                          return call<v1::JobPlan>(
                              context, &rpc::AdminClient::plan_job, spec_of(*options, v1::JOB_KIND_CONVERT),
                              [](const v1::JobPlan& plan) { return describe_plan(plan, language_of_environment()); });
                      }),
             options);
    auto* start = command(*convert, context, "start", "converts; what is in that form already stays as it is", [&context, options] {
        return start_job(context, spec_of(*options, v1::JOB_KIND_CONVERT), options->start);
    });
    add_spec(*start, options);
    add_start(*start, options);
    add_looks(*convert, context, options);
    add_control(*convert, context, options, "pause", "stops between two mailboxes; `resume` goes on", v1::JOB_CONTROL_PAUSE);
    add_control(*convert, context, options, "resume", "goes on", v1::JOB_CONTROL_RESUME);
    add_control(*convert, context, options, "cancel", "ends it; what is done stays done, `undo` takes it back",
                v1::JOB_CONTROL_CANCEL);
    auto* undo = command(*convert, context, "undo", "takes a conversion back wherever no client has seen its result",
                         [&context, options]() -> Result<ExitStatus> {
                             auto client = context.client();
                             if (!client) return fail(std::move(client.error()));
                             v1::JobRequest request;
                             request.set_job_id(options->job);
                             auto job = (*client)->undo_job(request);
                             if (!job) return fail(std::move(job.error()));
                             return watch_job(context, job->job_id());
                         });
    add_job(*undo, options);
}

void add_folders_command(CLI::App& app, Context& context) {
    auto* folders = group(app, "folders", "all folders of mailboxes (one folder: `adminctl folder`)");
    auto options = std::make_shared<ConvertOptions>();
    auto* rebuild = command(*folders, context, "rebuild",
                            "makes counts and names anew from the mails; hierarchy, subscriptions, special uses and UIDs stay",
                            [&context, options] {
                                return start_job(context, spec_of(*options, v1::JOB_KIND_REBUILD_FOLDERS), options->start);
                            });
    add_scope(*rebuild, options);
    add_start(*rebuild, options);
}

}  // namespace tayori::admin

// What administrators ask of jobs. The work itself is in run.cc.
#include "spoold/jobs/jobs.h"

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/jobs/mailbox_work.h"
#include "spoold/jobs/records.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredJob;

Result<void> check_spec(const v1::JobSpec& spec) {
    switch (spec.kind()) {
        case v1::JOB_KIND_CONVERT:
            if (spec.to() != v1::MAILBOX_FORM_IMAP4 && spec.to() != v1::MAILBOX_FORM_POP3)
                return fail(Kind::invalid, "A conversion is to the form imap4 or pop3.");
            break;
        case v1::JOB_KIND_REBUILD_FOLDERS: break;
        default: return fail(Kind::invalid, "There is no such kind of job.");
    }
    if (!spec.account().empty() && !spec.domain().empty())
        return fail(Kind::invalid, "Name an account or a domain, not both.");
    return {};
}

v1::Job new_job(const v1::JobSpec& spec, std::uint64_t id, std::int64_t now_ms) {
    v1::Job job;
    job.set_job_id(id);
    *job.mutable_spec() = spec;
    job.set_state(v1::JOB_STATE_RUNNING);
    job.set_started_ms(now_ms);
    return job;
}

}  // namespace

Jobs::Jobs(Mailboxes& mailboxes, store::Store& store, const Clock& clock, JobHooks hooks)
    : mailboxes_(mailboxes), store_(store), clock_(clock), hooks_(std::move(hooks)) {}

Jobs::~Jobs() { stop(); }

Result<void> Jobs::start() {
    auto latest = latest_job(*store_.snapshot());
    if (!latest) return fail(std::move(latest.error()));
    if (*latest && is_active((*latest)->job())) {
        active_ = (*latest)->job();
        log_info("a job goes on", {{"job", active_->job_id()}, {"state", v1::JobState_Name(active_->state())}});
    }
    thread_ = std::thread([this] { run(); });
    return {};
}

void Jobs::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<bool> Jobs::wanted(const v1::JobSpec& spec, AccountId account) const {
    if (spec.domain().empty()) return true;
    auto address = hooks_.address_of(account);
    if (!address && address.error().kind == Kind::not_found) return false;
    if (!address) return fail(std::move(address.error()));
    return address->ends_with(cat("@", spec.domain()));
}

void Jobs::start_job(v1::JobSpec spec, Answer<v1::Job> done) {
    if (auto checked = check_spec(spec); !checked) return done(fail(std::move(checked.error())));
    auto planned = plan(spec);
    if (!planned) return done(fail(std::move(planned.error())));
    add_job(spec, planned->mailboxes(), planned->mails(), std::move(done));
}

void Jobs::undo(const v1::JobRequest& request, Answer<v1::Job> done) {
    auto undone = get(request.job_id());
    if (!undone) return done(fail(std::move(undone.error())));
    if (undone->spec().kind() != v1::JOB_KIND_CONVERT)
        return done(fail(Kind::unsupported, cat("Job ", undone->job_id(), " was no conversion: only those can be undone.")));
    if (is_active(*undone))
        return done(fail(Kind::no_target, cat("Job ", undone->job_id(), " is not at its end: cancel it first.")));
    v1::JobSpec spec;
    spec.set_kind(v1::JOB_KIND_UNDO);
    spec.set_undo_of(undone->job_id());
    add_job(spec, undone->changed(), undone->mails_seen(), std::move(done));
}

void Jobs::add_job(const v1::JobSpec& spec, std::uint64_t mailboxes, std::uint64_t mails, Answer<v1::Job> done) {
    store::Request request;
    request.effect = store::Effect::shrinks;
    auto made = std::make_shared<StoredJob>();
    request.apply = [made, spec, mailboxes, mails](store::Transaction& transaction) -> Result<void> {
        auto active = active_job(transaction);
        if (!active) return fail(std::move(active.error()));
        if (*active) {
            return fail(Kind::exists, cat("Job ", (*active)->job().job_id(),
                                          " is not at its end: wait for it, or cancel it."));
        }
        *made = StoredJob();
        *made->mutable_job() = new_job(spec, take_numbers(transaction, keys::kNextJobId, 1), transaction.now_ms());
        made->mutable_job()->set_mailboxes(mailboxes);
        made->mutable_job()->set_mails(mails);
        write_job(transaction, *made);
        return {};
    };
    request.done = [this, made, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        keep(made->job());
        wake_.notify_all();
        done(made->job());
    };
    store_.submit(std::move(request));
}

template <class Apply>
void Jobs::change_job(std::uint64_t id, Apply apply, Answer<v1::Job> done) {
    store::Request request;
    request.effect = store::Effect::shrinks;
    auto now = std::make_shared<v1::Job>();
    request.apply = [id, apply, now](store::Transaction& transaction) -> Result<void> {
        auto job = read_job(transaction, JobId{id});
        if (!job) return fail(std::move(job.error()));
        if (auto applied = apply(*job->mutable_job(), transaction.now_ms()); !applied) return applied;
        write_job(transaction, *job);
        *now = job->job();
        return {};
    };
    request.done = [this, now, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        keep(*now);
        wake_.notify_all();
        done(*now);
    };
    store_.submit(std::move(request));
}

void Jobs::control(const v1::ControlJobRequest& request, Answer<v1::Job> done) {
    auto job = get(request.job_id());
    if (!job) return done(fail(std::move(job.error())));
    const auto apply = [control = request.control()](v1::Job& to, std::int64_t now_ms) -> Result<void> {
        if (!is_active(to)) return fail(Kind::no_target, cat("Job ", to.job_id(), " is at its end already."));
        switch (control) {
            case v1::JOB_CONTROL_PAUSE: to.set_state(v1::JOB_STATE_PAUSED); return {};
            case v1::JOB_CONTROL_RESUME: to.set_state(v1::JOB_STATE_RUNNING); return {};
            case v1::JOB_CONTROL_CANCEL:
                to.set_state(v1::JOB_STATE_CANCELLED);
                to.set_ended_ms(now_ms);
                return {};
            default: return fail(Kind::invalid, "A job can be paused, resumed or cancelled.");
        }
    };
    change_job(job->job_id(), apply, std::move(done));
}

Result<v1::Job> Jobs::get(std::uint64_t id) const {
    const auto snapshot = store_.snapshot();
    Result<StoredJob> job = fail(Kind::not_found, "There has been no job yet.");
    if (id != 0) {
        job = read_job(*snapshot, JobId{id});
    } else {
        auto latest = latest_job(*snapshot);
        if (!latest) return fail(std::move(latest.error()));
        if (*latest) job = std::move(**latest);
    }
    if (!job) return fail(std::move(job.error()));
    auto out = std::move(*job->mutable_job());
    std::lock_guard lock(mutex_);
    if (active_ && active_->job_id() == out.job_id()) {
        out.set_mails_seen(out.mails_seen() + mails_ahead_);
        if (working_since_ms_ != 0) out.set_running_ms(out.running_ms() + clock_.now_ms() - working_since_ms_);
    }
    return out;
}

Result<void> Jobs::list(const std::function<bool(const v1::Job&)>& visit) const {
    std::optional<Error> error;
    const auto range = keys::all_jobs();
    auto scanned = store_.snapshot()->scan(range.from, range.to, [&](std::string_view, std::string_view value) {
        auto job = parse_job_row<StoredJob>(std::string(value));
        if (!job) error = std::move(job.error());
        return job && visit(job->job());
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

Result<void> Jobs::report(const v1::JobRequest& request,
                          const std::function<bool(const v1::MailboxOutcome&)>& visit) const {
    auto job = get(request.job_id());
    if (!job) return fail(std::move(job.error()));
    std::optional<Error> error;
    const auto range = keys::job_outcomes(JobId{job->job_id()});
    auto scanned = store_.snapshot()->scan(range.from, range.to, [&](std::string_view, std::string_view value) {
        auto outcome = parse_job_row<stored::v1::StoredOutcome>(std::string(value));
        if (!outcome) error = std::move(outcome.error());
        return outcome && visit(outcome->outcome());
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

void Jobs::keep(const v1::Job& job) {
    {
        std::lock_guard lock(mutex_);
        if (is_active(job)) active_ = job;
        else if (active_ && active_->job_id() == job.job_id()) active_.reset();
    }
    tell_watchers();
}

std::uint64_t Jobs::watch(JobWatcher watcher) {
    std::lock_guard lock(mutex_);
    watchers_.emplace_back(next_watcher_, std::move(watcher));
    return next_watcher_++;
}

void Jobs::unwatch(std::uint64_t id) {
    std::lock_guard lock(mutex_);
    std::erase_if(watchers_, [id](const auto& watcher) { return watcher.first == id; });
}

void Jobs::tell_watchers() {
    std::lock_guard lock(mutex_);
    for (auto& [id, watcher] : watchers_) watcher();
}

void Jobs::convert_at_login(AccountId account, Answer<v1::MailboxOutcome> done) {
    v1::JobSpec spec;
    spec.set_kind(v1::JOB_KIND_CONVERT);
    spec.set_to(v1::MAILBOX_FORM_IMAP4);
    const auto& parts = mailboxes_.parts();
    auto outcome = std::make_shared<stored::v1::StoredOutcome>();
    submit_write<v1::MailboxOutcome>(
        parts, account, store::Effect::shrinks,
        [&parts, account, spec, outcome](store::Transaction& transaction, v1::MailboxOutcome& reply, ChangeSet& changes)
            -> Result<void> {
            auto box = AccountTx::open(transaction, parts, account);
            if (!box) return fail(std::move(box.error()));
            if (is_as_wanted(spec, box->state())) return {};
            *outcome = stored::v1::StoredOutcome();
            auto converted = convert_mailbox(*box, spec, JobId{0}, false, *outcome, changes);
            if (!converted) return converted;
            box->save();
            reply = outcome->outcome();
            return {};
        },
        [account, done = std::move(done)](Result<v1::MailboxOutcome> converted) {
            if (converted && converted->to() != v1::MAILBOX_FORM_UNSPECIFIED)
                log_info("a mailbox was converted at login", {{"account", raw(account)}, {"mails", converted->mails()}});
            done(std::move(converted));
        });
}

}  // namespace tayori::spool

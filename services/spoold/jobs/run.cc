// The thread of jobs. It goes through the mailboxes in turns of a few dozen: each is proved from a snapshot, then all are
// changed in commits that share a group, then one commit says how far the job has come. A turn that was cut off is done
// again: what it had changed already has an outcome, and is passed over.
#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/jobs/jobs.h"
#include "spoold/jobs/mailbox_work.h"
#include "spoold/jobs/records.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredJob;
using stored::v1::StoredOutcome;

constexpr std::size_t kMailboxesPerTurn = 32;
constexpr std::chrono::milliseconds kLeaseLook{100};
constexpr std::chrono::seconds kLeaseWait{10};    // for a POP3 session to end
constexpr std::chrono::seconds kErrorPause{1};

}  // namespace

struct Jobs::Turn {
    struct Committed {
        bool passed = false;
    };
    // passed: there is nothing to do any more. later: nothing was done yet, so the cursor may not move over it.
    enum class Step { unchanged, change, changed, refused, gone, passed, later };
    AccountId account{};
    StoredJob job;  // as it was when the turn began
    Step step = Step::change;
    Proof proof;
    StoredOutcome outcome;
    std::optional<std::uint64_t> lease;
    std::future<Result<Committed>> committed;

    bool moves_uids() const { return job.job().spec().reassign() || job.job().spec().kind() == v1::JOB_KIND_UNDO; }
    bool needs_lease() const { return moves_uids() || job.job().spec().drain(); }
    void refuse(std::string code, std::vector<std::string> values = {}) {
        step = Step::refused;
        auto& told = *outcome.mutable_outcome();
        told.set_result(v1::MAILBOX_RESULT_REFUSED);
        *told.add_notices() = make_notice(std::move(code), std::move(values));
    }
    void end(const Result<Committed>& change) {
        if (change) {
            step = change->passed ? Step::passed : Step::changed;
            return;
        }
        const auto& error = change.error();
        switch (error.kind) {
            case Kind::closed:  // the job was paused
            case Kind::busy: step = Step::later; return;
            case Kind::not_found: step = Step::gone; return;
            case Kind::exists: return refuse(error.text);
            default: return refuse("convert-failed", {error.text, error.detail});
        }
    }
};

void Jobs::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (active_ && active_->state() == v1::JOB_STATE_RUNNING) {
            if (!work(lock)) wake_.wait_for(lock, kErrorPause, [this] { return stopping_; });
            continue;
        }
        wake_.wait(lock, [this] { return stopping_ || (active_ && active_->state() == v1::JOB_STATE_RUNNING); });
    }
}

// One turn, without the lock. False: trouble; try again a little later.
bool Jobs::work(std::unique_lock<std::mutex>& lock) {
    const auto id = JobId{active_->job_id()};
    working_since_ms_ = clock_.now_ms();
    mails_ahead_ = 0;
    lock.unlock();
    const auto step = [&]() -> Result<void> {
        auto job = read_job(*store_.snapshot(), id);
        if (!job) return fail(std::move(job.error()));
        auto accounts = next_accounts(*job);
        if (!accounts) return fail(std::move(accounts.error()));
        return do_turn(*job, *accounts);
    };
    Result<void> done;
    try {
        done = step();
    } catch (const std::exception& problem) {
        done = fail(Kind::internal, "Internal error.", problem.what());
    }
    if (!done) log_error("a job could not go on", {{"job", raw(id)}, {"why", done.error().text}, {"detail", done.error().detail}});
    lock.lock();
    working_since_ms_ = 0;
    mails_ahead_ = 0;
    return done.has_value();
}

Result<std::vector<AccountId>> Jobs::next_accounts(const StoredJob& job) const {
    const auto& spec = job.job().spec();
    std::vector<AccountId> accounts;
    if (!spec.account().empty()) {
        auto id = hooks_.account_of(spec.account());
        if (id && raw(*id) > job.cursor()) accounts.push_back(*id);
        if (!id && id.error().kind != Kind::not_found) return fail(std::move(id.error()));
        return accounts;
    }
    const bool undo = spec.kind() == v1::JOB_KIND_UNDO;
    const auto all = undo ? keys::job_outcomes(JobId{spec.undo_of()}) : keys::account_states_after(AccountId{job.cursor()});
    auto scanned = store_.snapshot()->scan(all.from, all.to, [&](std::string_view key, std::string_view) {
        const auto account = undo ? AccountId{raw(keys::folder_of_key(key))} : keys::account_of_state(key);
        if (raw(account) > job.cursor()) accounts.push_back(account);
        return accounts.size() < kMailboxesPerTurn;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return accounts;
}

void Jobs::see_mails(std::uint64_t more) {
    {
        std::lock_guard lock(mutex_);
        mails_ahead_ += more;
    }
    tell_watchers();
}

Result<void> Jobs::do_turn(const StoredJob& job, const std::vector<AccountId>& accounts) {
    std::vector<AccountId> chosen;
    for (const auto account : accounts) {
        auto is_wanted = wanted(job.job().spec(), account);
        if (!is_wanted) return fail(std::move(is_wanted.error()));
        if (*is_wanted) chosen.push_back(account);
    }
    std::vector<Turn> turns;
    for (const auto account : chosen) {
        auto& turn = turns.emplace_back();
        turn.account = account;
        turn.job = job;
        auto& told = *turn.outcome.mutable_outcome();
        told.set_account_id(raw(account));
        const auto address = hooks_.address_of(account);
        told.set_address(address ? *address : cat("account ", raw(account)));
        told.set_result(v1::MAILBOX_RESULT_CHANGED);
        prove(turn);
        if (turn.step == Turn::Step::change) change(turn);
    }
    bool logins_ended = false, later = false;
    std::optional<Error> trouble;
    for (auto& turn : turns) {
        if (turn.committed.valid()) {
            auto committed = turn.committed.get();
            turn.end(committed);
            if (!committed && committed.error().kind == Kind::busy) trouble = std::move(committed.error());
        }
        logins_ended = logins_ended || turn.step == Turn::Step::changed;
        later = later || turn.step == Turn::Step::later;
    }
    if (logins_ended) hooks_.logins_changed();
    // The whole turn is done again, now or when the job goes on; what was changed has an outcome by then.
    if (trouble) return fail(std::move(*trouble));
    if (later) return {};
    return end_turn(job, turns, accounts.empty() ? AccountId{0} : accounts.back());
}

void Jobs::prove(Turn& turn) {
    const auto snapshot = store_.snapshot();
    const auto done = snapshot->get(keys::job_outcome(JobId{turn.job.job().job_id()}, turn.account));
    if (done && *done) {
        turn.step = Turn::Step::passed;
        return;
    }
    const auto state = read_state(*snapshot, turn.account);
    if (!state && state.error().kind == Kind::not_found) {
        turn.step = Turn::Step::gone;
        return;
    }
    if (!state) return turn.refuse("convert-unreadable", {state.error().detail});
    auto& told = *turn.outcome.mutable_outcome();
    told.set_from(state->form);
    told.set_to(state->form);
    told.set_mails(state->messages);
    if (is_as_wanted(turn.job.job().spec(), *state)) {
        turn.step = Turn::Step::unchanged;
        return;
    }
    if (turn.job.job().spec().kind() == v1::JOB_KIND_UNDO) return;
    auto proof = prove_mailbox(*snapshot, turn.account, *state, [this](std::uint64_t more) { see_mails(more); });
    if (!proof) return turn.refuse("convert-unreadable", {proof.error().detail});
    turn.proof = std::move(*proof);
    if (turn.job.job().spec().kind() == v1::JOB_KIND_REBUILD_FOLDERS && !turn.proof.rebuild) {
        turn.step = Turn::Step::unchanged;
        return;
    }
    for (const auto& notice : turn.proof.notices) *told.add_notices() = notice;
}

void Jobs::change(Turn& turn) {
    if (turn.needs_lease()) {
        const auto until = std::chrono::steady_clock::now() + kLeaseWait;
        for (;;) {
            auto lease = mailboxes_.lock_maildrop(turn.account);
            if (lease) {
                turn.lease = *lease;
                break;
            }
            if (std::chrono::steady_clock::now() > until) return turn.refuse("convert-in-use");
            std::unique_lock lock(mutex_);
            if (wake_.wait_for(lock, kLeaseLook, [this] { return stopping_; })) {
                turn.step = Turn::Step::later;
                return;
            }
        }
    }
    auto promise = std::make_shared<std::promise<Result<Turn::Committed>>>();
    turn.committed = promise->get_future();
    const auto& parts = mailboxes_.parts();
    auto now = std::make_shared<v1::Job>();
    submit_write<Turn::Committed>(
        parts, turn.account, store::Effect::shrinks,
        [&parts, this, account = turn.account, id = JobId{turn.job.job().job_id()}, template_of = turn.outcome,
         rebuild = turn.proof.rebuild,
         now](store::Transaction& transaction, Turn::Committed& reply, ChangeSet& changes) -> Result<void> {
            auto job = read_job(transaction, id);
            if (!job) return fail(std::move(job.error()));
            reply.passed = transaction.get(keys::job_outcome(id, account)).has_value();
            if (reply.passed) return {};
            if (job->job().state() != v1::JOB_STATE_RUNNING) return fail(Kind::closed, "The job was stopped.");
            auto box = AccountTx::open(transaction, parts, account);
            if (!box) return fail(std::move(box.error()));
            const auto& spec = job->job().spec();
            auto outcome = template_of;
            Result<void> done;
            if (spec.kind() == v1::JOB_KIND_UNDO) {
                const auto bytes = transaction.get(keys::job_outcome(JobId{spec.undo_of()}, account));
                auto was = bytes ? parse_job_row<StoredOutcome>(*bytes) : StoredOutcome();
                if (!was) return fail(std::move(was.error()));
                reply.passed = was->outcome().result() != v1::MAILBOX_RESULT_CHANGED;
                if (reply.passed) return {};
                done = undo_mailbox(*box, JobId{spec.undo_of()}, *was, id, outcome, changes);
            } else if (spec.kind() == v1::JOB_KIND_REBUILD_FOLDERS) {
                done = rebuild_mailbox(*box, outcome);
            } else {
                done = convert_mailbox(*box, spec, id, rebuild, outcome, changes);
            }
            if (!done) return done;
            const bool closes_imap = box->state().form == v1::MAILBOX_FORM_POP3;
            if (closes_imap || spec.drain()) {
                if (auto ended = hooks_.end_imap_logins(transaction, account); !ended) return ended;
            }
            box->save();
            auto& counted = *job->mutable_job();
            counted.set_changed(counted.changed() + 1);
            counted.set_mailboxes_seen(counted.mailboxes_seen() + 1);
            counted.set_mails_seen(counted.mails_seen() + outcome.outcome().mails());
            write_job(transaction, *job);
            transaction.put(keys::job_outcome(id, account), outcome.SerializeAsString());
            *now = counted;
            return {};
        },
        // The maildrop is free at once, not when the last mailbox of the turn is done.
        [this, promise, now, lease = turn.lease](Result<Turn::Committed> committed) {
            if (lease) mailboxes_.unlock_maildrop(*lease);
            if (committed && !committed->passed) keep(*now);
            promise->set_value(std::move(committed));
        });
}

Result<void> Jobs::end_turn(const StoredJob& job, const std::vector<Turn>& turns, AccountId last) {
    std::promise<Result<void>> ended;
    auto now = std::make_shared<v1::Job>();
    const auto id = JobId{job.job().job_id()};
    store::Request request;
    request.effect = store::Effect::shrinks;
    std::int64_t worked = 0;
    {
        std::lock_guard lock(mutex_);
        const auto now_ms = clock_.now_ms();
        worked = now_ms - working_since_ms_;
        working_since_ms_ = now_ms;
    }
    request.apply = [&turns, id, last, now, worked](store::Transaction& transaction) -> Result<void> {
        auto stored = read_job(transaction, id);
        if (!stored) return fail(std::move(stored.error()));
        auto& to = *stored->mutable_job();
        to.set_running_ms(to.running_ms() + worked);
        // Stopped in between: what was passed over is looked at again when the job goes on.
        const bool running = to.state() == v1::JOB_STATE_RUNNING;
        for (const auto& turn : turns) {
            const bool refused = turn.step == Turn::Step::refused;
            if (!running || (!refused && turn.step != Turn::Step::unchanged)) continue;
            to.set_mailboxes_seen(to.mailboxes_seen() + 1);
            to.set_mails_seen(to.mails_seen() + turn.outcome.outcome().mails());
            if (!refused) {
                to.set_unchanged(to.unchanged() + 1);
                continue;
            }
            to.set_refused(to.refused() + 1);
            auto outcome = turn.outcome;
            outcome.mutable_outcome()->set_at_ms(transaction.now_ms());
            transaction.put(keys::job_outcome(id, turn.account), outcome.SerializeAsString());
        }
        if (running && raw(last) != 0) stored->set_cursor(raw(last));
        if (running && raw(last) == 0) {
            to.set_state(v1::JOB_STATE_DONE);
            to.set_ended_ms(transaction.now_ms());
        }
        write_job(transaction, *stored);
        *now = to;
        return {};
    };
    request.done = [this, &ended, now](Result<void> committed) {
        if (committed) {
            {
                std::lock_guard lock(mutex_);
                mails_ahead_ = 0;
            }
            keep(*now);
        }
        ended.set_value(std::move(committed));
    };
    store_.submit(std::move(request));
    auto result = ended.get_future().get();
    if (result && now->state() == v1::JOB_STATE_DONE) {
        log_info("a job is done", {{"job", raw(id)}, {"changed", now->changed()}, {"unchanged", now->unchanged()},
                                   {"refused", now->refused()}, {"mails", now->mails_seen()}, {"ms", now->running_ms()}});
    }
    return result;
}

}  // namespace tayori::spool

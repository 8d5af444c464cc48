// What a job would do, and how long it would take on this machine.
#include <chrono>

#include "spoold/counters/census.h"
#include "spoold/jobs/jobs.h"
#include "spoold/jobs/mailbox_work.h"
#include "spoold/jobs/records.h"

namespace tayori::spool {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto kSampleTime = std::chrono::milliseconds(300);
constexpr std::uint64_t kMailsPerSecond = 1'000'000;  // where there was nothing to measure
constexpr double kMillisPerMailbox = 1.0;             // the commit

void say_what_clients_do(const v1::JobSpec& spec, v1::JobPlan& plan) {
    const auto add = [&plan](const char* code) { *plan.add_notices() = make_notice(code); };
    if (spec.kind() != v1::JOB_KIND_CONVERT) return add("plan-rebuild");
    add("plan-uidls-stay");
    if (spec.to() == v1::MAILBOX_FORM_IMAP4) add("plan-imap-opens");
    else add("plan-imap-closes");
    if (spec.reassign()) add("plan-reassign");
    if (spec.drain()) add("plan-drain");
}

}  // namespace

Result<v1::JobPlan> Jobs::plan(const v1::JobSpec& spec) const {
    const auto snapshot = store_.snapshot();
    AccountId only{0};
    if (!spec.account().empty()) {
        auto id = hooks_.account_of(spec.account());
        if (!id) return fail(std::move(id.error()));
        only = *id;
    }
    v1::JobPlan plan;
    std::uint64_t to_do = 0, sampled = 0;
    const auto began = Steady::now();
    std::optional<Error> unread;
    auto visited = visit_accounts(*snapshot, [&](AccountId account, const AccountState& state) {
        if (raw(only) != 0 && account != only) return true;
        auto is_wanted = wanted(spec, account);
        if (!is_wanted) unread = std::move(is_wanted.error());
        if (unread || !*is_wanted) return !unread;
        plan.set_mailboxes(plan.mailboxes() + 1);
        plan.set_mails(plan.mails() + state.messages);
        plan.set_bytes(plan.bytes() + state.bytes);
        if (is_as_wanted(spec, state)) {
            plan.set_unchanged(plan.unchanged() + 1);
            return true;
        }
        to_do += state.messages;
        if (Steady::now() - began > kSampleTime) return true;
        // An unreadable mailbox is the job's to report.
        if (auto proof = prove_mailbox(*snapshot, account, state, [](std::uint64_t) {})) sampled += proof->mails;
        return true;
    });
    if (unread) return fail(std::move(*unread));
    if (!visited) return fail(std::move(visited.error()));
    const std::chrono::duration<double> took = Steady::now() - began;
    const double rate = sampled != 0 ? static_cast<double>(sampled) / took.count() : static_cast<double>(kMailsPerSecond);
    const double mailboxes = static_cast<double>(plan.mailboxes() - plan.unchanged());
    plan.set_expected_ms(static_cast<std::uint64_t>(static_cast<double>(to_do) / rate * 1000 + mailboxes * kMillisPerMailbox));
    say_what_clients_do(spec, plan);
    return plan;
}

}  // namespace tayori::spool

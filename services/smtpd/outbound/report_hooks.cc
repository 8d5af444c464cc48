#include "smtpd/outbound/report_hooks.h"

#include <utility>

#include "common/base/log.h"
#include "common/mail/encoded_word.h"
#include "common/mail/header.h"

namespace tayori::smtp {
namespace {

// Of small mails, which come whole with their lease.
std::string subject_of(const v1::LeasedMail& mail) {
    const std::string_view content(mail.content());
    const auto field = mail::find_field(content.substr(0, mail::header_bytes(content)), "Subject");
    if (!field) return {};
    auto text = mail::decode_header_text(mail::unfold(*field));
    if (text.size() > kReportSubjectBytesMax) text.clear();
    return text;
}

}  // namespace

void ReportHooks::settled(const v1::LeasedMail& mail, const v1::LeasedRecipient& recipient, const Verdict& verdict) {
    const bool good = verdict.outcome == v1::CARRY_OUTCOME_DELIVERED || verdict.outcome == v1::CARRY_OUTCOME_RELAYED;
    if (mail.account_id() == 0 || (!good && verdict.outcome != v1::CARRY_OUTCOME_FAILED)) return;
    const auto hook = good ? lua::Hook::sent : lua::Hook::bounce;
    if (!plugins_.anybody_has(hook)) return;
    if (tasks_.size() >= kReportHooksMax) {
        log_debug("plugins are not told of an outcome: too many at once", {{"id", mail.trace_id()}});
        return;
    }
    lua::Job job;
    job.hook = hook;
    job.id = mail.trace_id();
    auto& report = job.report.emplace();
    report.recipient = recipient.address();
    report.host = verdict.said.host();
    report.reply = verdict.said.code() == 0 ? verdict.said.text()
                                            : std::to_string(verdict.said.code()) + " " + verdict.said.status() + " " + verdict.said.text();
    report.subject = subject_of(mail);
    report.tries = recipient.tries() + 1;
    tasks_.spawn(tell(std::move(job), mail.account_id()), [id = mail.trace_id()](Result<void> told) {
        if (!told) log_debug("plugins were not told of an outcome", {{"id", id}, {"why", told.error().text}});
    });
}

Async<void> ReportHooks::tell(lua::Job job, std::uint64_t account_id) {
    auto account = co_await plugins_.account(account_id, {});
    if (!plugins_.has(account.profile, job.hook)) co_return;
    account = co_await plugins_.with_state(std::move(account), job.hook);
    job.account = account;
    auto decided = co_await plugins_.run(std::move(job));
    co_await plugins_.apply(std::move(account), std::move(decided));
}

}  // namespace tayori::smtp

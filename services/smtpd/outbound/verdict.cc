#include "smtpd/outbound/verdict.h"

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

constexpr std::uint32_t kDaySeconds = 86'400;

// "3 days", "5 hours".
std::string age_text(std::uint32_t seconds) {
    const auto days = seconds / kDaySeconds;
    if (days > 0) return cat(days, days == 1 ? " day" : " days");
    const auto hours = seconds / 3600;
    if (hours > 0) return cat(hours, hours == 1 ? " hour" : " hours");
    return cat(seconds / 60, " minutes");
}

}  // namespace

std::string_view stage_name(Step stage) {
    switch (stage) {
        case Step::connect: return "connect";
        case Step::greeting: return "greeting";
        case Step::ehlo: return "ehlo";
        case Step::starttls: return "starttls";
        case Step::auth: return "auth";
        case Step::mail: return "mail";
        case Step::rcpt: return "rcpt";
        case Step::data: return "data";
        case Step::end_of_data: return "end of data";
    }
    return {};
}

v1::Said said_of(const ServerReply& reply, Step stage) {
    v1::Said said;
    said.set_code(static_cast<std::uint32_t>(reply.code));
    said.set_status(reply.enhanced.empty() ? cat(reply.code / 100, ".0.0") : reply.enhanced);
    said.set_text(reply.text);
    said.set_stage(std::string(stage_name(stage)));
    return said;
}

v1::Said said_ours(std::string_view status, std::string_view text, Step stage) {
    v1::Said said;
    said.set_status(std::string(status));
    said.set_text(printable(text, kReplyTextMax));
    said.set_stage(std::string(stage_name(stage)));
    return said;
}

Verdict failed(v1::Said said) { return {v1::CARRY_OUTCOME_FAILED, std::move(said)}; }
Verdict deferred(v1::Said said) { return {v1::CARRY_OUTCOME_DEFERRED, std::move(said)}; }

Verdict judge(const ServerReply& reply, Step stage, Dsn dsn) {
    auto said = said_of(reply, stage);
    if (reply.positive() && stage == Step::end_of_data)
        return {dsn == Dsn::offered ? v1::CARRY_OUTCOME_DELIVERED : v1::CARRY_OUTCOME_RELAYED, std::move(said)};
    if (reply.positive() && stage != Step::data) return {};
    if (reply.intermediate() && stage == Step::data) return {};
    // "Too many recipients" was 552 in old days, and must be taken for temporary (RFC 5321 §4.5.3.1.10). Postfix does so with
    // every 552 to RCPT, since texts do not tell it from a full mailbox, which is temporary as well.
    if (reply.code == 552 && stage == Step::rcpt) {
        said.set_status("4.5.3");
        return deferred(std::move(said));
    }
    if (reply.permanent()) return failed(std::move(said));
    if (reply.temporary()) return deferred(std::move(said));
    // 2yz or 3yz where it makes no sense: the server has lost count, not the recipient.
    said.set_status("4.5.0");
    return deferred(std::move(said));
}

void give_up(Verdict& verdict, std::uint32_t max_age_s) {
    if (verdict.outcome != v1::CARRY_OUTCOME_DEFERRED) return;
    verdict.outcome = v1::CARRY_OUTCOME_FAILED;
    verdict.said.set_status("4.4.7");  // delivery time expired (RFC 3463 §3.5)
    const auto after = max_age_s > 0 ? cat("Given up after ", age_text(max_age_s), ". ") : std::string("Given up. ");
    verdict.said.set_text(printable(cat(after, verdict.said.text()), kReplyTextMax));
}

}  // namespace tayori::smtp

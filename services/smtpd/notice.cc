#include "smtpd/notice.h"

#include "common/base/text.h"
#include "common/mail/dsn.h"
#include "smtpd/grammar/dsn.h"
#include "smtpd/session.h"

namespace tayori::smtp {

void add_notice(const Parts& parts, const PlanEnvelope& envelope, const Told& told, std::string_view header, rpc::v1::CommitPlan& plan) {
    // Nobody is told about a notification (RFC 3461 §6.1).
    if ((told.arrived.empty() && told.refused.empty()) || envelope.reverse_path.empty()) return;
    mail::Dsn dsn;
    dsn.reporting_mta = parts.hostname;
    dsn.from = cat("postmaster@", domain_of(envelope.reverse_path, parts.hostname));
    dsn.to = envelope.reverse_path;
    dsn.message_id = cat("dsn.", plan.trace_id(), "@", parts.hostname);
    dsn.boundary = cat("=_tayori_", plan.trace_id());
    dsn.envelope_id = envelope.envelope_id;
    dsn.date_s = plan.received_s();
    dsn.arrived_s = plan.received_s();
    dsn.language = parts.notice_language;
    for (const auto& refused : told.refused) {
        auto& one = dsn.recipients.emplace_back();
        one.action = mail::DsnAction::failed;
        one.address = refused.path;
        one.status = refused.refusal.enhanced;
        one.code = static_cast<std::uint32_t>(refused.refusal.code);
        one.text = refused.refusal.text;
        one.host = parts.hostname;
        one.last_try_s = plan.received_s();
    }
    for (const auto& recipient : told.arrived) {
        auto& one = dsn.recipients.emplace_back();
        one.action = mail::DsnAction::delivered;
        one.address = recipient.path;
        one.original = recipient.original;
        one.status = "2.1.5";
        one.last_try_s = plan.received_s();
    }
    dsn.original = header.substr(0, kNoticeHeaderBytesMax);
    auto& outbound = *plan.add_outbound();
    outbound.set_content(mail::make_dsn(dsn));
    outbound.set_smtputf8(envelope.smtputf8);
    auto& to = *outbound.add_recipients();
    to.set_address(envelope.reverse_path);
    to.set_notify(kNotifyNever);
}

}  // namespace tayori::smtp

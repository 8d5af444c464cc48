#include "smtpd/plan.h"

#include "common/base/text.h"
#include "common/mail/received.h"
#include "smtpd/grammar/dsn.h"
#include "smtpd/session.h"

namespace tayori::smtp {

std::string domain_of(const std::string& path, const std::string& otherwise) {
    const auto at = path.rfind('@');
    return at == std::string::npos ? otherwise : path.substr(at + 1);
}

rpc::v1::Outbound& PlanRecipients::outbound(const std::string& forward_domain) {
    const auto [row, is_new] = outbound_at_.try_emplace(forward_domain, plan_.outbound_size());
    if (!is_new) return *plan_.mutable_outbound(row->second);
    auto& made = *plan_.add_outbound();
    made.set_reverse_path(envelope_.reverse_path);
    made.set_prefix(envelope_.received);
    made.set_account_id(envelope_.account_id);
    made.set_envelope_id(envelope_.envelope_id);
    made.set_dsn_return(envelope_.dsn_return);
    made.set_smtputf8(envelope_.smtputf8);
    made.set_forward(!forward_domain.empty());
    made.set_forward_domain(forward_domain);
    return made;
}

void PlanRecipients::add(const PlanRecipient& recipient) {
    bool here = false;
    const auto place = added_++;
    for (std::size_t i = 0; i < recipient.targets.size(); ++i) {
        const auto& target = recipient.targets[i];
        if (target.account_id() == 0) {
            if (!outside_.insert(target.address()).second) continue;
            // Who has not logged in can only reach others by an address of ours.
            const bool forward = envelope_.account_id == 0 || !equals_ignoring_case(target.address(), recipient.path);
            auto& to = *outbound(forward ? domain_of(recipient.path, envelope_.hostname) : std::string()).add_recipients();
            to.set_address(target.address());
            to.set_original(recipient.original);
            to.set_notify(recipient.notify);
            continue;
        }
        here = true;
        if (!accounts_.insert(target.account_id()).second) continue;
        here_.push_back({place, i});
        auto& delivery = *plan_.add_deliveries();
        delivery.set_account_id(target.account_id());
        delivery.set_prefix(cat(mail::return_path_field(envelope_.reverse_path), "Delivered-To: ", recipient.path, "\r\n",
                                envelope_.received));
    }
    if (here && (recipient.notify & kNotifySuccess) != 0) told_.push_back(recipient);
}

std::string local_received(const Parts& parts, const std::string& id, const std::string& only_recipient) {
    mail::Received line;
    line.by = parts.hostname;
    line.with = "local";
    line.id = id;
    line.for_path = only_recipient;
    line.date = {parts.clock.now_ms() / 1000, 0};
    return mail::received_field(line);
}

}  // namespace tayori::smtp

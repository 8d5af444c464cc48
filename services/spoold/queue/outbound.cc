#include "spoold/queue/outbound.h"

#include "spoold/directory/records.h"

namespace tayori::spool {

QueuedMail queued_mail(const v1::Outbound& outbound, const std::string& trace_id, std::int64_t now_ms) {
    QueuedMail mail;
    mail.sender = AccountId{outbound.account_id()};
    mail.reverse_path = outbound.reverse_path();
    for (const auto& from : outbound.recipients()) {
        auto& recipient = mail.recipients.emplace_back();
        recipient.address = from.address();
        recipient.original = from.original();
        recipient.notify = from.notify();
    }
    mail.prefix = outbound.prefix();
    mail.created_ms = now_ms;
    mail.trace_id = trace_id;
    mail.envelope_id = outbound.envelope_id();
    if (v1::DsnReturn_IsValid(static_cast<int>(outbound.dsn_return()))) mail.dsn_return = static_cast<v1::DsnReturn>(outbound.dsn_return());
    mail.smtputf8 = outbound.smtputf8();
    mail.forward = outbound.forward();
    return mail;
}

std::string account_address(store::Transaction& transaction, std::uint64_t account) {
    auto row = read_row<stored::v1::StoredAccount>(TransactionRows(transaction), row_key::account(account));
    return row && *row ? (*row)->address() : std::string();
}

}  // namespace tayori::spool

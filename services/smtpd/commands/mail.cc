// MAIL (RFC 5321 §4.1.1.2)
//
//   C: MAIL FROM:<alice@example.test> SIZE=1000 BODY=8BITMIME
//   S: 250 2.1.0 Sender ok.
#include "common/base/text.h"
#include "smtpd/commands/table.h"
#include "smtpd/grammar/dsn.h"
#include "smtpd/hooks.h"

namespace tayori::smtp {
namespace {

struct MailParameters {
    std::uint64_t size = 0;
    bool smtputf8 = false;
    std::string envelope_id;
    std::uint32_t dsn_return = 0;
};

// RET and ENVID (RFC 3461 §4.3, §4.4). False: the value is malformed.
bool read_dsn_parameter(const Parameter& parameter, MailParameters& read) {
    if (!parameter.value) return false;
    if (parameter.keyword == "ENVID") {
        read.envelope_id = *parameter.value;
        return is_envid(*parameter.value);
    }
    if (equals_ignoring_case(*parameter.value, "FULL")) read.dsn_return = rpc::v1::DSN_RETURN_FULL;
    else if (equals_ignoring_case(*parameter.value, "HDRS")) read.dsn_return = rpc::v1::DSN_RETURN_HEADERS;
    return read.dsn_return != 0;
}

Result<MailParameters> read_parameters(const std::vector<Parameter>& parameters, bool dsn) {
    MailParameters read;
    for (const auto& parameter : parameters) {
        const auto& [keyword, value] = parameter;
        if (keyword == "SIZE") {  // RFC 1870 §3
            const auto bytes = value ? parse_number(*value) : std::nullopt;
            if (!bytes) return fail(Kind::invalid, "SIZE takes a number of octets.");
            read.size = *bytes;
        } else if (keyword == "BODY") {  // RFC 6152 §3
            if (!value || (!equals_ignoring_case(*value, "7BIT") && !equals_ignoring_case(*value, "8BITMIME")))
                return fail(Kind::invalid, "BODY takes 7BIT or 8BITMIME.");
        } else if (keyword == "SMTPUTF8") {  // RFC 6531 §3.4
            if (value) return fail(Kind::invalid, "SMTPUTF8 takes no value.");
            read.smtputf8 = true;
        } else if (keyword == "AUTH") {  // RFC 4954 §5: must be accepted; we trust nobody's claim and pass none on
            if (!value) return fail(Kind::invalid, "AUTH takes an address or <>.");
        } else if (dsn && (keyword == "RET" || keyword == "ENVID")) {
            if (!read_dsn_parameter(parameter, read)) return fail(Kind::invalid, cat("Malformed ", keyword, "."));
        } else {
            return fail(Kind::unsupported, cat("Parameter ", keyword, " is not supported."));
        }
    }
    return read;
}

// Why MAIL can't be used now; an empty text if it can.
std::string mail_refusal(Session& session) {
    if (session.helo().empty()) return reply(503, "5.5.1", "Send EHLO first.");
    if (session.envelope().begun) return reply(503, "5.5.1", "A mail transaction has begun already.");
    if (session.is_submission() && !session.login())
        return reply(530, "5.7.0", "Authentication required.");  // RFC 4954 §6
    if (session.transactions() >= session.parts().transactions_max)
        return reply(421, "4.5.3", "Too many mails on one connection, connect again.");
    return {};
}

Result<std::string> parse_sender(const std::string& path, bool smtputf8) {
    if (path.empty()) return std::string();
    auto address = mail::parse_address(path, smtputf8 ? mail::Utf8::allowed : mail::Utf8::refused);
    if (!address) return fail(std::move(address.error()));
    return mail::to_text(*address);
}

}  // namespace

Async<void> cmd_mail(Session& session, std::string argument) {
    auto no = mail_refusal(session);
    if (!no.empty()) {
        if (no.starts_with("421")) session.end();
        co_await session.conn().write(std::move(no));
        co_return;
    }
    auto path = co_await parse_path_argument(argument, "FROM:");
    auto parameters = read_parameters(path.parameters, session.is_submission());
    if (!parameters) {
        const bool unknown = parameters.error().kind == Kind::unsupported;
        co_await session.reply(unknown ? 555 : 501, "5.5.4", parameters.error().text);
        co_return;
    }
    auto sender = co_await parse_sender(path.path, parameters->smtputf8);
    auto& parts = session.parts();
    if (parameters->size > session.message_bytes_max()) {
        co_await session.reply(552, "5.3.4", cat("Message too big: at most ", session.message_bytes_max(), " octets."));
        co_return;
    }
    if (session.login() && !sender.empty()) {
        rpc::v1::CheckSender check;
        check.set_address(sender);
        co_await parts.spool.call(std::move(check), session.login()->ticket);
    }
    auto& envelope = session.envelope();
    envelope.begun = true;
    envelope.reverse_path = std::move(sender);
    envelope.declared_bytes = parameters->size;
    envelope.smtputf8 = parameters->smtputf8;
    envelope.envelope_id = std::move(parameters->envelope_id);
    envelope.dsn_return = parameters->dsn_return;
    auto refusal = co_await run_session_hook(session, lua::Hook::mail).result();
    if (!refusal || *refusal) {
        session.reset_envelope();
        if (!refusal) co_await fail(std::move(refusal.error()));
        co_await session.reply(**refusal);
        co_return;
    }
    ++session.transactions();
    co_await session.reply(250, "2.1.0", "Sender ok.");
}

}  // namespace tayori::smtp

// EHLO and HELO (RFC 5321 §4.1.1.1)
//
//   C: EHLO client.example
//   S: 250-mail.example.test
//   S: 250-PIPELINING
//   S: 250 ...
#include "common/base/text.h"
#include "smtpd/commands/table.h"
#include "smtpd/hooks.h"

namespace tayori::smtp {
namespace {

// What is offered changes with the port, TLS and login; after STARTTLS the client asks anew (RFC 3207 §4.2).
std::string extensions(Session& session) {
    const auto& parts = session.parts();
    std::string text = parts.hostname;
    append(text, "\nPIPELINING\nSIZE ", session.message_bytes_max(), "\n8BITMIME\nSMTPUTF8\nCHUNKING");
    append(text, "\nENHANCEDSTATUSCODES");
    // Only our users may ask for notifications: whoever could anywhere would have us send them to others (RFC 3461 §10.2).
    if (session.is_submission()) append(text, "\nDSN");
    append(text, "\nLIMITS MAILMAX=", parts.transactions_max, " RCPTMAX=", parts.recipients_max);  // RFC 9422 §3
    if (parts.tls != nullptr && !session.conn().is_tls()) append(text, "\nSTARTTLS");
    if (session.may_authenticate() && !session.login()) {
        append(text, "\nAUTH");
        for (auto mechanism : sasl::kMechanisms) append(text, " ", mechanism);
    }
    return text;
}

Async<void> greet(Session& session, std::string name, bool esmtp) {
    if (!is_acceptable_helo(name)) co_await fail(Kind::invalid, "Say who you are: EHLO your.host.name");
    session.reset_envelope();  // RFC 5321 §4.1.4
    session.helo() = std::move(name);
    session.esmtp() = esmtp;
    auto refusal = co_await run_session_hook(session, lua::Hook::helo).result();
    if (refusal && *refusal) {
        session.helo().clear();
        session.count_bad_command();
        co_await session.reply(**refusal);
        co_return;
    }
    if (esmtp) co_await session.reply(250, "", extensions(session));
    else co_await session.reply(250, "", session.parts().hostname);
}

// Each protocol refuses the other's word (RFC 2033 §4.1).
Async<void> wrong_protocol(Session& session) {
    session.count_bad_command();
    return session.reply(500, "5.5.1", session.is_lmtp() ? "This is LMTP: say LHLO." : "This is SMTP: say EHLO.");
}

}  // namespace

Async<void> cmd_ehlo(Session& session, std::string argument) {
    return session.is_lmtp() ? wrong_protocol(session) : greet(session, std::move(argument), true);
}

Async<void> cmd_helo(Session& session, std::string argument) {
    return session.is_lmtp() ? wrong_protocol(session) : greet(session, std::move(argument), false);
}

// LHLO (RFC 2033 §4.1)
Async<void> cmd_lhlo(Session& session, std::string argument) {
    return session.is_lmtp() ? greet(session, std::move(argument), true) : wrong_protocol(session);
}

}  // namespace tayori::smtp

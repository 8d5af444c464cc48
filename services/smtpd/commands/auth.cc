// AUTH (RFC 4954)
//
//   C: AUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=
//   S: 235 2.7.0 Authentication successful.
#include "common/base/log.h"
#include "common/base/text.h"
#include "smtpd/commands/table.h"
#include "smtpd/hooks.h"

namespace tayori::smtp {
namespace {

class SmtpLines final : public sasl::Lines {
  public:
    explicit SmtpLines(Session& session) : session_(session) {}
    Async<std::string> ask(std::string challenge_base64) override {
        co_await session_.conn().write(cat("334 ", challenge_base64, "\r\n"));
        auto line = co_await session_.read_answer(kAuthLineBytesMax);
        co_return line;
    }

  private:
    Session& session_;
};

// Why AUTH can't be used now; an empty text if it can.
std::string auth_refusal(Session& session) {
    if (!session.is_submission())
        return reply(503, "5.5.1", "AUTH is not offered on this port: submit mail on port 587 or 465.");
    if (session.login()) return reply(503, "5.5.1", "Already authenticated.");
    if (session.envelope().begun) return reply(503, "5.5.1", "AUTH is not possible during a mail transaction.");
    if (!session.may_authenticate())
        return reply(538, "5.7.11", "Encryption required: use STARTTLS first, or port 465.");
    if (!session.esmtp()) return reply(503, "5.5.1", "Send EHLO first.");
    return {};
}

}  // namespace

Async<void> cmd_auth(Session& session, std::string argument) {
    auto no = auth_refusal(session);
    if (!no.empty()) {
        co_await session.conn().write(std::move(no));
        co_return;
    }
    const auto space = argument.find(' ');
    auto mechanism = argument.substr(0, space);
    if (mechanism.empty()) co_await fail(Kind::invalid, "Syntax: AUTH mechanism [initial-response]");
    std::optional<std::string> initial;
    if (space != std::string::npos) initial = argument.substr(space + 1);

    SmtpLines lines(session);
    auto login = co_await sasl::authenticate(lines, session.parts().spool, session.client_info(),
                                             std::move(mechanism), std::move(initial))
                     .result();
    if (!login) {
        // Refused logins count as errors too: guessing on one connection ends soon.
        if (login.error().kind == Kind::auth_failed || login.error().kind == Kind::denied) {
            session.count_bad_command();
            log_info("auth failed", {{"session", session.id()}, {"from", session.peer_ip()}});
        }
        co_await fail(std::move(login.error()));
    }
    session.login() = std::move(*login);
    auto refusal = co_await run_session_hook(session, lua::Hook::auth).result();
    if (!refusal || *refusal) {
        log_info("login refused by a plugin", {{"session", session.id()}, {"account", session.login()->address}});
        session.login().reset();
        session.count_bad_command();
        if (!refusal) co_await fail(std::move(refusal.error()));
        co_await session.reply(**refusal);
        co_return;
    }
    log_info("auth", {{"session", session.id()}, {"account", session.login()->address}, {"from", session.peer_ip()}});
    co_await session.reply(235, "2.7.0", "Authentication successful.");
}

}  // namespace tayori::smtp

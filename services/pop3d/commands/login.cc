// USER and PASS (RFC 1939 §7), AUTH (RFC 5034)
//
//   C: USER alice@example.test
//   S: +OK
//   C: PASS secret
//   S: +OK 2 messages (320 octets)
#include "common/base/log.h"
#include "common/base/text.h"
#include "pop3d/commands/table.h"

namespace tayori::pop3 {
namespace {

class Pop3Lines final : public sasl::Lines {
  public:
    explicit Pop3Lines(Session& session) : session_(session) {}
    Async<std::string> ask(std::string challenge_base64) override {
        co_await session_.conn().write(cat("+ ", challenge_base64, "\r\n"));
        auto line = co_await session_.conn().read_line({kAuthLineBytesMax, net::LineEnd::crlf_or_lf},
                                                       session_.deadline());
        co_return line;
    }

  private:
    Session& session_;
};

Error encryption_required() {
    return Error::make(Kind::unsupported, "Encryption required: use STLS first, or port 995.");
}

void log_failure(Session& session, const Error& error) {
    if (error.kind == Kind::auth_failed || error.kind == Kind::denied)
        log_info("auth failed", {{"from", session.client_info().remote_ip()}});
}

}  // namespace

Async<void> cmd_user(Session& session, std::string argument) {
    if (!session.may_log_in()) co_await fail(encryption_required());
    if (argument.empty()) co_await fail(Kind::invalid, "Syntax: USER name");
    session.user() = std::move(argument);
    co_await session.conn().write("+OK Send PASS.\r\n");  // whether the name exists is not told (RFC 1939 §13)
}

Async<void> cmd_pass(Session& session, std::string argument) {
    if (session.user().empty()) co_await fail(Kind::invalid, "Send USER first.");
    auto login = co_await sasl::log_in(session.parts().spool, session.client_info(),
                                       std::exchange(session.user(), {}), std::move(argument))
                     .result();
    if (!login) {
        log_failure(session, login.error());
        co_await fail(std::move(login.error()));
    }
    co_await session.enter(std::move(*login));
}

Async<void> cmd_auth(Session& session, std::string argument) {
    if (!session.may_log_in()) co_await fail(encryption_required());
    if (argument.empty()) co_await fail(Kind::invalid, "Syntax: AUTH mechanism [initial-response]");
    const auto space = argument.find(' ');
    std::optional<std::string> initial;
    if (space != std::string::npos) initial = argument.substr(space + 1);
    Pop3Lines lines(session);
    auto login = co_await sasl::authenticate(lines, session.parts().spool, session.client_info(),
                                             argument.substr(0, space), std::move(initial))
                     .result();
    if (!login) {
        log_failure(session, login.error());
        co_await fail(std::move(login.error()));
    }
    co_await session.enter(std::move(*login));
}

}  // namespace tayori::pop3

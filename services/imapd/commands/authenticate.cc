// AUTHENTICATE and LOGIN (RFC 3501 §6.2.2, §6.2.3; initial response RFC 4959)
//
//   C: a1 AUTHENTICATE PLAIN AGFubmEAc2VjcmV0
//   S: a1 OK [CAPABILITY IMAP4rev1 ...] Logged in
//
//   C: a1 LOGIN anna@example.org secret
#include "common/base/text.h"
#include "common/sasl/sasl.h"
#include "imapd/commands/table.h"
#include "imapd/hooks.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

class SaslLines final : public sasl::Lines {
  public:
    explicit SaslLines(Session& session) : session_(session) {}
    Async<std::string> ask(std::string challenge_base64) override {
        auto& conn = session_.conn();
        co_await conn.write(cat("+ ", challenge_base64, "\r\n"));
        std::string line;
        const auto deadline = session_.parts().loop.in(session_.parts().login_timeout);
        const bool whole = co_await read_line_into(conn, line, kSaslLineBytesMax, deadline);
        if (!whole) co_await fail(Kind::invalid, "Response too long.");
        co_return line;
    }

  private:
    Session& session_;
};

constexpr const char* kPrivacy = "Passwords are taken only after STARTTLS.";

constexpr const char* kSiteOff = "IMAP is not in use here: read this mailbox by POP3, or ask your administrator.";
constexpr const char* kPop3Form =
    "This mailbox is in POP3 form: ask your administrator to convert it, until then read it by POP3.";

// The end of either command. RFC 3501 §6.2.2: a failure is NO, a cancelled or malformed exchange
// BAD.
Async<Reply> finish(Session& session, Result<sasl::Login> login) {
    if (!login) {
        const bool guessed = login.error().kind == Kind::auth_failed;
        if (guessed) co_await session.login_failed();
        if (login.error().kind == Kind::unsupported)
            co_return Reply::no("CANNOT", "No such mechanism.");
        co_return reply_to(login.error());
    }
    // The right password: no guess, and nothing that trying again would change (RFC 5530 §3).
    if (login->imap == rpc::v1::IMAP_ACCESS_SITE_OFF) co_return Reply::no("CONTACTADMIN", kSiteOff);
    if (login->imap == rpc::v1::IMAP_ACCESS_POP3_FORM) co_return Reply::no("CONTACTADMIN", kPop3Form);
    auto refusal = co_await run_login_hook(session, login->account_id, login->address).result();
    if (!refusal) co_return reply_to(refusal.error());
    if (*refusal) co_return std::move(**refusal);
    session.log_in({std::move(login->ticket), login->account_id, std::move(login->address)});
    co_return Reply::ok(cat("CAPABILITY ", session.capabilities()), "Logged in");
}

}  // namespace

Async<Reply> cmd_authenticate(Session& session, Args args) {
    auto mechanism = co_await args.atom();
    std::optional<std::string> initial;
    if (args.more()) {
        initial = co_await args.parse([](Cursor& c) -> Result<std::string> {
            std::string text(c.rest());
            c.seek(c.position() + text.size());
            if (text.empty() || text.find(' ') != text.npos)
                return fail(Kind::invalid, "Wrong initial response.");
            return text;
        });
    }
    co_await args.end();
    if (!session.plaintext_login_allowed()) co_return Reply::no("PRIVACYREQUIRED", kPrivacy);
    SaslLines lines(session);
    auto login = co_await sasl::authenticate(lines, session.parts().spool, session.client_info(),
                                             std::move(mechanism), std::move(initial))
                     .result();
    // A broken connection, not a failed login.
    if (!login && login.error().kind == Kind::closed) co_await fail(std::move(login.error()));
    co_return co_await finish(session, std::move(login));
}

Async<Reply> cmd_login(Session& session, Args args) {
    auto user = co_await args.astring();
    auto password = co_await args.astring();
    co_await args.end();
    if (!session.plaintext_login_allowed()) co_return Reply::no("PRIVACYREQUIRED", kPrivacy);
    auto login = co_await sasl::log_in(session.parts().spool, session.client_info(),
                                       std::move(user), std::move(password))
                     .result();
    co_return co_await finish(session, std::move(login));
}

}  // namespace tayori::imap

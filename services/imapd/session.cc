#include "imapd/session.h"

#include "common/base/log.h"
#include "common/base/text.h"
#include "imapd/commands/table.h"
#include "imapd/limits.h"

namespace tayori::imap {

Session::Session(Parts& parts, net::Conn& conn)
    : parts_(parts), conn_(conn), login_deadline_(parts.loop.in(parts.login_timeout)) {}

State Session::state() const {
    if (!account_) return State::not_authenticated;
    return view_ ? State::selected : State::authenticated;
}

bool Session::plaintext_login_allowed() const {
    return conn_.is_tls() || parts_.plaintext_allowed(conn_);
}

std::string Session::capabilities() const {
    if (account_) {
        return cat(
            "IMAP4rev1 LITERAL+ SASL-IR ENABLE ID IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN "
            "SPECIAL-USE "
            "LIST-EXTENDED LIST-STATUS STATUS=SIZE ESEARCH CONDSTORE QUOTA QUOTA=RES-STORAGE "
            "QUOTA=RES-MESSAGE METADATA-SERVER APPENDLIMIT=",
            parts_.append_bytes_max);
    }
    std::string text = "IMAP4rev1 LITERAL- SASL-IR ENABLE ID";
    if (parts_.tls != nullptr && !conn_.is_tls()) text.append(" STARTTLS");
    if (plaintext_login_allowed())
        text.append(" AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN");
    else
        text.append(" LOGINDISABLED");
    return text;
}

rpc::v1::ClientInfo Session::client_info() const {
    rpc::v1::ClientInfo info;
    info.set_protocol(rpc::v1::PROTOCOL_IMAP);
    info.set_remote_ip(conn_.peer().ip.to_string());
    info.set_tls(conn_.is_tls());
    return info;
}

void Session::log_in(Account account) {
    log_info("login", {{"account", account.address},
                       {"peer", conn_.peer().ip.to_string()},
                       {"tls", conn_.is_tls()}});
    account_ = std::make_unique<Account>(std::move(account));
    bad_commands_ = 0;
}

Async<void> Session::login_failed() {
    ++login_failures_;
    if (login_failures_ >= kLoginFailuresMax) leaving_ = true;
    // Guessing is to cost time, but not ours: only this session waits.
    if (login_failures_ > 1) co_await parts_.loop.sleep(kLoginDelay * (1 << (login_failures_ - 2)));
}

void Session::enable_condstore() {
    if (std::exchange(condstore_, true) || !view_) return;
    conn_.put(cat("* OK [HIGHESTMODSEQ ", view_->visible_modseq(), "] CONDSTORE is on.\r\n"));
}

ReadLimits Session::read_limits() const {
    if (!account_)
        return {kCommandBytesBeforeLogin, kLiteralMinusBytesMax, kLiteralMinusBytesMax, false};
    return {parts_.command_bytes_max, std::min(kLiteralBytesMax, parts_.command_bytes_max),
            SIZE_MAX, true};
}

net::Deadline Session::deadline() const { return account_ ? idle_deadline() : login_deadline_; }

Event& Session::wake_event() {
    return view_ ? view_->mirror().changed() : parts_.server.stopping();
}

// RFC 3501 §3 and §7.1.4. A broken connection leaves through co_await and ends the session.
Async<void> Session::run() {
    co_await conn_.write(
        cat("* OK [CAPABILITY ", capabilities(), "] ", parts_.hostname, " Tayori IMAP4 ready\r\n"));
    while (!leaving_) {
        const bool waited = co_await wait_for_command();
        if (!waited) break;
        co_await serve_command();
    }
    co_await conn_.flush();
}

// Here a session spends its life, so nothing else is alive: no command, no buffer. False: the
// session ends.
Async<bool> Session::wait_for_command() {
    const auto until = deadline();
    for (;;) {
        if (must_leave()) {
            say_goodbye();
            co_return false;
        }
        const auto wake = co_await conn_.wait_readable_or(wake_event(), until);
        if (wake == net::Wake::readable) co_return true;
        if (wake == net::Wake::notified) continue;
        conn_.put(bye(account_ ? "Autologout: idle for too long." : "Login took too long."));
        co_return false;
    }
}

void Session::say_goodbye() {
    if (parts_.server.is_stopping())
        conn_.put(bye("[UNAVAILABLE] The server is restarting, connect again."));
    else
        conn_.put(bye("The selected mailbox was deleted or replaced."));
}

Async<void> Session::serve_command() {
    const auto until = std::min(deadline(), parts_.loop.in(kCommandTime));
    auto read = co_await read_command(conn_, read_limits(), until).result();
    if (!read) {
        if (net::is_timeout(read.error()))
            conn_.put(bye("Timed out within a command."));
        else if (read.error().detail == "a line without an end")
            conn_.put(bye("[TOOBIG] Line too long."));
        leaving_ = true;
        co_return;
    }
    if (read->hopeless) {
        conn_.put(bye("[TOOBIG] Literal too long."));
        leaving_ = true;
        co_return;
    }
    tag_ = read->tag;
    const auto* row = read->refusal ? nullptr : find_command(read->name);
    auto reply = co_await execute(std::move(*read));
    const bool tells = row == nullptr || row->expunges == Expunges::told;
    auto sync = rules(tells ? Expunges::told : Expunges::withheld, row != nullptr && row->by_uid);
    co_await answer(std::move(reply), sync);
}

// Whatever happens in the command becomes its reply; only the connection's end goes further.
Async<Reply> Session::execute(Command command) {
    message_ = command.message;
    if (command.refusal) co_return std::move(*command.refusal);
    const auto* row = find_command(command.name);
    if (row == nullptr) {
        co_await finish_message();
        co_return Reply::bad("Unknown command.");
    }
    if ((row->states & state()) == 0) {
        co_await finish_message();
        co_return Reply::bad(wrong_state(*row, state()));
    }
    auto outcome = co_await row->handler(*this, Args(std::move(command.arguments))).result();
    if (!outcome) {
        if (outcome.error().kind == Kind::closed) co_await fail(std::move(outcome.error()));
        const auto kind = outcome.error().kind;
        if (kind == Kind::internal || kind == Kind::corrupt || !outcome.error().detail.empty()) {
            log_warn("command failed", {{"command", command.name},
                                        {"account", account_ ? account_->address : ""},
                                        {"kind", to_string(kind)},
                                        {"detail", outcome.error().detail}});
        }
        // The login itself has ended: suspended, a new password, or the mailbox went into POP3 form.
        if (kind == Kind::auth_failed && account_) {
            conn_.put(bye("[UNAVAILABLE] Your login has ended: log in again."));
            leaving_ = true;
        }
        outcome = reply_to(outcome.error());
    }
    co_await finish_message();
    co_return std::move(*outcome);
}

// A message that APPEND did not take: the client sends it all the same if it does not wait for us.
Async<void> Session::finish_message() {
    if (!message_) co_return;
    const auto left = *message_;
    message_.reset();
    if (left.waits) co_return;
    if (left.bytes > std::max<std::uint64_t>(kLineDiscardMax, 2 * parts_.append_bytes_max)) {
        conn_.put(bye("[TOOBIG] Literal too long."));
        leaving_ = true;
        co_return;
    }
    co_await skip_bytes(conn_, left.bytes, kCommandTime);
    co_await read_end_of_command(conn_, parts_.loop.in(kCommandTime));
}

Async<void> Session::tell_news(SyncRules sync) {
    if (!view_) co_return;
    if (view_->has_new_messages()) co_await view_->claim_recent();
    std::string out;
    view_->sync(out, sync);
    if (!out.empty()) co_await conn_.write(std::move(out));
}

Async<void> Session::answer(Reply reply, SyncRules sync) {
    co_await tell_news(sync);
    std::string line;
    append_reply(line, tag_, reply);
    const bool starts_tls = std::exchange(starts_tls_, false) && reply.status == Reply::Status::ok;
    co_await conn_.write(std::move(line));
    if (starts_tls) co_await conn_.start_tls(*parts_.tls, net::TlsStart::upgrade, login_deadline_);
    if (reply.status != Reply::Status::bad) {
        bad_commands_ = 0;
    } else if (++bad_commands_ >= parts_.bad_commands_max && !leaving_) {
        conn_.put(bye("Too many wrong commands."));
        leaving_ = true;
    }
    if (login_failures_ >= kLoginFailuresMax && !account_)
        conn_.put(bye("Too many failed logins."));
}

}  // namespace tayori::imap

#include "smtpd/session.h"

#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "smtpd/commands/table.h"
#include "smtpd/hooks.h"
#include "smtpd/text.h"

namespace tayori::smtp {

Session::Session(Parts& parts, net::Conn& conn, Port port)
    : parts_(parts), conn_(conn), port_(port), id_(hex_encode(crypto::random_bytes(6))) {}

Session::~Session() = default;

std::string Session::peer_ip() const {
    return conn_.peer().is_unix() ? "127.0.0.1" : conn_.peer().ip.to_string();
}

rpc::v1::ClientInfo Session::client_info() const {
    rpc::v1::ClientInfo info;
    info.set_protocol(rpc::v1::PROTOCOL_SUBMISSION);
    info.set_remote_ip(peer_ip());
    info.set_tls(conn_.is_tls());
    return info;
}

// Copiers and old scripts send bare LF; they are known by their login or their network. A stranger who does it tries
// to smuggle (a stated deviation from RFC 5321 §4.1.1.4 for the known ones).
BareNewline Session::newline_policy() const {
    if (login_ || parts_.normalize_networks.contains(conn_.peer().ip)) return BareNewline::normalize;
    return parts_.bare_newline;
}

bool Session::may_authenticate() const {
    return is_submission() && (conn_.is_tls() || parts_.plaintext_auth_allowed(conn_));
}

void Session::reset_envelope() {
    envelope_ = {};
    bdat_text_.reset();
}

Async<void> Session::reply(int code, std::string_view enhanced, std::string_view text) {
    // The views are used before the first wait.
    return answer(smtp::reply(code, enhanced, text));
}

Async<void> Session::reply(const lua::Refusal& refusal) { return answer(refusal_reply(refusal)); }

Async<void> Session::answer(std::string line) {
    for (std::size_t i = 1; i < answers_; ++i) conn_.put(line);
    co_await conn_.write(std::move(line));
}

// LMTP believes whoever speaks it: only programs of the site may.
bool Session::may_speak() const {
    return !is_lmtp() || conn_.peer().is_unix() || parts_.normalize_networks.contains(conn_.peer().ip);
}

Async<void> Session::refuse(Error error, Stage stage) {
    if (error.kind == Kind::internal || error.kind == Kind::corrupt || error.kind == Kind::busy)
        log_warn("refused", {{"session", id_}, {"kind", to_string(error.kind)}, {"detail", error.detail}});
    return answer(error_reply(error, stage));
}

Async<std::string> Session::read_answer(std::size_t bytes_max) {
    auto line = co_await conn_.read_line({bytes_max, net::LineEnd::crlf_or_lf},
                                         parts_.loop.in(parts_.command_timeout));
    co_return line;
}

// False when the session is over. A line that cannot be used has been answered; `line` is empty then.
Async<bool> Session::next_line(std::string& line) {
    line.clear();
    const auto deadline = parts_.loop.in(parts_.command_timeout);
    if (conn_.buffered().empty()) {
        const auto wake = co_await conn_.wait_readable_or(parts_.server.stopping(), deadline);
        if (wake != net::Wake::readable) {
            const bool stopping = wake == net::Wake::notified;
            co_await reply(421, stopping ? "4.3.2" : "4.4.2",
                           cat(parts_.hostname, stopping ? " is restarting, try again." : " waited too long."));
            co_return false;
        }
    }
    const auto ends = newline_policy() == BareNewline::reject ? net::LineEnd::crlf : net::LineEnd::crlf_or_lf;
    auto read = co_await conn_.read_line({kCommandLineBytesMax, ends}, deadline).result();
    if (read) {
        line = std::move(*read);
        co_return true;
    }
    if (net::is_timeout(read.error())) {
        co_await reply(421, "4.4.2", cat(parts_.hostname, " waited too long."));
        co_return false;
    }
    if (read.error().kind == Kind::too_big) {
        count_bad_command();
        co_await reply(500, "5.5.2", "Line too long.");
        co_return true;
    }
    if (read.error().kind == Kind::invalid) {
        co_await reply(521, "5.5.2", "Bare <LF> received: lines end with <CR><LF> (RFC 5321 section 2.3.8).");
        co_return false;
    }
    co_await fail(std::move(read.error()));
    co_return false;
}

Async<void> Session::execute(std::string line) {
    const auto command = split_command(line);
    const auto* row = find_command(command.verb);
    if (row == nullptr) {
        count_bad_command();
        co_await reply(500, "5.5.1", "Command not recognized.");
        co_return;
    }
    auto done = co_await row->handler(*this, command.argument).result();
    if (done) co_return;
    // closed: nobody is listening. All else is an answer; after it the session goes on.
    if (done.error().kind == Kind::closed) co_await fail(std::move(done.error()));
    if (net::is_timeout(done.error())) {
        co_await reply(421, "4.4.2", cat(parts_.hostname, " waited too long."));
        end();
        co_return;
    }
    if (done.error().kind == Kind::invalid) count_bad_command();
    co_await refuse(std::move(done.error()), row->stage);
}

Async<void> Session::run() {
    log_debug("connect", {{"session", id_}, {"from", peer_ip()}, {"port", conn_.local().port}});
    if (!may_speak()) {
        co_await reply(554, "5.7.1", "LMTP is only for this site's own programs.");
        co_return;
    }
    auto refusal = co_await run_session_hook(*this, lua::Hook::connect).result();
    // Where spoold can't be asked no mail gets any further, either.
    if (refusal && *refusal) {
        co_await reply(**refusal);
        co_return;
    }
    co_await reply(220, "", cat(parts_.hostname, is_lmtp() ? " LMTP Tayori" : " ESMTP Tayori"));
    std::string line;
    while (!ended_) {
        answers_ = 1;
        const bool goes_on = co_await next_line(line);
        if (!goes_on) break;
        if (!line.empty() || !conn_.buffered().empty()) co_await execute(std::move(line));
        answers_ = 1;
        if (!ended_ && bad_commands_ >= parts_.bad_commands_max) {
            co_await reply(421, "4.7.0", "Too many errors, closing.");
            end();
        }
    }
}

}  // namespace tayori::smtp

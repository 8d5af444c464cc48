#include "smtpd/outbound/client.h"

#include <utility>

#include "common/base/text.h"

namespace tayori::smtp {

Client::Client(net::Loop& loop, const ClientOptions& options, const v1::Route& route)
    : loop_(loop), options_(options), route_(route) {}

v1::Said Client::signed_by_host(v1::Said said) const {
    said.set_host(target_.name);
    said.set_address(target_.endpoint.is_unix() ? target_.endpoint.to_string() : target_.endpoint.ip.to_string());
    if (conn_ && conn_->is_tls()) {
        const auto info = conn_->tls_info();
        said.set_tls(cat(info.version, " ", info.cipher));
    }
    return said;
}

v1::Said Client::lost(const Error& error, Step stage) const {
    // At the end of data the server may have it: what follows may be a second one (RFC 5321 §4.5.3.2.6 says why we wait so long).
    const std::string_view twice = stage == Step::end_of_data ? "; it may have the mail already" : "";
    const auto at = stage_name(stage);
    if (net::is_timeout(error)) return said_ours("4.4.2", cat("No answer in time (", at, ")", twice), stage);
    if (error.kind == Kind::invalid || error.kind == Kind::too_big)
        return said_ours("4.5.0", cat("The answer is not SMTP (", at, ")", twice), stage);
    return said_ours("4.4.2", cat("The connection was lost (", at, ")", twice), stage);
}

Async<ServerReply> Client::read_reply(net::Duration patience) {
    const auto deadline = loop_.in(patience);
    ReplyReader reader;
    for (;;) {
        auto line = co_await conn_->read_line({kReplyLineBytesMax, net::LineEnd::crlf_or_lf}, deadline).result();
        if (!line) {
            abort();
            co_await fail(std::move(line.error()));
        }
        const auto state = reader.add(*line);
        if (state == ReplyReader::State::done) break;
        if (state == ReplyReader::State::broken) {
            abort();
            co_await fail(Kind::invalid, "Not SMTP.");
        }
    }
    auto reply = reader.take();
    // At any time: it closes the connection (RFC 5321 §3.8).
    if (reply.code == 421) ending_ = true;
    co_return reply;
}

Async<ServerReply> Client::ask(std::string line) {
    conn_->put(cat(line, "\r\n"));
    auto reply = co_await read_reply(options_.command_timeout);
    co_return reply;
}

Client::Outcome Client::refused(const ServerReply& reply, Step stage) {
    return Trouble{reply.permanent(), signed_by_host(said_of(reply, stage))};
}

Client::Outcome Client::ours(std::string_view status, std::string_view text, Step stage) {
    return Trouble{status.starts_with('5'), signed_by_host(said_ours(status, text, stage))};
}

Client::Outcome Client::broken(const Error& error, Step stage) {
    return Trouble{false, signed_by_host(lost(error, stage))};
}

Async<std::optional<Trouble>> Client::open(Target target) {
    target_ = std::move(target);
    plain_ = false;
    auto outcome = co_await open_once();
    if (outcome && may_go_plain_) {
        // Opportunistic: a server whose TLS is broken still gets its mail, as it would without offering STARTTLS (RFC 7435 §3).
        abort();
        plain_ = true;
        outcome = co_await open_once();
    }
    if (outcome) {
        // A server that refuses us is told goodbye, without waiting for its answer.
        if (conn_) {
            conn_->put("QUIT\r\n");
            conn_->send_and_abort();
        }
        abort();
    }
    co_return outcome;
}

Async<Client::Outcome> Client::open_once() {
    ending_ = false;
    may_go_plain_ = false;
    extensions_ = {};
    conn_.reset();
    auto connected = co_await net::connect(loop_, target_.endpoint, loop_.in(options_.connect_timeout)).result();
    if (!connected) co_return ours("4.4.1", cat("No connection: ", connected.error().detail), Step::connect);
    conn_.emplace(std::move(*connected));
    conn_->limit_write_stall(options_.block_timeout);
    if (route_.tls() == v1::Route::TLS_IMPLICIT) {
        auto outcome = co_await shake_hands(Step::starttls);
        if (outcome) co_return outcome;
    }
    auto outcome = co_await greet();
    if (!outcome) outcome = co_await say_hello();
    if (!outcome) outcome = co_await secure();
    if (!outcome && !route_.user().empty()) outcome = co_await log_in();
    co_return outcome;
}

Async<Client::Outcome> Client::greet() {
    auto reply = co_await read_reply(options_.greeting_timeout).result();
    if (!reply) co_return broken(reply.error(), Step::greeting);
    if (!reply->positive() || ending_) co_return refused(*reply, Step::greeting);
    co_return Outcome{};
}

Async<Client::Outcome> Client::say_hello() {
    auto reply = co_await ask(cat(is_lmtp() ? "LHLO " : "EHLO ", options_.helo)).result();
    if (!reply) co_return broken(reply.error(), Step::ehlo);
    if (reply->positive()) {
        extensions_ = read_extensions(*reply);
        // RFC 2033 §4.3: every LMTP server has it.
        if (is_lmtp()) extensions_.pipelining = true;
    } else if (reply->permanent() && !is_lmtp() && !must_encrypt() && route_.user().empty()) {
        // An old server (RFC 5321 §3.2).
        reply = co_await ask(cat("HELO ", options_.helo)).result();
        if (!reply) co_return broken(reply.error(), Step::ehlo);
        extensions_ = {};
        if (reply->positive() && !reply->lines.empty()) extensions_.name = reply->lines[0].substr(0, reply->lines[0].find(' '));
    }
    if (!reply->positive() || ending_) co_return refused(*reply, Step::ehlo);
    // An MX that has our name is us behind another address. Postfix takes it for a loop, too.
    if (route_.kind() == v1::Route::KIND_MX && equals_ignoring_case(extensions_.name, options_.helo))
        co_return ours("5.4.6", cat("Mail for ", route_.domain(), " loops back to us."), Step::ehlo);
    co_return Outcome{};
}

bool Client::must_encrypt() const {
    return route_.tls() == v1::Route::TLS_ENCRYPT || route_.tls() == v1::Route::TLS_VERIFY;
}

Async<Client::Outcome> Client::secure() {
    const bool wanted = route_.tls() != v1::Route::TLS_NONE && !plain_;
    if (!wanted || conn_->is_tls()) co_return Outcome{};
    if (!extensions_.starttls) {
        if (must_encrypt()) co_return ours("4.7.4", "The route asks for TLS, which is not offered.", Step::starttls);
        co_return Outcome{};
    }
    auto reply = co_await ask("STARTTLS").result();
    may_go_plain_ = !must_encrypt();
    if (!reply) co_return broken(reply.error(), Step::starttls);
    if (!reply->positive()) {
        // Offered and refused: it works, but not now. The same connection will do.
        const bool go_on = may_go_plain_ && !ending_;
        if (go_on) may_go_plain_ = false;
        if (go_on) co_return Outcome{};
        auto no = refused(*reply, Step::starttls);
        no->permanent = false;
        co_return no;
    }
    auto outcome = co_await shake_hands(Step::starttls);
    if (outcome) co_return outcome;
    may_go_plain_ = false;
    // What was said in the clear counts no longer (RFC 3207 §4.2).
    outcome = co_await say_hello();
    co_return outcome;
}

Async<Client::Outcome> Client::shake_hands(Step stage) {
    const bool verify = route_.tls() == v1::Route::TLS_VERIFY || route_.tls() == v1::Route::TLS_IMPLICIT;
    const auto& context = verify ? *options_.tls_verified : *options_.tls_any;
    auto done = co_await conn_->start_tls_client(context, target_.name, loop_.in(options_.command_timeout)).result();
    if (done) co_return Outcome{};
    const auto why = done.error().detail.empty() ? done.error().text : done.error().detail;
    abort();
    co_return ours("4.7.5", cat("No TLS: ", why), stage);
}

// Whatever goes wrong here is our settings' fault or passes, never the recipients': temporary (Postfix:
// smtp_sasl_auth_soft_bounce).
Async<Client::Outcome> Client::log_in() {
    const auto& peer = conn_->peer();
    if (!conn_->is_tls() && !peer.is_unix() && !peer.ip.is_loopback())
        co_return ours("4.7.4", "No password is sent without TLS.", Step::auth);
    Result<ServerReply> reply = fail(Kind::unsupported, "");
    if (extensions_.auth_plain) {
        std::string secret("\0", 1);
        secret += route_.user();
        secret += '\0';
        secret += route_.password();
        reply = co_await ask(cat("AUTH PLAIN ", base64_encode(secret))).result();
    } else if (extensions_.auth_login) {
        reply = co_await ask("AUTH LOGIN").result();
        if (reply && reply->code == 334) reply = co_await ask(base64_encode(route_.user())).result();
        if (reply && reply->code == 334) reply = co_await ask(base64_encode(route_.password())).result();
    } else {
        co_return ours("4.7.0", "Neither PLAIN nor LOGIN is offered.", Step::auth);
    }
    if (!reply) co_return broken(reply.error(), Step::auth);
    if (reply->positive()) co_return Outcome{};
    auto no = refused(*reply, Step::auth);
    no->permanent = false;
    if (no->said.status().starts_with('5')) no->said.set_status("4.7.8");
    co_return no;
}

Async<void> Client::quit() {
    if (!conn_) co_return;
    conn_->put("QUIT\r\n");
    co_await conn_->close(loop_.in(kQuitMax));
    conn_.reset();
}

void Client::abort() {
    if (conn_) conn_->abort();
    conn_.reset();
}

}  // namespace tayori::smtp

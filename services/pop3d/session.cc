#include "pop3d/session.h"

#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "pop3d/commands/table.h"
#include "pop3d/hooks.h"
#include "pop3d/replies.h"

namespace tayori::pop3 {

rpc::v1::ClientInfo Session::client_info() const {
    rpc::v1::ClientInfo info;
    info.set_protocol(rpc::v1::PROTOCOL_POP3);
    info.set_remote_ip(conn_.peer().is_unix() ? "127.0.0.1" : conn_.peer().ip.to_string());
    info.set_tls(conn_.is_tls());
    return info;
}

net::Deadline Session::deadline() const {
    return parts_.loop.in(drop_ ? parts_.idle_timeout : parts_.login_timeout);
}

Async<void> Session::enter(sasl::Login login) {
    auto refusal = co_await run_login_hook(*this, login.account_id, login.address);
    if (refusal) {
        count_bad_command();
        co_await conn_.write(std::move(*refusal));
        co_return;
    }
    auto drop = co_await Maildrop::open(parts_.spool, std::move(login.ticket));
    address_ = std::move(login.address);
    account_id_ = login.account_id;
    drop_ = std::move(drop);
    log_info("login", {{"account", address_}, {"from", client_info().remote_ip()},
                       {"messages", drop_->count()}});
    co_await conn_.write(cat("+OK ", drop_->count(), " messages (", drop_->bytes(), " octets)\r\n"));
}

// False when the session is over: the deadline has passed, or the server stops and the client is idle.
Async<bool> Session::next_line(std::string& line) {
    line.clear();
    const auto until = deadline();
    if (conn_.buffered().empty()) {
        const auto wake = co_await conn_.wait_readable_or(parts_.server.stopping(), until);
        if (wake != net::Wake::readable) {
            // Nothing is removed: this is not QUIT (RFC 1939 §3).
            co_await conn_.write(wake == net::Wake::notified ? "-ERR [SYS/TEMP] Restarting, try again.\r\n"
                                                             : "-ERR Waited too long.\r\n");
            co_return false;
        }
    }
    auto read = co_await conn_.read_line({kCommandLineBytesMax, net::LineEnd::crlf_or_lf}, until).result();
    if (read) {
        line = std::move(*read);
        co_return true;
    }
    if (net::is_timeout(read.error())) {
        co_await conn_.write("-ERR Waited too long.\r\n");
        co_return false;
    }
    if (read.error().kind != Kind::too_big) co_await fail(std::move(read.error()));
    count_bad_command();
    co_await conn_.write("-ERR Line too long.\r\n");
    co_return true;
}

Async<void> Session::execute(std::string line) {
    auto command = split_command(line);
    const auto* row = find_command(command.verb);
    const auto state = drop_ ? State::transaction : State::authorization;
    if (row == nullptr || (row->allowed & state) == 0) {
        count_bad_command();
        co_await conn_.write(row == nullptr ? "-ERR Unknown command.\r\n"
                             : drop_        ? "-ERR Not possible after login.\r\n"
                                            : "-ERR Log in first.\r\n");
        co_return;
    }
    auto done = co_await row->handler(*this, std::move(command.argument)).result();
    if (done) co_return;
    auto& error = done.error();
    if (error.kind == Kind::closed) co_await fail(std::move(error));
    if (error.kind == Kind::auth_failed || error.kind == Kind::invalid) count_bad_command();
    if (error.kind == Kind::internal || error.kind == Kind::corrupt)
        log_warn("refused", {{"kind", to_string(error.kind)}, {"detail", error.detail}});
    if (net::is_timeout(error)) end();
    co_await conn_.write(error_reply(error));
}

Async<void> Session::run() {
    co_await conn_.write("+OK Tayori POP3 ready\r\n");
    std::string line;
    while (!ended_) {
        const bool goes_on = co_await next_line(line);
        if (!goes_on) break;
        if (!line.empty()) co_await execute(std::move(line));
        if (!ended_ && bad_commands_ >= parts_.bad_commands_max) {
            co_await conn_.write("-ERR Too many errors, closing.\r\n");
            end();
        }
    }
}

}  // namespace tayori::pop3

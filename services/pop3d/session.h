// One POP3 session, from greeting to goodbye (RFC 1939 §3).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/net/listener.h"
#include "common/rpc/spool.h"
#include "common/sasl/sasl.h"
#include "pop3d/grammar/command.h"
#include "pop3d/maildrop.h"

namespace tayori::daemon {
class Plugins;
}

namespace tayori::pop3 {

// What all sessions of a process share; built in main.
struct Parts {
    net::Loop& loop;
    rpc::Spool& spool;
    net::Server& server;
    daemon::Plugins& plugins;
    const net::TlsContext* tls = nullptr;
    std::size_t bad_commands_max = 0;
    net::Duration login_timeout{};
    net::Duration idle_timeout{};  // at least 10 minutes (RFC 1939 §3)
    std::function<bool(const net::Conn&)> plaintext_auth_allowed;
};

class Session {
  public:
    Session(Parts& parts, net::Conn& conn) : parts_(parts), conn_(conn) {}
    Async<void> run();

    // For the commands.
    Parts& parts() { return parts_; }
    net::Conn& conn() { return conn_; }
    std::unique_ptr<Maildrop>& drop() { return drop_; }  // set: TRANSACTION state
    std::uint64_t account_id() const { return account_id_; }
    const std::string& address() const { return address_; }
    std::string& user() { return user_; }                // of USER, until PASS
    void end() { ended_ = true; }
    void count_bad_command() { ++bad_commands_; }
    bool may_log_in() const { return conn_.is_tls() || parts_.plaintext_auth_allowed(conn_); }
    rpc::v1::ClientInfo client_info() const;
    net::Deadline deadline() const;
    // Opens the maildrop of a login and says +OK; ends AUTHORIZATION.
    Async<void> enter(sasl::Login login);

  private:
    Async<bool> next_line(std::string& line);
    Async<void> execute(std::string line);

    Parts& parts_;
    net::Conn& conn_;
    std::unique_ptr<Maildrop> drop_;
    std::string user_;
    std::string address_;
    std::uint64_t account_id_ = 0;
    std::size_t bad_commands_ = 0;
    bool ended_ = false;
};

}  // namespace tayori::pop3

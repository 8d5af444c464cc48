// One connection to another server, as its client: SMTP (RFC 5321) or LMTP (RFC 2033), from the connection to QUIT.
//
// open() does all that comes before the first mail; a Transaction (transaction.h) then uses the connection once for each mail.
// What a server may send is bounded by ReplyReader, and how long it may take by the timeouts of RFC 5321 §4.5.3.2.
#pragma once

#include <optional>
#include <string>

#include "common/net/conn.h"
#include "common/net/tls.h"
#include "smtpd/outbound/extensions.h"
#include "smtpd/outbound/hosts.h"
#include "smtpd/outbound/verdict.h"

namespace tayori::smtp {

inline constexpr net::Duration kQuitMax = std::chrono::seconds(2);

struct ClientOptions {
    std::string helo;
    net::Duration connect_timeout{};
    net::Duration greeting_timeout{};
    net::Duration command_timeout{};
    net::Duration data_timeout{};
    net::Duration block_timeout{};
    net::Duration end_timeout{};
    const net::TlsClientContext* tls_any = nullptr;       // believes anybody
    const net::TlsClientContext* tls_verified = nullptr;  // chain and name
};

class Client {
  public:
    // The route must outlive it.
    Client(net::Loop& loop, const ClientOptions& options, const v1::Route& route);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Connection, greeting, EHLO, TLS, AUTH. None: it is ready for a mail.
    Async<std::optional<Trouble>> open(Target target);
    // May be used for another mail.
    bool alive() const { return conn_.has_value() && !ending_; }
    Async<void> quit();
    void abort();

    const Extensions& extensions() const { return extensions_; }
    const ClientOptions& options() const { return options_; }
    bool is_lmtp() const { return route_.kind() == v1::Route::KIND_LMTP; }
    net::Conn& conn() { return *conn_; }
    // Errors: those of Conn::read_line, invalid: not SMTP. After each the connection is gone.
    Async<ServerReply> read_reply(net::Duration patience);
    // Adds whom we talk to.
    v1::Said signed_by_host(v1::Said said) const;
    // A failure of the connection, in words.
    v1::Said lost(const Error& error, Step stage) const;

  private:
    using Outcome = std::optional<Trouble>;
    Async<Outcome> open_once();
    Async<Outcome> greet();
    Async<Outcome> say_hello();
    Async<Outcome> secure();
    Async<Outcome> shake_hands(Step stage);
    Async<Outcome> log_in();
    Async<ServerReply> ask(std::string line);
    Outcome refused(const ServerReply& reply, Step stage);
    Outcome ours(std::string_view status, std::string_view text, Step stage);
    Outcome broken(const Error& error, Step stage);
    bool must_encrypt() const;

    net::Loop& loop_;
    const ClientOptions& options_;
    const v1::Route& route_;
    Target target_;
    std::optional<net::Conn> conn_;
    Extensions extensions_;
    bool plain_ = false;          // TLS has failed with this server: once more without
    bool may_go_plain_ = false;
    bool ending_ = false;         // it said 421
};

}  // namespace tayori::smtp

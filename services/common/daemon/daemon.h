// What the main functions of smtpd, pop3d and imapd have in common: loop, certificate, connection to spoold, ports,
// signals, graceful stop.
//
//   daemon::Daemon daemon("pop3d", settings, limits);
//   daemon.listen(settings.pop3d.listen, {...}, handler);
//   return daemon.run();
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/net/listener.h"
#include "common/rpc/spool.h"
#include "common/settings/settings.h"

namespace tayori::daemon {

enum class PortTls { upgradable, implicit };

class Daemon {
  public:
    // Makes a self-signed certificate where none is configured and present, and says so in the log.
    Daemon(std::string program, const settings::Settings& settings, net::ServerLimits limits);

    // To be served once run() has reached spoold. `refusal` is the last line for a client above a limit.
    void listen(const std::vector<settings::Endpoint>& endpoints, PortTls tls, std::string refusal,
                net::Server::Handler handler);
    void set_proxies(const std::vector<settings::Network>& networks);
    // Several processes share the ports (`workers` above 1).
    void set_reuse_port(bool on) { reuse_port_ = on; }

    // What the program does beside its sessions: begun once spoold has been reached; finished, at a stop, while they finish.
    void set_work(std::function<void()> begin, std::function<Async<void>()> finish);

    // Until SIGTERM or SIGINT, then drains for site.drain_s. The exit status: 0, or 1 where a port is not to be had.
    int run();

    net::Loop& loop() { return loop_; }
    // To declare figures of the program's own before run(), which answers them at metrics.listen.
    Metrics& metrics() { return metrics_; }
    rpc::Spool& spool() { return *spool_; }
    net::Server& server() { return *server_; }
    const net::TlsContext* tls() const { return tls_.get(); }
    const Clock& clock() const { return clock_; }
    const std::string& program() const { return program_; }
    const std::string& hostname() const { return settings_.site.hostname; }
    // May passwords be taken over this connection without TLS? (auth.allow_plaintext)
    bool plaintext_auth_allowed(const net::Conn& conn) const;

  private:
    struct Port {
        settings::Endpoint endpoint;
        PortTls tls;
        std::string refusal;
        net::Server::Handler handler;
    };
    void prepare_tls();
    rpc::SpoolOptions spool_options() const;
    Result<void> open_ports();
    Result<void> open_metrics();
    Async<void> counted(const net::Server::Handler* handler, net::Conn& conn);
    Async<void> start();
    Async<void> stop();

    std::string program_;
    const settings::Settings& settings_;
    MovedClock clock_;
    Metrics metrics_;
    Counter& connections_;
    Gauge& sessions_;
    net::Loop loop_;
    net::Networks proxies_;
    std::unique_ptr<net::TlsContext> tls_;
    std::unique_ptr<rpc::Spool> spool_;
    std::unique_ptr<net::Server> server_;
    std::vector<Port> ports_;
    std::function<void()> begin_work_;
    std::function<Async<void>()> finish_work_;
    Event work_finished_;
    bool working_ = false;
    bool reuse_port_ = false;
    bool stopping_ = false;
    int status_ = 0;
    Tasks tasks_;  // last: cancelled before all that they use
};

// What the section of a program says about connections.
template <class Section>
net::ServerLimits server_limits(const Section& section) {
    net::ServerLimits limits;
    limits.connections_max = section.connections_max;
    limits.per_address_max = section.connections_per_address_max;
    return limits;
}

// The networks of the settings in the form that connections are compared with.
net::Networks to_networks(const std::vector<settings::Network>& networks);

}  // namespace tayori::daemon

#include "common/daemon/daemon.h"

#include <csignal>
#include <unistd.h>

#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/daemon/certificate.h"
#include "common/rpc/address.h"

namespace tayori::daemon {

net::Networks to_networks(const std::vector<settings::Network>& networks) {
    net::Networks out;
    for (const auto& network : networks) {
        // The settings have been checked when they were read.
        if (auto added = out.add(network.text); !added)
            log_warn("network ignored", {{"network", network.text}, {"why", added.error().text}});
    }
    return out;
}

Daemon::Daemon(std::string program, const settings::Settings& settings, net::ServerLimits limits)
    : program_(std::move(program)),
      settings_(settings),
      clock_(settings.test.clock_offset_ms, settings.test.clock_file),
      metrics_(program_),
      connections_(metrics_.counter("connections_total", "Connections that got a session.")),
      sessions_(metrics_.gauge("sessions", "Open sessions.")) {
    std::signal(SIGPIPE, SIG_IGN);
    prepare_tls();
    spool_ = std::make_unique<rpc::Spool>(loop_, spool_options());
    server_ = std::make_unique<net::Server>(loop_, limits);
}

rpc::SpoolOptions Daemon::spool_options() const {
    rpc::SpoolOptions options;
    const auto address = settings_.resolve(settings_.spoold.address);
    options.address = address.to_string();
    options.program = program_;
    options.instance = cat(settings_.site.hostname, "/", static_cast<int>(::getpid()));
    if (!address.is_unix())
        options.tls = rpc::tls_files(settings_.path(settings_.spoold.pki_dir), program_);
    return options;
}

void Daemon::prepare_tls() {
    const net::TlsContext::Files files{settings_.path(settings_.tls.certificate), settings_.path(settings_.tls.key)};
    if (auto made = ensure_certificate(files.certificate, files.key, settings_.site.hostname); !made)
        log_warn("no certificate could be made", {{"why", made.error().text}, {"detail", made.error().detail}});
    auto context = net::TlsContext::from_files(files);
    if (!context) {
        log_error("TLS is off", {{"why", context.error().text}, {"detail", context.error().detail}});
        return;
    }
    tls_ = std::move(*context);
    tls_->watch(loop_, settings_.tls.reload_s);
}

void Daemon::listen(const std::vector<settings::Endpoint>& endpoints, PortTls tls, std::string refusal,
                    net::Server::Handler handler) {
    for (const auto& endpoint : endpoints) ports_.push_back({endpoint, tls, refusal, handler});
}

void Daemon::set_proxies(const std::vector<settings::Network>& networks) { proxies_ = to_networks(networks); }

Result<void> Daemon::open_ports() {
    for (const auto& port : ports_) {
        net::ListenOptions options;
        const auto endpoint = settings_.resolve(port.endpoint);
        options.address = endpoint.is_unix() ? endpoint.to_string() : endpoint.host;
        options.port = endpoint.port;
        options.reuse_port = reuse_port_;
        options.refusal = port.refusal;
        if (!proxies_.empty()) options.proxies = &proxies_;
        if (port.tls == PortTls::implicit) {
            if (!tls_) continue;  // said in the log already
            options.implicit_tls = tls_.get();
        }
        const auto* handler = &port.handler;  // ports_ does not change any more
        auto opened = server_->listen(std::move(options),
                                      [this, handler](net::Conn& conn) { return counted(handler, conn); });
        if (!opened) {
            return fail(opened.error().kind, cat("Cannot listen on ", port.endpoint.to_string(), ": ",
                                                 opened.error().text),
                        opened.error().detail);
        }
        log_info("listening", {{"address", port.endpoint.to_string()}, {"port", *opened}});
    }
    return {};
}

Result<void> Daemon::open_metrics() {
    for (const auto& endpoint : settings_.metrics.listen) {
        auto opened = metrics_.listen(endpoint.to_string());
        if (!opened) return fail(std::move(opened.error()));
        log_info("metrics", {{"address", endpoint.to_string()}, {"port", *opened}});
    }
    return {};
}

Async<void> Daemon::counted(const net::Server::Handler* handler, net::Conn& conn) {
    // Sessions end by returning, by an error, or by being cancelled: the frame's destruction is all of them.
    struct Open {
        explicit Open(Gauge& g) : gauge(g) { gauge.add(1); }
        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;
        ~Open() { gauge.add(-1); }
        Gauge& gauge;
    };
    const Open open(sessions_);
    connections_.add();
    co_await (*handler)(conn);
}

void Daemon::set_work(std::function<void()> begin, std::function<Async<void>()> finish) {
    begin_work_ = std::move(begin);
    finish_work_ = std::move(finish);
}

Async<void> Daemon::start() {
    co_await open_metrics();
    co_await spool_->connect();
    co_await open_ports();
    if (begin_work_) begin_work_();
    log_info("ready");
}

Async<void> Daemon::stop() {
    log_info("stopping", {{"sessions", server_->sessions()}});
    // Both at once, within the same time.
    const auto deadline = loop_.in(settings_.site.drain_s);
    if (finish_work_) {
        working_ = true;
        tasks_.spawn(finish_work_(), [this](Result<void>) {
            working_ = false;
            work_finished_.notify();
        });
    }
    co_await server_->stop(settings_.site.drain_s);
    if (working_) co_await loop_.wait(work_finished_, deadline);
    loop_.stop();
}

int Daemon::run() {
    const auto on_stop = [this] {
        if (!std::exchange(stopping_, true)) tasks_.spawn(stop());
    };
    loop_.on_signal(SIGTERM, on_stop);
    loop_.on_signal(SIGINT, on_stop);
    tasks_.spawn(start(), [this](Result<void> outcome) {
        if (outcome) return;
        log_error("cannot start", {{"why", outcome.error().text}, {"detail", outcome.error().detail}});
        status_ = 1;
        loop_.stop();
    });
    loop_.run();
    return status_;
}

bool Daemon::plaintext_auth_allowed(const net::Conn& conn) const {
    switch (settings_.auth.allow_plaintext) {
        case settings::PlaintextPolicy::never: return false;
        case settings::PlaintextPolicy::loopback: return conn.peer().is_unix() || conn.peer().ip.is_loopback();
        case settings::PlaintextPolicy::always: return true;
    }
    return false;
}

}  // namespace tayori::daemon

// pop3d: serves maildrops, on ports 110 and 995.
#include "common/daemon/daemon.h"
#include "common/daemon/plugins.h"
#include "pop3d/session.h"

using namespace tayori;

namespace {

Async<void> serve(pop3::Parts& parts, net::Conn& conn) {
    pop3::Session session(parts, conn);
    co_await session.run();
}

}  // namespace

int main(int argc, char** argv) {
    const auto settings = settings::load_or_exit("pop3d", argc, argv);
    const auto& pop3d = settings.pop3d;
    daemon::Daemon daemon("pop3d", settings, daemon::server_limits(pop3d));
    daemon.set_proxies(pop3d.proxy_networks);
    daemon.set_reuse_port(pop3d.workers > 1);
    daemon::Plugins plugins(daemon, settings);
    pop3::Parts parts{.loop = daemon.loop(),
                      .spool = daemon.spool(),
                      .server = daemon.server(),
                      .plugins = plugins,
                      .tls = daemon.tls(),
                      .bad_commands_max = pop3d.errors_max,
                      .login_timeout = pop3d.login_timeout_s,
                      .idle_timeout = pop3d.idle_timeout_s,
                      .plaintext_auth_allowed = [&daemon](const net::Conn& conn) { return daemon.plaintext_auth_allowed(conn); }};
    const auto handler = [&parts](net::Conn& conn) { return serve(parts, conn); };
    const std::string refusal = "-ERR [SYS/TEMP] Too many connections, try again later.\r\n";
    daemon.listen(pop3d.listen, daemon::PortTls::upgradable, refusal, handler);
    daemon.listen(pop3d.listen_tls, daemon::PortTls::implicit, refusal, handler);
    return daemon.run();
}

// imapd: mailboxes read by IMAP, on ports 143 and 993.
#include "common/daemon/daemon.h"
#include "common/daemon/plugins.h"
#include "imapd/limits.h"
#include "imapd/session.h"

using namespace tayori;

namespace {

Async<void> serve(imap::Parts& parts, net::Conn& conn) {
    imap::Session session(parts, conn);
    co_await session.run();
}

// Sessions that sit in a mailbox wait for its changes: a stop is told to them that way.
Async<void> wake_at_stop(net::Server& server, imap::Mirrors& mirrors) {
    co_await server.stopping().wait();
    mirrors.wake_all();
}

}  // namespace

int main(int argc, char** argv) {
    const auto settings = settings::load_or_exit("imapd", argc, argv);
    const auto& imapd = settings.imapd;
    daemon::Daemon daemon("imapd", settings, daemon::server_limits(imapd));
    daemon.set_proxies(imapd.proxy_networks);
    daemon.set_reuse_port(imapd.workers > 1);

    imap::Mirrors mirrors(daemon.loop(), daemon.spool());
    imap::Gate text_searches(imap::kTextSearchesMax);
    daemon::Plugins plugins(daemon, settings);
    imap::Parts parts{.loop = daemon.loop(),
                      .spool = daemon.spool(),
                      .server = daemon.server(),
                      .clock = daemon.clock(),
                      .tls = daemon.tls(),
                      .mirrors = mirrors,
                      .text_searches = text_searches,
                      .plugins = plugins,
                      .hostname = daemon.hostname(),
                      .command_bytes_max = imapd.line_bytes_max,
                      .append_bytes_max = imapd.append_bytes_max,
                      .bad_commands_max = static_cast<int>(imapd.errors_max),
                      .login_timeout = imapd.login_timeout_s,
                      .idle_timeout = imapd.idle_timeout_s,
                      .plaintext_allowed = [&daemon](const net::Conn& conn) { return daemon.plaintext_auth_allowed(conn); }};

    const auto handler = [&parts](net::Conn& conn) { return serve(parts, conn); };
    const std::string refusal = "* BYE [UNAVAILABLE] Too many connections, try again later.\r\n";
    daemon.listen(imapd.listen, daemon::PortTls::upgradable, refusal, handler);
    daemon.listen(imapd.listen_tls, daemon::PortTls::implicit, refusal, handler);
    Tasks tasks;
    tasks.spawn(wake_at_stop(daemon.server(), mirrors));
    return daemon.run();
}

// smtpd: takes mail in, on ports 25, 587 and 465, and carries what goes out.
#include "common/base/log.h"
#include "common/daemon/daemon.h"
#include "common/daemon/plugins.h"
#include "smtpd/outbound/setup.h"
#include "smtpd/plugin_work.h"

using namespace tayori;

namespace {

constexpr std::uint16_t kSmtpPort = 25;
constexpr int kExitConfig = 78;  // EX_CONFIG

smtp::BareNewline policy(settings::BareNewline bare_newline) {
    return bare_newline == settings::BareNewline::reject ? smtp::BareNewline::reject : smtp::BareNewline::normalize;
}

mail::DsnLanguage language(settings::NoticeLanguage language) {
    switch (language) {
        case settings::NoticeLanguage::en: return mail::DsnLanguage::english;
        case settings::NoticeLanguage::ja: return mail::DsnLanguage::japanese;
        case settings::NoticeLanguage::both: return mail::DsnLanguage::both;
    }
    return mail::DsnLanguage::english;
}

smtp::Parts make_parts(daemon::Daemon& daemon, smtp::RecipientCache& recipients, daemon::Plugins& plugins,
                       const settings::Settings& settings) {
    const auto& smtpd = settings.smtpd;
    return {.loop = daemon.loop(),
            .spool = daemon.spool(),
            .server = daemon.server(),
            .recipients = recipients,
            .plugins = plugins,
            .clock = daemon.clock(),
            .tls = daemon.tls(),
            .hostname = daemon.hostname(),
            .message_bytes_max = smtpd.message_bytes_max,
            .recipients_max = smtpd.recipients_max,
            .transactions_max = smtpd.mails_max,
            .bad_commands_max = smtpd.errors_max,
            .hops_max = smtpd.hops_max,
            .command_timeout = smtpd.command_timeout_s,
            .data_timeout = smtpd.data_timeout_s,
            .bare_newline = policy(smtpd.bare_newline),
            .normalize_networks = daemon::to_networks(smtpd.trusted_networks),
            .plaintext_auth_allowed = [&daemon](const net::Conn& conn) { return daemon.plaintext_auth_allowed(conn); },
            .notice_language = language(settings.outbound.dsn_language)};
}

Async<void> serve(smtp::Parts& parts, net::Conn& conn, smtp::Port port) {
    smtp::Session session(parts, conn, port);
    co_await session.run();
}

// RFC 2033 §5: whoever speaks SMTP there would be misunderstood.
bool lmtp_is_elsewhere(const settings::Smtpd& smtpd) {
    for (const auto& endpoint : smtpd.listen_lmtp) {
        if (!endpoint.is_unix() && endpoint.port == kSmtpPort) return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const auto settings = settings::load_or_exit("smtpd", argc, argv);
    const auto& smtpd = settings.smtpd;
    if (!lmtp_is_elsewhere(smtpd)) {
        log_error("smtpd.listen_lmtp: LMTP must not be on port 25");
        return kExitConfig;
    }
    daemon::Daemon daemon("smtpd", settings, daemon::server_limits(smtpd));
    daemon.set_proxies(smtpd.proxy_networks);
    daemon.set_reuse_port(smtpd.workers > 1);
    smtp::RecipientCache recipients(daemon.loop(), daemon.spool());
    daemon::Plugins plugins(daemon, settings);
    auto parts = make_parts(daemon, recipients, plugins, settings);
    auto outbound = smtp::OutboundSetup::make(parts, settings, daemon.metrics());
    if (!outbound) {
        log_error("cannot start", {{"why", outbound.error().text}, {"detail", outbound.error().detail}});
        return kExitConfig;
    }
    smtp::PluginWork work(daemon.loop(), daemon.spool(), daemon.clock(), plugins);
    const auto start = [&outbound, &work] {
        (*outbound)->start();
        work.start();
    };
    const auto finish = [&outbound, &work] {
        work.stop();
        return (*outbound)->drain();
    };
    daemon.set_work(start, finish);

    const auto handler = [&parts](smtp::Port port) {
        return [&parts, port](net::Conn& conn) { return serve(parts, conn, port); };
    };
    const std::string refusal = "421 4.7.0 Too many connections, try again later.\r\n";
    daemon.listen(smtpd.listen, daemon::PortTls::upgradable, refusal, handler(smtp::Port::relay));
    daemon.listen(smtpd.listen_submission, daemon::PortTls::upgradable, refusal, handler(smtp::Port::submission));
    daemon.listen(smtpd.listen_submissions, daemon::PortTls::implicit, refusal, handler(smtp::Port::submissions));
    daemon.listen(smtpd.listen_lmtp, daemon::PortTls::upgradable, refusal, handler(smtp::Port::lmtp));
    return daemon.run();
}

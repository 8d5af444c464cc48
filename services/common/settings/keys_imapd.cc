#include "common/settings/declare.h"

namespace tayori::settings {

void declare_imapd(Table& table) {
    Section<Imapd> s(table, "imapd", &Settings::imapd, "Reading by IMAP.");
    s.endpoints("listen", &Imapd::listen, "With STARTTLS. Empty: off.");
    s.endpoints("listen_tls", &Imapd::listen_tls, "TLS at once (RFC 8314 §3.2). Empty: off.");
    s.amount("workers", &Imapd::workers, 1, 64, "Processes that share the ports, where no containers are used.");
    s.networks("proxy_networks", &Imapd::proxy_networks,
               "Who must begin with a PROXY header, version 1 or 2, that names the client.");
    s.amount("line_bytes_max", &Imapd::line_bytes_max, 8 * kKiB, 1 * kMiB,
             "The longest command, literals that are no mail included (RFC 7162 §4: at least 8192).");
    s.amount("append_bytes_max", &Imapd::append_bytes_max, 64 * kKiB, 1 * kGiB,
             "The largest mail that APPEND takes; announced by APPENDLIMIT (RFC 7889).");
    s.amount("errors_max", &Imapd::errors_max, 3, 1000, "Wrong commands in a row before the connection is closed by BYE.");
    s.amount("connections_max", &Imapd::connections_max, 10, 1'000'000, "Connections of one process.");
    s.amount("connections_per_address_max", &Imapd::connections_per_address_max, 1, 1'000'000,
             "Connections from one address; an IPv6 /64 counts as one.");
    s.amount("login_timeout_s", &Imapd::login_timeout_s, 1, 3600, "How long a client may take to log in.");
    s.amount("idle_timeout_s", &Imapd::idle_timeout_s, 1, 86'400,
             "When a silent client is logged out (RFC 3501 §5.4: at least 30 minutes).");
}

}  // namespace tayori::settings

#include "common/settings/declare.h"

namespace tayori::settings {

void declare_pop3d(Table& table) {
    Section<Pop3d> s(table, "pop3d", &Settings::pop3d, "Reading by POP3.");
    s.endpoints("listen", &Pop3d::listen, "With STLS. Empty: off.");
    s.endpoints("listen_tls", &Pop3d::listen_tls, "TLS at once (RFC 8314 §3.1). Empty: off.");
    s.amount("workers", &Pop3d::workers, 1, 64, "Processes that share the ports, where no containers are used.");
    s.networks("proxy_networks", &Pop3d::proxy_networks,
               "Who must begin with a PROXY header, version 1 or 2, that names the client.");
    s.amount("errors_max", &Pop3d::errors_max, 3, 1000, "Wrong commands before the connection is closed.");
    s.amount("connections_max", &Pop3d::connections_max, 10, 1'000'000, "Connections of one process.");
    s.amount("connections_per_address_max", &Pop3d::connections_per_address_max, 1, 1'000'000,
             "Connections from one address; an IPv6 /64 counts as one.");
    s.amount("login_timeout_s", &Pop3d::login_timeout_s, 1, 3600, "How long a client may take to log in.");
    s.amount("idle_timeout_s", &Pop3d::idle_timeout_s, 1, 86'400,
             "When a silent client is cut off, removing nothing (RFC 1939 §3: at least 10 minutes).");
}

}  // namespace tayori::settings

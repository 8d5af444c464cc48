#include "common/settings/declare.h"

namespace tayori::settings {

void declare_smtpd(Table& table) {
    Section<Smtpd> s(table, "smtpd", &Settings::smtpd, "Mail that comes in, from other servers and from our users.");
    s.endpoints("listen", &Smtpd::listen, "For other servers (RFC 5321); no AUTH here. Empty: off.");
    s.endpoints("listen_submission", &Smtpd::listen_submission, "For our users, with STARTTLS (RFC 6409). Empty: off.");
    s.endpoints("listen_submissions", &Smtpd::listen_submissions, "For our users, TLS at once (RFC 8314 §3.3). Empty: off.");
    s.endpoints("listen_lmtp", &Smtpd::listen_lmtp,
                "LMTP (RFC 2033) for our own recipients, from smtpd.trusted_networks and unix sockets only; never port 25.");
    s.amount("workers", &Smtpd::workers, 1, 64, "Processes that share the ports, where no containers are used.");
    s.networks("proxy_networks", &Smtpd::proxy_networks,
               "Who must begin with a PROXY header, version 1 or 2, that names the client.");
    s.networks("trusted_networks", &Smtpd::trusted_networks,
               "Copiers and old scripts: here smtpd.bare_newline holds as for authenticated clients.");
    s.choice("bare_newline", &Smtpd::bare_newline, {"reject", "normalize"},
             "What becomes of a bare LF or CR from authenticated clients and trusted networks: refused, or made CRLF, a "
             "deviation from RFC 5321 §4.1.1.4. From all others it is always refused. Only CRLF.CRLF ends a mail.");
    s.amount("message_bytes_max", &Smtpd::message_bytes_max, 64 * kKiB, 1 * kGiB,
             "The largest mail; announced in EHLO (RFC 1870).");
    s.amount("recipients_max", &Smtpd::recipients_max, 100, 50'000,
             "Recipients of one mail (RFC 5321 §4.5.3.1.8: at least 100); announced by LIMITS (RFC 9422).");
    s.amount("mails_max", &Smtpd::mails_max, 1, 1'000'000, "Mails of one connection; announced by LIMITS.");
    s.amount("hops_max", &Smtpd::hops_max, 30, 1000, "Received lines before a mail is taken to loop (RFC 5321 §6.3).");
    s.amount("errors_max", &Smtpd::errors_max, 3, 1000, "Wrong commands before the connection is closed by 421.");
    s.amount("connections_max", &Smtpd::connections_max, 10, 1'000'000, "Connections of one process.");
    s.amount("connections_per_address_max", &Smtpd::connections_per_address_max, 1, 1'000'000,
             "Connections from one address; an IPv6 /64 counts as one.");
    s.amount("command_timeout_s", &Smtpd::command_timeout_s, 1, 3600,
             "How long we wait for a command (RFC 5321 §4.5.3.2.7: at least 5 minutes).");
    s.amount("data_timeout_s", &Smtpd::data_timeout_s, 1, 3600, "How long we wait for the next block of a mail.");
}

}  // namespace tayori::settings

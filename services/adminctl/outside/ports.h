// Does a server answer as mail clients and other servers will meet it? By libcurl: the greeting, TLS at once or by
// STARTTLS, and the certificate's name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tayori::admin {

struct MailPort {
    std::string name;  // "submission"
    std::uint16_t port = 0;
    std::string scheme;  // of libcurl: "smtp", "smtps", …
};
// 25, 587, 465, 110, 995, 143, 993.
const std::vector<MailPort>& mail_ports();

enum class PortVerdict { good, certificate, no_tls, no_greeting, unreachable };
struct PortResult {
    PortVerdict verdict = PortVerdict::unreachable;
    std::string why;
};

struct PortQuestion {
    MailPort port;
    std::string address;  // where to connect
    std::string host;     // the name that the certificate has to have
    std::string ca_file;  // empty: the system's
};
PortResult check_port(const PortQuestion& question);

}  // namespace tayori::admin

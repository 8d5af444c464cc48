// Does a server answer as mail clients and other servers will meet it? By libcurl: the greeting, TLS at once or by
// STARTTLS, and the certificate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::admin {

struct MailPort {
    std::string name;  // "submission"
    std::uint16_t port = 0;
    std::string scheme;  // of libcurl: "smtp", "smtps", …
};
// 25, 587, 465, 110, 995, 143, 993.
const std::vector<MailPort>& mail_ports();
// A NAME=PORT each: ports that are others than usual. "NAME=none" takes one out.
Result<std::vector<MailPort>> mail_ports_with(const std::vector<std::string>& changes, std::uint16_t base = 0);

enum class PortVerdict { good, certificate, no_tls, no_greeting, unreachable };

// The server's own certificate, whatever is wrong with it.
struct SeenCertificate {
    bool seen = false;
    std::string names;  // "DNS:mail.example.jp", as the certificate says it; the subject where there are none
    std::string issuer;
    bool self_signed = false;
    std::int64_t expires_s = 0;
    bool wrong_name = false;  // not the one that was asked for
};

struct PortResult {
    PortVerdict verdict = PortVerdict::unreachable;
    std::string why;
    std::string greeting;  // the first line, without its end
    SeenCertificate certificate;
    bool only_old_tls = false;  // 1.0 or 1.1, which clients have given up (RFC 8996)
};

struct PortQuestion {
    MailPort port;
    std::string address;  // where to connect
    std::string host;     // the name that the certificate has to have
    std::string ca_file;  // empty: the system's
};
PortResult check_port(const PortQuestion& question);
// Several at a time; the results stand in the order of the questions.
std::vector<PortResult> check_ports_at_once(const std::vector<PortQuestion>& questions);

// The host that a greeting of SMTP names: "220 mail.example.jp ESMTP" (RFC 5321 §4.2). Empty: none.
std::string greeting_host(std::string_view greeting);

// A page of HTTPS, for MTA-STS's policy: neither other names nor redirects are followed (RFC 8461 §3.3).
struct Page {
    PortVerdict verdict = PortVerdict::unreachable;
    std::string why;
    long status = 0;
    std::string body;
};
struct PageQuestion {
    std::string host;
    std::string path;
    std::string address;
    std::uint16_t port = 443;
    std::string ca_file;
    std::size_t bytes_max = 0;
};
Page fetch_page(const PageQuestion& question);

}  // namespace tayori::admin

// Links by libcurl: it resolves, connects, makes TLS and logs in (SASL, APOP, LOGIN); what is said then is ours.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/legacy/live/link.h"

namespace tayori::legacy {

enum class LiveTls : std::uint8_t { starttls, implicit, none };

struct LiveServer {
    std::string host;
    std::uint16_t port = 0;
    LiveTls tls = LiveTls::starttls;
};
struct LiveAccess {
    std::string ca_file;           // empty: the system's
    std::string ca_pem;            // instead of a file
    bool any_certificate = false;  // an old server's own one, expired, of another name
    std::string auth;              // "PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "APOP"; empty: the best that both know
    std::chrono::milliseconds connect_timeout{30'000};
    std::chrono::milliseconds idle_timeout{120'000};  // between two bytes
};
struct LiveLogin {
    std::string user;
    std::string secret;  // password, or token where `auth` is XOAUTH2
};

// Bytes a second of all links together. Thread-safe.
class Throttle {
  public:
    explicit Throttle(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}
    void spend(std::uint64_t bytes);  // waits until they may have come

  private:
    const std::uint64_t rate_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point free_at_{};
};

// Errors as LinkMaker says.
Result<std::unique_ptr<Link>> connect_by_curl(LiveProtocol protocol, const LiveServer& server, const LiveAccess& access,
                                              const LiveLogin& login, Throttle* throttle);

// "host", "host:1143", "[2001:db8::1]:993"; the port by protocol and tls where there is none. invalid.
Result<LiveServer> parse_server(LiveProtocol protocol, std::string_view text, std::string_view tls);

}  // namespace tayori::legacy

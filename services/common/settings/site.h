// What all programs share: who we are, where things lie, log, metrics, certificates, logging in.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/settings/value.h"

namespace tayori::settings {

struct Site {
    std::string hostname;  // empty: the machine's name, filled in by load()
    std::string data_dir = "/var/lib/tayori";
    std::chrono::seconds drain_s{20};
};

struct Log {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
};

struct Metrics {
    std::vector<Endpoint> listen;  // empty: off
};

struct Tls {
    std::string certificate = "tls/tls.crt";
    std::string key = "tls/tls.key";
    std::chrono::seconds reload_s{60};
};

enum class PlaintextPolicy { never, loopback, always };

struct Auth {
    PlaintextPolicy allow_plaintext = PlaintextPolicy::loopback;
    std::string default_domain;
    std::uint32_t scram_iterations = 10'000;
    std::uint32_t verifications_max = 1000;
    std::chrono::seconds cache_s{300};
    std::uint32_t failures_max = 20;
    std::chrono::seconds failure_window_s{600};
};

// Moved by tests only; never documented.
struct Test {
    std::uint64_t clock_offset_ms = 0;
    std::uint32_t mx_port = 25;
    bool mx_anywhere = false;
    std::string clock_file;
};

}  // namespace tayori::settings

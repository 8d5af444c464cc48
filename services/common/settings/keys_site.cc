#include "common/settings/declare.h"

namespace tayori::settings {
namespace {

void declare_auth(Table& table) {
    Section<Auth> s(table, "auth", &Settings::auth, "Logging in, for every protocol.");
    s.choice("allow_plaintext", &Auth::allow_plaintext, {"never", "loopback", "always"},
             "Whether a password may come over a connection without TLS: never, from this machine only, or from "
             "anywhere.");
    s.text("default_domain", &Auth::default_domain,
           "The domain of a login name without one. Empty: log in with the whole address.");
    s.amount("scram_iterations", &Auth::scram_iterations, 4096, 1'000'000,
             "Work that one guess at a stolen password costs (RFC 7677 §4: at least 4096). For passwords set from now "
             "on.");
    s.amount("verifications_max", &Auth::verifications_max, 1, 10'000,
             "How many passwords may wait to be verified; more get a temporary error.");
    s.amount("cache_s", &Auth::cache_s, 0, 86'400, "How long a right password is known without work; 0 is never.");
    s.amount("failures_max", &Auth::failures_max, 3, 100'000,
             "Wrong passwords from one address within auth.failure_window_s before it has to wait.");
    s.amount("failure_window_s", &Auth::failure_window_s, 10, 86'400, "How long a wrong password is remembered.");
}

void declare_test(Table& table) {
    Section<Test> s(table, "test", &Settings::test, "For tests.", Visibility::hidden);
    s.amount("clock_offset_ms", &Test::clock_offset_ms, 0, UINT64_C(4'000'000'000'000), "Moves the clock forward.");
    s.amount("mx_port", &Test::mx_port, 1, 65'535, "Where other servers listen.");
    s.flag("mx_anywhere", &Test::mx_anywhere, "Whether an MX may be at a loopback address.");
    s.text("clock_file", &Test::clock_file,
           "A file with a number of milliseconds, which move the clock forward, too; it may change at any time.");
}

}  // namespace

void declare_site(Table& table) {
    Section<Site> site(table, "site", &Settings::site, "Who we are and where things lie. For all programs.");
    site.text("hostname", &Site::hostname,
              "Our name in greetings, Received lines and the certificate made at the first start. Empty: the "
              "machine's name.");
    site.text("data_dir", &Site::data_dir, "Where all state lies. Relative paths of other settings start here.");
    site.amount("drain_s", &Site::drain_s, 0, 25,
                "How long a program that was told to stop lets its sessions finish their command.");

    Section<Log> log(table, "log", &Settings::log, "What the programs write to standard error.");
    log.choice("level", &Log::level, {"debug", "info", "warn", "error"},
               "The least important lines that are written. `adminctl log level` changes it while running.");
    log.choice("format", &Log::format, {"text", "json"}, "`key=value` lines, or one JSON object a line.");

    Section<Metrics> metrics(table, "metrics", &Settings::metrics, "Figures for Prometheus.");
    metrics.endpoints("listen", &Metrics::listen,
                      "Where `/metrics` is answered by HTTP. Empty: not at all. Processes on one machine need one port "
                      "each, so `./tayori up` sets it for each of them.");

    Section<Tls> tls(table, "tls", &Settings::tls, "The certificate that clients see.");
    tls.text("certificate", &Tls::certificate,
             "PEM file with the certificate and its chain. Where there is none, the first start makes a self-signed "
             "one here and says so.");
    tls.text("key", &Tls::key, "PEM file with its private key.");
    tls.amount("reload_s", &Tls::reload_s, 1, 86'400,
               "How often the files are looked at; new ones are taken without a restart.");

    declare_auth(table);
    declare_test(table);
}

}  // namespace tayori::settings

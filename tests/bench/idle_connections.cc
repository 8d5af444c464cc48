// How much memory an idle connection costs a daemon, plain and with TLS; and what a short exchange costs in time.
//
//   build/release/bin/bench_idle_connections [connections]
//
// The clients run in a process of their own, so that only the server's side is measured.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "common/base/sync.h"
#include "common/crypto/certificate.h"
#include "common/net/listener.h"
#include "common/net/run.h"

namespace tayori::net {
namespace {

constexpr LineLimit kLine{1000, LineEnd::crlf};
constexpr int kExchanges = 5;
constexpr std::size_t kAtOnce = 20;  // connections that are being made at the same time

std::size_t resident_bytes() {
    std::size_t total = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}

struct Progress {
    std::size_t idle = 0;
    std::size_t wanted = 0;
    Loop* loop = nullptr;
};

Async<void> session(Progress& progress, Conn& conn) {
    co_await conn.write("* OK ready\r\n");
    for (int i = 0;; ++i) {
        if (i == kExchanges && ++progress.idle == progress.wanted) progress.loop->stop();
        auto line = co_await conn.read_line(kLine, conn.loop().in(std::chrono::minutes(30)));
        co_await conn.write(line + " OK done\r\n");
    }
}

Async<void> client(Loop& loop, Endpoint to, const TlsClientContext* tls, std::vector<Conn>& kept) {
    auto conn = co_await connect(loop, to, kNoDeadline);
    if (tls != nullptr) co_await conn.start_tls_client(*tls, "localhost", kNoDeadline);
    auto greeting = co_await conn.read_line(kLine, kNoDeadline);
    for (int i = 0; i < kExchanges; ++i) {
        co_await conn.write("a1 SELECT INBOX\r\n");
        auto answer = co_await conn.read_line(kLine, kNoDeadline);
    }
    kept.push_back(std::move(conn));
}

Async<void> clients(Loop& loop, Endpoint to, const TlsClientContext* tls, std::vector<Conn>& kept, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) co_await client(loop, to, tls, kept);
}

[[noreturn]] void run_clients(std::uint16_t port, bool with_tls, std::size_t count) {
    Loop loop;
    Tasks tasks;
    std::vector<Conn> kept;
    const auto tls = TlsClientContext::make(Verify::none).value();
    const Endpoint to{IpAddress::v4(127, 0, 0, 1), port, {}};
    for (std::size_t i = 0; i < kAtOnce; ++i)
        tasks.spawn(clients(loop, to, with_tls ? tls.get() : nullptr, kept, count / kAtOnce));
    loop.run();  // until it is killed
    std::_Exit(0);
}

void measure(bool with_tls, std::size_t count) {
    Loop loop;  // first, as in a daemon's main
    auto pair = crypto::make_self_signed({.common_name = "localhost"}).value();
    const auto tls = TlsContext::from_pem(pair.certificate, pair.key).value();
    Progress progress{0, count, &loop};
    Server server(loop, {.connections_max = count, .per_address_max = count});
    const auto port = server.listen({.address = "127.0.0.1", .implicit_tls = with_tls ? tls.get() : nullptr},
                                    [&](Conn& conn) { return session(progress, conn); });
    const pid_t child = ::fork();
    if (child == 0) run_clients(*port, with_tls, count);
    ::malloc_trim(0);
    const auto before = resident_bytes();
    const auto cpu_before = cpu_seconds();
    loop.run();
    const auto after = resident_bytes();
    const double cpu = cpu_seconds() - cpu_before;
    ::malloc_trim(0);
    std::printf("%-5s %zu idle connections: %zu bytes each (%zu after malloc_trim), %.1f us CPU per connection of %d exchanges\n",
                with_tls ? "TLS" : "plain", count, (after - before) / count, (resident_bytes() - before) / count,
                1e6 * cpu / static_cast<double>(count), kExchanges);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace tayori::net

int main(int argc, char** argv) {
    const std::size_t wanted = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2000;
    const std::size_t count = wanted / tayori::net::kAtOnce * tayori::net::kAtOnce;
    for (const bool with_tls : {false, true}) {
        // A process each, so that the first does not leave free memory to the second.
        const pid_t child = ::fork();
        if (child == 0) {
            tayori::net::measure(with_tls, count);
            std::exit(0);
        }
        ::waitpid(child, nullptr, 0);
    }
}

// What a call from a daemon to spoold costs: CPU of both ends together, and time, at 1 and 64 calls
// in flight. Calls go over the real client, a unix socket and the real stream server; the answer is
// made at once, so that what is measured is the way there and back.
#include <grpcpp/grpcpp.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/net/loop.h"
#include "common/net/run.h"
#include "common/rpc/spool.h"
#include "common/metrics/metrics.h"
#include "spoold/rpc/call_counts.h"
#include "spoold/rpc/flow.h"
#include "spoold/rpc/stream_service.h"

namespace tayori::spool {
namespace {

using Seconds = std::chrono::duration<double>;

class Answers final : public Handler {
  public:
    explicit Answers(Workers& readers) : readers_(readers) {}
    void opened(Session&) override {}
    void cancelled(Session&, std::uint64_t) override {}
    void closed(Session&) override {}
    void call(Call call) override {
        if (!call->call().has_fetch_bodies()) {
            v1::GetFolderReply reply;
            reply.mutable_folder()->set_name(call->call().get_folder().name());
            reply.mutable_folder()->set_uid_next(4711);
            return call->answer<v1::GetFolder>(std::move(reply));
        }
        auto left = std::make_shared<std::uint64_t>(call->call().fetch_bodies().ranges(0).bytes());
        Flow::start(
            readers_, call,
            [left]() -> Result<Flow::Next> {
                return [left](std::size_t bytes_max, v1::Reply& reply) -> Result<bool> {
                    const auto bytes = std::min<std::uint64_t>(bytes_max, *left);
                    *left -= bytes;
                    reply.mutable_fetch_bodies()->add_chunks()->set_data(std::string(bytes, 'x'));
                    return *left != 0;
                };
            },
            nullptr);
    }

  private:
    Workers& readers_;
};

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Async<void> some_calls(rpc::Spool& spool, int count) {
    const rpc::Ticket ticket(64, 't');
    for (int i = 0; i < count; ++i) {
        v1::GetFolder request;
        request.set_name("Archive/2024");
        auto reply = co_await spool.call(std::move(request), ticket);
    }
}

Async<void> in_flight(rpc::Spool& spool, net::Loop& loop, int width, int calls) {
    Tasks tasks;
    Event ended;
    for (int i = 0; i < width; ++i) {
        tasks.spawn(some_calls(spool, calls / width), [&ended](Result<void>) { ended.notify(); });
    }
    while (tasks.size() != 0) co_await loop.wait(ended, loop.in(std::chrono::seconds(1)));
}

Async<void> fetch(rpc::Spool& spool, std::uint64_t bytes) {
    v1::FetchBodies request;
    request.add_ranges()->set_bytes(bytes);
    auto stream = spool.stream(std::move(request));
    for (;;) {
        auto reply = co_await stream.next();
        if (!reply) break;
    }
}

void measure(rpc::Spool& spool, net::Loop& loop, int width, int calls) {
    (void)net::run_to_end(loop, in_flight(spool, loop, width, calls / 10));
    const double cpu = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    (void)net::run_to_end(loop, in_flight(spool, loop, width, calls));
    const double wall = Seconds(std::chrono::steady_clock::now() - began).count();
    std::printf(
        "%3d in flight: %6.1f us CPU per call (both ends), %7.1f us latency, %8.0f calls/s\n",
        width, (cpu_seconds() - cpu) * 1e6 / calls, wall * 1e6 * width / calls, calls / wall);
}

void measure_bulk(rpc::Spool& spool, net::Loop& loop, std::uint64_t bytes) {
    const double cpu = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    (void)net::run_to_end(loop, fetch(spool, bytes));
    const double wall = Seconds(std::chrono::steady_clock::now() - began).count();
    const double mib = static_cast<double>(bytes) / (1024 * 1024);
    std::printf("        bulk: %6.1f us CPU per MiB, %7.0f MiB/s\n",
                (cpu_seconds() - cpu) * 1e6 / mib, mib / wall);
}

int run() {
    log_setup("rpc_bench", LogLevel::warn, LogFormat::text);
    char folder[] = "/tmp/tayori-bench-XXXXXX";
    const auto address = cat("unix:", ::mkdtemp(folder), "/spoold.sock");
    SystemClock clock;
    Workers readers(2);
    Workers writer(1);
    Streams streams(clock);
    Answers handler(readers);
    Metrics metrics("rpc_bench");
    CallCounts counts(metrics);
    StreamService service(Gate(Entry::daemons), streams, handler, writer, counts, "bench");
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    auto server = builder.BuildAndStart();
    {
        net::Loop loop;
        rpc::SpoolOptions options;
        options.address = address;
        options.program = "imapd";
        rpc::Spool spool(loop, options);
        if (!net::run_to_end(loop, spool.connect())) return 1;
        measure(spool, loop, 1, 20'000);
        measure(spool, loop, 8, 80'000);
        measure(spool, loop, 64, 200'000);
        measure_bulk(spool, loop, 1024ull * 1024 * 1024);
    }
    server->Shutdown();
    std::filesystem::remove_all(folder);
    return 0;
}

}  // namespace
}  // namespace tayori::spool

int main() { return tayori::spool::run(); }

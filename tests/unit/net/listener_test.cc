#include "common/net/listener.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "net_fixture.h"

namespace tayori::net {
namespace {

using std::chrono::milliseconds;

Async<void> echo(Conn& conn) {
    co_await conn.write("hello\r\n");
    for (;;) {
        auto line = co_await conn.read_line(kLine, conn.loop().in(kTestPatience));
        if (line == "QUIT") break;
        if (line == "WHO") line = conn.peer().to_string();
        co_await conn.write(line + "\r\n");
    }
    co_await conn.write("bye\r\n");
}

// Says goodbye when the server stops.
Async<void> polite(Server& server, Conn& conn) {
    co_await conn.write("hello\r\n");
    auto wake = co_await conn.wait_readable_or(server.stopping(), kNoDeadline);
    if (wake == Wake::notified) co_await conn.write("421 stopping\r\n");
}

class ListenerTest : public NetTest {
  protected:
    std::uint16_t listen(Server& server, ListenOptions options = {}, Server::Handler handler = echo) {
        if (options.address == "*") options.address = "127.0.0.1";
        auto port = server.listen(options, std::move(handler));
        EXPECT_TRUE(port) << port.error().text;
        return port.value_or(0);
    }
    Result<Conn> dial(std::uint16_t port) {
        return run(connect(loop, Endpoint{IpAddress::v4(127, 0, 0, 1), port, {}}, later()));
    }
    std::string line(Conn& conn) {
        auto got = run(conn.read_line(kLine, later()));
        if (!got) return "error: " + got.error().text;
        return *got;
    }
    std::string ask(Conn& conn, std::string_view question) {
        conn.put(question);
        conn.put("\r\n");
        return line(conn);
    }
};

TEST_F(ListenerTest, ServesManyAndCloses) {
    Server server(loop, {});
    const auto port = listen(server);
    std::vector<Conn> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(dial(port).value());
    for (auto& client : clients) {
        EXPECT_EQ(line(client), "hello");
        EXPECT_EQ(ask(client, "NOOP"), "NOOP");
        EXPECT_EQ(ask(client, "WHO"), client.local().to_string());
    }
    EXPECT_EQ(server.sessions(), 20u);
    EXPECT_EQ(server.sessions_of(IpAddress::v4(127, 0, 0, 1)), 20u);
    for (auto& client : clients) EXPECT_EQ(ask(client, "QUIT"), "bye");
    clients.clear();
    turn_until([&] { return server.sessions() == 0; });
    EXPECT_EQ(server.sessions_of(IpAddress::v4(127, 0, 0, 1)), 0u);
    EXPECT_EQ(server.counts().accepted, 20u);
}

TEST_F(ListenerTest, LimitsPerAddressAndInTotal) {
    Server server(loop, {.connections_max = 3, .per_address_max = 2});
    const auto port = listen(server, {.refusal = "421 too many\r\n"});
    auto one = dial(port).value();
    auto two = dial(port).value();
    EXPECT_EQ(line(two), "hello");
    auto three = dial(port).value();
    EXPECT_EQ(line(three), "421 too many");
    EXPECT_EQ(run(three.fill(later())).error().kind, Kind::closed);
    EXPECT_EQ(server.counts().refused, 1u);
    one.abort();
    turn_until([&] { return server.sessions() == 1; });
    auto four = dial(port).value();
    EXPECT_EQ(line(four), "hello");

    Server small(loop, {.connections_max = 1});
    const auto small_port = listen(small, {.refusal = "421 full\r\n"});
    auto a = dial(small_port).value();
    EXPECT_EQ(line(a), "hello");
    auto b = dial(small_port).value();
    EXPECT_EQ(line(b), "421 full");
}

TEST_F(ListenerTest, ProxyHeaderIsRequiredFromProxiesAndCountsTheClient) {
    const auto proxies = Networks::parse("127.0.0.0/8").value();
    Server server(loop, {.per_address_max = 1, .proxy_header_max = milliseconds(20)});
    const auto port = listen(server, {.proxies = &proxies, .refusal = "421 too many\r\n"});
    auto a = dial(port).value();
    a.put("PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\n");
    EXPECT_EQ(line(a), "hello");
    EXPECT_EQ(ask(a, "WHO"), "192.0.2.1:12345");
    auto b = dial(port).value();
    b.put("PROXY TCP4 192.0.2.1 198.51.100.2 12346 25\r\n");
    EXPECT_EQ(line(b), "421 too many");
    auto c = dial(port).value();
    c.put("PROXY TCP4 192.0.2.9 198.51.100.2 12346 25\r\n");
    EXPECT_EQ(line(c), "hello");
    auto d = dial(port).value();
    EXPECT_EQ(ask(d, "EHLO x"), "error: Connection closed.");
    auto silent = dial(port).value();
    EXPECT_EQ(line(silent), "error: Connection closed.");
}

TEST_F(ListenerTest, ImplicitTls) {
    auto context = tls_context();
    auto trusting = TlsClientContext::make(Verify::none).value();
    Server server(loop, {.handshake_max = milliseconds(200)});
    const auto port = listen(server, {.implicit_tls = context.get()});
    auto client = dial(port).value();
    ASSERT_TRUE(run(client.start_tls_client(*trusting, "localhost", later())));
    EXPECT_EQ(line(client), "hello");
    EXPECT_EQ(ask(client, "QUIT"), "bye");
    auto silent = dial(port).value();
    EXPECT_EQ(line(silent), "error: Connection closed.");
}

TEST_F(ListenerTest, GracefulStopTellsThemAndThenCancels) {
    Server server(loop, {});
    const auto polite_port = listen(server, {}, [&](Conn& c) { return polite(server, c); });
    const auto deaf_port = listen(server);
    auto a = dial(polite_port).value();
    EXPECT_EQ(line(a), "hello");
    auto b = dial(deaf_port).value();
    EXPECT_EQ(line(b), "hello");
    auto stopped = begin(server.stop(milliseconds(30)));
    EXPECT_TRUE(server.is_stopping());
    EXPECT_EQ(line(a), "421 stopping");
    EXPECT_FALSE(stopped->has_value());
    EXPECT_EQ(dial(polite_port).error().kind, Kind::busy);
    turn_until([&] { return stopped->has_value(); });
    EXPECT_EQ(server.sessions(), 0u);
    EXPECT_EQ(line(b), "error: Connection closed.");
}

TEST_F(ListenerTest, StopEndsAsSoonAsAllSessionsHave) {
    Server server(loop, {});
    const auto port = listen(server, {}, [&](Conn& c) { return polite(server, c); });
    auto a = std::make_unique<Conn>(dial(port).value());
    EXPECT_EQ(line(*a), "hello");
    auto stopped = begin(server.stop(std::chrono::hours(1)));
    a.reset();
    turn_until([&] { return stopped->has_value(); });
}

TEST_F(ListenerTest, ReusePortAndTaken) {
    Server server(loop, {});
    const auto port = listen(server, {.reuse_port = true});
    Server second(loop, {});
    EXPECT_TRUE(second.listen({.address = "127.0.0.1", .port = port, .reuse_port = true}, echo));
    Server third(loop, {});
    EXPECT_EQ(third.listen({.address = "127.0.0.1", .port = port}, echo).error().kind, Kind::in_use);
    EXPECT_EQ(third.listen({.address = "nowhere"}, echo).error().kind, Kind::invalid);
}

TEST_F(ListenerTest, AllAddressesTakeIPv4) {
    Server server(loop, {});
    auto port = server.listen({.address = "*"}, echo);
    ASSERT_TRUE(port);
    auto client = dial(*port).value();
    EXPECT_EQ(line(client), "hello");
    EXPECT_EQ(ask(client, "WHO"), client.local().to_string());
}

TEST_F(ListenerTest, InheritedSocket) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const RawAddress any(Endpoint{IpAddress::v4(127, 0, 0, 1), 0, {}});
    ASSERT_EQ(::bind(fd, any.get(), any.size), 0);
    ASSERT_EQ(::listen(fd, 5), 0);
    Server server(loop, {});
    const auto port = listen(server, {.inherited = fd});
    auto client = dial(port).value();
    EXPECT_EQ(line(client), "hello");
}

TEST_F(ListenerTest, UnixSocketReplacesAStaleOneAndCleansUp) {
    char name[] = "/tmp/tayori-net-XXXXXX";
    const std::string folder = ::mkdtemp(name);
    const Endpoint at{{}, 0, folder + "/s"};
    const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const RawAddress raw(at);
    ASSERT_EQ(::bind(stale, raw.get(), raw.size), 0);
    ::close(stale);
    {
        Server server(loop, {.per_address_max = 1});
        ASSERT_TRUE(server.listen({.address = at.to_string()}, echo));
        auto client = run(connect(loop, at, later())).value();
        auto second = run(connect(loop, at, later())).value();
        EXPECT_EQ(line(client), "hello");
        EXPECT_EQ(line(second), "hello");
        Server other(loop, {});
        EXPECT_EQ(other.listen({.address = at.to_string()}, echo).error().kind, Kind::in_use);
    }
    EXPECT_FALSE(std::filesystem::exists(at.unix_path));
    std::filesystem::remove_all(folder);
}

TEST_F(ListenerTest, WithoutDescriptorsClientsAreTurnedAwayAndLaterServed) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer itself needs descriptors for its checks";
#endif
    Server server(loop, {});
    const auto port = listen(server);
    std::vector<int> hogs;
    rlimit old{};
    ::getrlimit(RLIMIT_NOFILE, &old);
    rlimit few = old;
    few.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &few);
    // One descriptor is left, which the client takes.
    for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY)) hogs.push_back(fd);
    ::close(hogs.back());
    hogs.pop_back();
    auto client = run(connect(loop, Endpoint{IpAddress::v4(127, 0, 0, 1), port, {}}, later()));
    ASSERT_TRUE(client);
    EXPECT_EQ(line(*client), "error: Connection closed.");
    EXPECT_EQ(server.counts().refused, 1u);
    for (int fd : hogs) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &old);
    auto second = dial(port).value();
    EXPECT_EQ(line(second), "hello");
}

TEST_F(ListenerTest, ConnectFailsWithBusy) {
    Server server(loop, {});
    const auto port = listen(server);
    turn_until([&, stopped = begin(server.stop(milliseconds(0)))] { return stopped->has_value(); });
    EXPECT_EQ(dial(port).error().kind, Kind::busy);
    EXPECT_EQ(run(connect(loop, Endpoint{{}, 0, "/nonexistent/socket"}, later())).error().kind, Kind::busy);
}

}  // namespace
}  // namespace tayori::net

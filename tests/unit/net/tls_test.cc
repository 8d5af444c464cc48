#include "common/net/tls.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net_fixture.h"

namespace tayori::net {
namespace {

using std::chrono::milliseconds;

Async<void> handshake_both(Conn& server, const TlsContext& context, Deadline deadline) {
    co_await server.start_tls(context, TlsStart::implicit, deadline);
}
Async<void> answers_starttls(Conn& conn, const TlsContext& context, Deadline deadline) {
    auto line = co_await conn.read_line(kLine, deadline);
    co_await conn.write("220 Go ahead\r\n");
    co_await conn.start_tls(context, TlsStart::upgrade, deadline);
    auto ehlo = co_await conn.read_line(kLine, deadline);
    co_await conn.write("250 " + ehlo + "\r\n");
    co_await conn.flush();
}
Async<std::string> asks_starttls(Conn& conn, const TlsClientContext& context, Deadline deadline) {
    co_await conn.write("STARTTLS\r\n");
    auto ready = co_await conn.read_line(kLine, deadline);
    co_await conn.start_tls_client(context, "localhost", deadline);
    co_await conn.write("EHLO x\r\n");
    auto answer = co_await conn.read_line(kLine, deadline);
    co_return answer;
}

class TlsTest : public NetTest {
  protected:
    Ends ends = make_ends(loop);
    std::unique_ptr<TlsContext> context = tls_context();
    std::unique_ptr<TlsClientContext> trusting = TlsClientContext::make(Verify::none).value();

    void secure() {
        auto server = begin(handshake_both(ends.server, *context, later()));
        auto client = run(ends.client.start_tls_client(*trusting, "localhost", later()));
        ASSERT_TRUE(client) << client.error().detail;
        turn_until([&] { return server->has_value(); });
        ASSERT_TRUE(server->value());
    }
};

TEST_F(TlsTest, HandshakeLinesAndClose) {
    secure();
    EXPECT_TRUE(ends.server.is_tls());
    EXPECT_EQ(ends.server.tls_info().version, "TLSv1.3");
    EXPECT_THAT(ends.server.tls_info().cipher, testing::HasSubstr("_"));
    auto line = begin(ends.server.read_line(kLine, later()));
    EXPECT_TRUE(run(ends.client.write("NOOP\r\n")));
    EXPECT_TRUE(run(ends.client.flush()));
    turn(5);
    EXPECT_EQ(line->value().value(), "NOOP");
    ends.server.put("bye\r\n");
    auto closing = begin(ends.server.close(later()));
    EXPECT_EQ(run(ends.client.read_line(kLine, later())).value(), "bye");
    EXPECT_EQ(run(ends.client.fill(later())).error().kind, Kind::closed);
}

TEST_F(TlsTest, MegabytesBothWaysWithBackPressure) {
    secure();
    std::string big(5'000'000, 'q');
    for (std::size_t i = 0; i < big.size(); i += 1000) big[i] = static_cast<char>('a' + i / 1000 % 26);
    auto up = begin(ends.client.write(std::string_view(big)));
    auto down = begin(ends.server.write(std::string_view(big)));
    turn(20);
    EXPECT_FALSE(up->has_value());
    auto got_up = begin(ends.server.read_exact(big.size(), later()));
    auto flush_down = run(ends.client.read_exact(big.size() - 100'000, later()));
    ASSERT_TRUE(flush_down);
    auto flushing = begin(ends.server.flush());
    auto flushing_up = begin(ends.client.flush());
    auto rest = run(ends.client.read_exact(100'000, later()));
    EXPECT_EQ(*flush_down + *rest, big);
    turn_until([&] { return got_up->has_value(); });
    EXPECT_EQ(got_up->value().value(), big);
}

TEST_F(TlsTest, StartTls) {
    auto server = begin(answers_starttls(ends.server, *context, later()));
    EXPECT_EQ(run(asks_starttls(ends.client, *trusting, later())).value(), "250 EHLO x");
    turn(3);
    EXPECT_TRUE(server->value());
}

// Plain text sent together with STARTTLS must not be read as if it had come protected (RFC 3207 §4.2).
TEST_F(TlsTest, PlainTextBehindStartTlsEndsTheConnection) {
    auto server = begin(answers_starttls(ends.server, *context, later()));
    ends.client.put("STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n");
    auto sent = begin(ends.client.flush());
    turn_until([&] { return server->has_value(); });
    EXPECT_EQ(server->value().error().kind, Kind::closed);
    EXPECT_EQ(server->value().error().detail, "plain text behind STARTTLS");
}

// The same bytes a moment later reach the handshake, which they fail.
TEST_F(TlsTest, PlainTextInPlaceOfTheClientHelloEndsTheConnection) {
    auto server = begin(answers_starttls(ends.server, *context, later()));
    ends.client.put("STARTTLS\r\n");
    auto sent = begin(ends.client.flush());
    EXPECT_EQ(run(ends.client.read_line(kLine, later())).value(), "220 Go ahead");
    ends.client.put("MAIL FROM:<evil@example.com>\r\n");
    auto more = begin(ends.client.flush());
    turn_until([&] { return server->has_value(); });
    EXPECT_EQ(server->value().error().kind, Kind::closed);
}

TEST_F(TlsTest, ServerBytesBehindTheReplyEndTheClientsConnection) {
    ends.server.put("220 Go ahead\r\n250 injected\r\n");
    auto sent = begin(ends.server.flush());
    EXPECT_EQ(run(asks_starttls(ends.client, *trusting, later())).error().kind, Kind::closed);
}

TEST_F(TlsTest, HandshakeHasADeadline) {
    EXPECT_TRUE(is_timeout(run(ends.server.start_tls(*context, TlsStart::implicit, soon())).error()));
    EXPECT_EQ(run(ends.server.fill(later())).error().kind, Kind::closed);
}

TEST_F(TlsTest, BytesReadBeforeAnImplicitHandshakeAreTheClientHello) {
    auto client = begin(ends.client.start_tls_client(*trusting, "localhost", later()));
    EXPECT_TRUE(run(ends.server.fill(later())));
    EXPECT_FALSE(ends.server.buffered().empty());
    EXPECT_TRUE(run(ends.server.start_tls(*context, TlsStart::implicit, later())));
    turn(3);
    EXPECT_TRUE(client->value());
}

TEST_F(TlsTest, GarbageAndEofFailTheHandshake) {
    ends.client.put("GET / HTTP/1.0\r\n\r\n");
    auto sent = begin(ends.client.flush());
    EXPECT_EQ(run(ends.server.start_tls(*context, TlsStart::implicit, later())).error().kind, Kind::closed);
    auto other = make_ends(loop);
    other.client.abort();
    EXPECT_EQ(run(other.server.start_tls(*context, TlsStart::implicit, later())).error().kind, Kind::closed);
}

TEST_F(TlsTest, DestroyingDuringTheHandshakeIsSafe) {
    for (int turns = 0; turns < 8; ++turns) {
        for (const bool conn_first : {true, false}) {
            auto conns = std::make_unique<Ends>(make_ends(loop));
            auto own = std::make_unique<Tasks>();
            std::optional<Result<void>> server;
            std::optional<Result<void>> client;
            own->spawn(keep(conns->server.start_tls(*context, TlsStart::implicit, later()), server));
            own->spawn(keep(conns->client.start_tls_client(*trusting, "localhost", later()), client));
            turn(turns);
            if (conn_first) conns.reset();
            else own.reset();
            turn(2);
        }
    }
}

class TlsFilesTest : public TlsTest {
  protected:
    void SetUp() override {
        char name[] = "/tmp/tayori-tls-XXXXXX";
        folder = ::mkdtemp(name);
        write(crypto::make_self_signed({.common_name = "one", .names = {"localhost"}}).value());
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    // Renamed into place, as careful tools do: the inode changes even within a tick of the file system's clock.
    void put(const std::string& name, const std::string& text) {
        std::ofstream(folder + "/new", std::ios::binary) << text;
        std::filesystem::rename(folder + "/new", folder + "/" + name);
    }
    void write(const crypto::KeyPair& pair) {
        put("cert.pem", pair.certificate);
        put("key.pem", pair.key);
    }
    TlsContext::Files files() const { return {folder + "/cert.pem", folder + "/key.pem"}; }
    std::string folder;
};

TEST_F(TlsFilesTest, VerifiesChainAndName) {
    auto authority = crypto::make_authority("Test CA", 10).value();
    write(crypto::make_signed(authority, {.common_name = "x", .names = {"localhost", "127.0.0.1"}}).value());
    put("ca.pem", authority.certificate);
    context = TlsContext::from_files(files()).value();
    auto strict = TlsClientContext::make(Verify::chain_and_name, folder + "/ca.pem").value();
    struct Case {
        const char* host;
        Kind outcome;  // exists: good
    };
    for (const auto& c : {Case{"localhost", Kind::exists}, Case{"127.0.0.1", Kind::exists},
                          Case{"example.com", Kind::denied}, Case{"127.0.0.2", Kind::denied}, Case{"", Kind::invalid}}) {
        auto conns = make_ends(loop);
        auto server = begin(handshake_both(conns.server, *context, later()));
        auto client = run(conns.client.start_tls_client(*strict, c.host, later()));
        EXPECT_EQ(client ? Kind::exists : client.error().kind, c.outcome) << c.host;
        conns.client.abort();
        turn_until([&] { return server->has_value(); });
    }
    // A certificate that nobody trusted signed.
    context = tls_context();
    auto server = begin(handshake_both(ends.server, *context, later()));
    EXPECT_EQ(run(ends.client.start_tls_client(*strict, "localhost", later())).error().kind, Kind::denied);
    turn_until([&] { return server->has_value(); });
    EXPECT_FALSE(server->value());
}

TEST_F(TlsFilesTest, ReloadsWhenTheFilesChange) {
    context = TlsContext::from_files(files()).value();
    const auto first = context->handle();
    context->watch(loop, milliseconds(1));
    write(crypto::make_self_signed({.common_name = "two", .days = 77}).value());
    turn_until([&] { return context->handle() != first; });
    // It may have been seen between the two files; the pair is whole in the end.
    const auto day = std::int64_t{86400};
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch()).count();
    turn_until([&] { return context->expires_at_unix_s() > now + 76 * day && context->expires_at_unix_s() < now + 78 * day; });
    secure();
}

TEST_F(TlsFilesTest, ABrokenPairChangesNothing) {
    context = TlsContext::from_files(files()).value();
    const auto first = context->handle();
    auto other = crypto::make_self_signed({.common_name = "two"}).value();
    put("cert.pem", other.certificate);  // the key still belongs to the first
    EXPECT_EQ(context->reload().error().kind, Kind::invalid);
    put("cert.pem", "nonsense");
    EXPECT_EQ(context->reload().error().kind, Kind::invalid);
    std::filesystem::remove(folder + "/cert.pem");
    EXPECT_EQ(context->reload().error().kind, Kind::not_found);
    EXPECT_EQ(context->handle(), first);
    secure();
}

TEST_F(TlsFilesTest, RefusesAtTheStart) {
    EXPECT_EQ(TlsContext::from_files({folder + "/none", folder + "/key.pem"}).error().kind, Kind::not_found);
    EXPECT_EQ(TlsContext::from_files({folder, folder}).has_value(), false);
    put("key.pem", "");
    EXPECT_EQ(TlsContext::from_files(files()).error().kind, Kind::invalid);
    EXPECT_FALSE(TlsClientContext::make(Verify::chain_and_name, folder + "/none"));
}

}  // namespace
}  // namespace tayori::net

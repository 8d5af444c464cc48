#include "net_fixture.h"

namespace tayori::net {
namespace {

using std::chrono::milliseconds;

class ConnWriteTest : public NetTest {
  protected:
    Ends ends = make_ends(loop);
};

Async<void> answers_three(Conn& conn, Deadline deadline) {
    for (int i = 0; i < 3; ++i) {
        auto line = co_await conn.read_line(kLine, deadline);
        co_await conn.write("250 " + line + "\r\n");
    }
    auto more = co_await conn.read_line(kLine, deadline);
}

TEST_F(ConnWriteTest, RepliesToPipelinedCommandsGoOutTogether) {
    ends.client.put("a\r\nb\r\nc\r\n");
    auto sent = begin(ends.client.flush());
    auto session = begin(answers_three(ends.server, later()));
    // One receive call at the client gets them all: they were sent by one call.
    EXPECT_TRUE(run(ends.client.fill(later())));
    EXPECT_EQ(ends.client.buffered(), "250 a\r\n250 b\r\n250 c\r\n");
    EXPECT_FALSE(session->has_value());
}

TEST_F(ConnWriteTest, OutputIsKeptUntilAFlush) {
    EXPECT_TRUE(begin(ends.server.write("hello"))->has_value());
    EXPECT_EQ(ends.server.pending(), 5u);
    EXPECT_TRUE(begin(ends.server.flush())->value());
    EXPECT_EQ(ends.server.pending(), 0u);
    EXPECT_EQ(ends.server.bytes().sent, 5u);
    EXPECT_TRUE(run(ends.client.fill(later())));
    EXPECT_EQ(ends.client.buffered(), "hello");
    EXPECT_EQ(ends.client.bytes().received, 5u);
}

TEST_F(ConnWriteTest, AWriterWaitsForASlowReader) {
    std::string big(4 * 1024 * 1024, 'z');
    for (std::size_t i = 0; i < big.size(); i += 1000) big[i] = static_cast<char>('a' + i / 1000 % 26);
    auto copy = big;
    auto written = begin(ends.server.write(std::move(copy)));
    turn(20);
    EXPECT_FALSE(written->has_value());
    EXPECT_GT(ends.server.pending(), kOutputHighWater);
    auto received = run(ends.client.read_exact(big.size() - kOutputHighWater, later()));
    turn(3);
    EXPECT_TRUE(written->has_value());  // although the last bytes are still pending
    auto flushed = begin(ends.server.flush());
    auto rest = run(ends.client.read_exact(kOutputHighWater, later()));
    EXPECT_EQ(received.value() + rest.value(), big);
}

TEST_F(ConnWriteTest, SmallPiecesAndLargeOnesKeepTheirOrder) {
    std::string expected;
    for (int i = 0; i < 2000; ++i) {
        std::string piece(static_cast<std::size_t>(i % 97 == 0 ? 20'000 : i % 13 + 1), static_cast<char>('a' + i % 26));
        expected += piece;
        if (i % 2 == 0) ends.server.put(std::string_view(piece));
        else ends.server.put(std::move(piece));
    }
    auto flushed = begin(ends.server.flush());
    EXPECT_EQ(run(ends.client.read_exact(expected.size(), later())).value(), expected);
}

TEST_F(ConnWriteTest, WritingToAPeerThatIsGoneFails) {
    ends.client.abort();
    ends.server.put("x");
    EXPECT_EQ(begin(ends.server.flush())->value().error().kind, Kind::closed);
    EXPECT_EQ(begin(ends.server.write("y"))->value().error().kind, Kind::closed);
    EXPECT_EQ(ends.server.pending(), 0u);
}

TEST_F(ConnWriteTest, APeerThatTakesNothingIsCutOff) {
    ends.server.limit_write_stall(milliseconds(20));
    auto outcome = run(ends.server.write(std::string(4 * 1024 * 1024, 'x')));
    EXPECT_EQ(outcome.error().kind, Kind::closed);
    EXPECT_EQ(outcome.error().detail, "the peer takes no bytes");
}

TEST_F(ConnWriteTest, OutputThatNobodyFlushesIsNoStall) {
    ends.server.limit_write_stall(milliseconds(1));
    ends.server.put("x");
    Event never;
    EXPECT_FALSE(run(loop.wait(never, soon())).value());
    EXPECT_TRUE(run(ends.server.flush()));
}

TEST_F(ConnWriteTest, OutputLeavesWhileAReaderWaits) {
    ends.server.put(std::string(2 * 1024 * 1024, 'x'));
    auto reading = begin(ends.server.read_line(kLine, later()));
    EXPECT_TRUE(run(ends.client.read_exact(2 * 1024 * 1024, later())));
    EXPECT_FALSE(reading->has_value());
    // Two coroutines: one reads, one writes.
    auto writing = begin(ends.server.write(std::string(1024 * 1024, 'y')));
    EXPECT_FALSE(writing->has_value());
    EXPECT_TRUE(run(ends.client.read_exact(1024 * 1024, later())));
    turn(3);
    EXPECT_TRUE(writing->has_value());
}

TEST_F(ConnWriteTest, CloseSendsEverythingAndWaitsForThePeer) {
    ends.client.put("unread input");
    auto sent = begin(ends.client.flush());
    ends.server.put(std::string(1024 * 1024, 'x'));
    ends.server.put("221 Bye\r\n");
    auto closing = begin(ends.server.close(later()));
    EXPECT_TRUE(run(ends.client.read_exact(1024 * 1024, later())));
    EXPECT_EQ(run(ends.client.read_line(kLine, later())).value(), "221 Bye");
    EXPECT_EQ(run(ends.client.fill(later())).error().kind, Kind::closed);
    EXPECT_FALSE(closing->has_value());
    ends.client.abort();
    turn_until([&] { return closing->has_value(); });
    EXPECT_TRUE(closing->value());
    EXPECT_EQ(run(ends.server.fill(later())).error().kind, Kind::closed);
}

TEST_F(ConnWriteTest, CloseGivesUpAtItsDeadline) {
    ends.server.put(std::string(1024 * 1024, 'x'));
    EXPECT_TRUE(run(ends.server.close(soon())));
    auto again = make_ends(loop);
    EXPECT_TRUE(run(again.server.close(soon())));
}

TEST_F(ConnWriteTest, AbortWakesWhoeverWaits) {
    auto reading = begin(ends.server.read_line(kLine, later()));
    auto writing = begin(ends.server.write(std::string(4 * 1024 * 1024, 'x')));
    ends.server.abort();
    EXPECT_FALSE(reading->has_value());
    turn(3);
    EXPECT_EQ(reading->value().error().kind, Kind::closed);
    EXPECT_EQ(writing->value().error().kind, Kind::closed);
}

// Every pair of who vanishes first, with a read and a write in flight.
TEST_F(ConnWriteTest, DestroyingEitherSideAtAnyTimeIsSafe) {
    for (int turns = 0; turns < 6; ++turns) {
        for (const bool conn_first : {true, false}) {
            auto conns = std::make_unique<Ends>(make_ends(loop));
            auto own = std::make_unique<Tasks>();
            std::optional<Result<std::string>> line;
            std::optional<Result<void>> written;
            std::optional<Result<Wake>> idle;
            Event event;
            own->spawn(keep(conns->server.read_line(kLine, later()), line));
            own->spawn(keep(conns->server.write(std::string(4 * 1024 * 1024, 'x')), written));
            own->spawn(keep(conns->client.wait_readable_or(event, soon()), idle));
            turn(turns);
            if (conn_first) conns.reset();
            else own.reset();
            turn(2);
            event.notify();
            turn(2);
        }
    }
}

Async<void> ends_itself(std::unique_ptr<Ends>& conns, Deadline deadline) {
    auto line = co_await conns->server.read_line(kLine, deadline).result();
    conns.reset();
}

TEST_F(ConnWriteTest, ACoroutineThatWasWokenMayDestroyTheConnection) {
    auto conns = std::make_unique<Ends>(make_ends(loop));
    auto ending = begin(ends_itself(conns, later()));
    conns->client.put("x\r\n");
    auto sent = begin(conns->client.flush());
    turn_until([&] { return conns == nullptr; });
    conns = std::make_unique<Ends>(make_ends(loop));
    auto timing_out = begin(ends_itself(conns, soon()));
    turn_until([&] { return conns == nullptr; });
}

}  // namespace
}  // namespace tayori::net

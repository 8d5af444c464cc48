#include "net_fixture.h"

namespace tayori::net {
namespace {

using std::chrono::milliseconds;

class ConnReadTest : public NetTest {
  protected:
    Ends ends = make_ends(loop);
    void send(std::string_view bytes) {
        ends.client.put(bytes);
        auto sent = begin(ends.client.flush());
        EXPECT_TRUE(sent->has_value());
    }
    Result<std::string> line(LineLimit limit = kLine) { return run(ends.server.read_line(limit, later())); }
};

TEST_F(ConnReadTest, LinesComeWithoutTheirEnds) {
    send("HELO x\r\n\r\nMAIL\r\n");
    EXPECT_EQ(line().value(), "HELO x");
    EXPECT_EQ(line().value(), "");
    EXPECT_EQ(line().value(), "MAIL");
}

TEST_F(ConnReadTest, ALineMayComeByteByByte) {
    auto out = begin(ends.server.read_line(kLine, later()));
    for (char c : std::string("NO\rOP\r\n")) {
        EXPECT_FALSE(out->has_value());
        send({&c, 1});
        turn(3);
    }
    EXPECT_EQ(out->value().value(), "NO\rOP");
}

TEST_F(ConnReadTest, ABareLfIsRefusedOrALineEnd) {
    send("A\nB\r\nC\r\n");
    EXPECT_EQ(line().error().kind, Kind::invalid);
    EXPECT_EQ(line().value(), "C");
    send("A\nB\r\nC\n");
    const LineLimit tolerant{100, LineEnd::crlf_or_lf};
    EXPECT_EQ(line(tolerant).value(), "A");
    EXPECT_EQ(line(tolerant).value(), "B");
    EXPECT_EQ(line(tolerant).value(), "C");
}

TEST_F(ConnReadTest, TheLimitIsExact) {
    const std::string fits(100, 'x');
    send(fits + "\r\n" + fits + "x\r\nnext\r\n");
    EXPECT_EQ(line().value(), fits);
    EXPECT_EQ(line().error().kind, Kind::too_big);
    EXPECT_EQ(line().value(), "next");
    // The same when the pieces come one by one.
    auto out = begin(ends.server.read_line(kLine, later()));
    send(fits);
    turn(3);
    send("\r");
    turn(3);
    EXPECT_FALSE(out->has_value());
    send("\n");
    turn(3);
    EXPECT_EQ(out->value().value(), fits);
}

TEST_F(ConnReadTest, ALongLineIsDroppedInBoundedMemory) {
    auto out = begin(ends.server.read_line(kLine, later()));
    for (int i = 0; i < 50; ++i) {
        send(std::string(10'000, 'x'));
        turn(2);
        EXPECT_LE(ends.server.buffered().size(), 10'000u);
    }
    send("\r");  // the end itself comes in two pieces
    turn(3);
    send("\nnext\r\n");
    turn(3);
    EXPECT_EQ(out->value().error().kind, Kind::too_big);
    EXPECT_EQ(line().value(), "next");
}

TEST_F(ConnReadTest, ALineWithoutAnEndCutsThePeerOff) {
    auto out = begin(ends.server.read_line(kLine, later()));
    const std::string part(50'000, 'x');
    for (int i = 0; i < 100 && !out->has_value(); ++i) {
        ends.client.put(part);
        auto sent = begin(ends.client.flush());
        turn(2);
    }
    ASSERT_TRUE(out->has_value());
    EXPECT_EQ(out->value().error().kind, Kind::closed);
}

TEST_F(ConnReadTest, ReadExactTakesBytesAcrossPieces) {
    send("12345\r\nabc");
    EXPECT_EQ(run(ends.server.read_exact(7, later())).value(), "12345\r\n");
    auto out = begin(ends.server.read_exact(5, later()));
    EXPECT_FALSE(out->has_value());
    send("defg");
    turn(3);
    EXPECT_EQ(out->value().value(), "abcde");
    EXPECT_EQ(ends.server.buffered(), "fg");
    EXPECT_EQ(run(ends.server.read_exact(0, later())).value(), "");
}

TEST_F(ConnReadTest, FillStreamsAndSeesWhatCameInTheMeantime) {
    send("abc");
    EXPECT_TRUE(run(ends.server.fill(later())));
    EXPECT_EQ(ends.server.buffered(), "abc");
    ends.server.consume(1);
    send("def");
    turn(3);  // read ahead, although nobody waited
    EXPECT_TRUE(run(ends.server.fill(later())));
    EXPECT_EQ(ends.server.buffered(), "bcdef");
    ends.server.consume(100);
    EXPECT_EQ(ends.server.buffered(), "");
}

TEST_F(ConnReadTest, DeadlineLeavesTheConnectionWhole) {
    auto late = run(ends.server.read_line(kLine, soon()));
    ASSERT_FALSE(late);
    EXPECT_TRUE(is_timeout(late.error()));
    send("QUIT\r\n");
    EXPECT_EQ(line().value(), "QUIT");
    // A later deadline after an earlier one, and the other way round: one timer serves both.
    auto far = begin(ends.server.read_line(kLine, later()));
    send("x\r\n");
    turn(3);
    EXPECT_TRUE(far->has_value());
    EXPECT_TRUE(is_timeout(run(ends.server.read_line(kLine, soon())).error()));
}

TEST_F(ConnReadTest, EofGivesWhatCameAndThenClosed) {
    send("last\r\npart");
    ends.client.abort();
    EXPECT_EQ(line().value(), "last");
    auto gone = line();
    EXPECT_EQ(gone.error().kind, Kind::closed);
    EXPECT_FALSE(is_timeout(gone.error()));
}

TEST_F(ConnReadTest, ReadAheadIsBoundedWhileNobodyReads) {
    send("x");
    EXPECT_TRUE(run(ends.server.fill(later())));
    ends.client.put(std::string(8 * 1024 * 1024, 'y'));
    auto sent = begin(ends.client.flush());
    turn(200);
    EXPECT_FALSE(sent->has_value());
    EXPECT_LE(ends.server.buffered().size(), 2 * kReadAheadMax);
    // A reader gets all of it.
    EXPECT_TRUE(run(ends.server.read_exact(8 * 1024 * 1024 + 1, later())));
    turn(3);
    EXPECT_TRUE(sent->has_value());
}

TEST_F(ConnReadTest, FillFailsWhenNothingIsConsumed) {
    ends.client.put(std::string(4 * 1024 * 1024, 'y'));
    auto sent = begin(ends.client.flush());
    Result<void> filled;
    for (int i = 0; i < 1000 && filled; ++i) {
        (void)ends.server.buffered();
        filled = run(ends.server.fill(later()));
    }
    EXPECT_EQ(filled.error().kind, Kind::too_big);
}

TEST_F(ConnReadTest, WaitReadableOr) {
    Event event;
    EXPECT_EQ(run(ends.server.wait_readable_or(event, soon())).value(), Wake::deadline);
    auto notified = begin(ends.server.wait_readable_or(event, later()));
    event.notify();
    EXPECT_EQ(notified->value().value(), Wake::notified);
    auto readable = begin(ends.server.wait_readable_or(event, later()));
    send("DONE\r\n");
    turn(3);
    EXPECT_EQ(readable->value().value(), Wake::readable);
    EXPECT_FALSE(event.has_waiters());
    EXPECT_EQ(run(ends.server.wait_readable_or(event, soon())).value(), Wake::readable);
    EXPECT_EQ(line().value(), "DONE");
    auto closed = begin(ends.server.wait_readable_or(event, later()));
    ends.client.abort();
    turn(3);
    EXPECT_EQ(closed->value().error().kind, Kind::closed);
}

TEST_F(ConnReadTest, ProxyHeaderReplacesTheAddresses) {
    send("PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\nEHLO x\r\n");
    EXPECT_TRUE(run(ends.server.read_proxy_header(later())));
    EXPECT_EQ(ends.server.peer().to_string(), "192.0.2.1:12345");
    EXPECT_EQ(ends.server.local().port, 25);
    EXPECT_EQ(line().value(), "EHLO x");
    EXPECT_EQ(run(ends.client.read_proxy_header(soon())).error().kind, Kind::busy);
    send("EHLO y\r\n");
    EXPECT_EQ(run(ends.server.read_proxy_header(later())).error().kind, Kind::invalid);
}

}  // namespace
}  // namespace tayori::net

// What a peer that speaks no gRPC, or stops in the middle, makes of a call. Everything else is in spool_test.cc, over real
// connections.
#include "common/rpc/grpc_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tayori::rpc::detail {
namespace {

struct Side {
    std::string wire;
    std::vector<std::string> messages;
    GrpcStream stream{"/tayori.test/Call", false,
                      {[this](std::string_view bytes) { wire += bytes; },
                       [this](std::string_view message) {
                           messages.emplace_back(message);
                           return message != "unreadable";
                       }}};
    Side() { stream.flush(); }
};

std::string frame(char type, char flags, char stream, const std::string& payload) {
    const auto size = payload.size();
    std::string out{static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size), type, flags, 0, 0, 0, stream};
    return out + payload;
}
// Settings, then ":status: 200" and "content-type: application/grpc" as literals without indexing (RFC 7541 §6.2.2).
std::string answer_begins() {
    const std::string fields = std::string("\x88\x00", 2) + "\x0c" "content-type" "\x10" "application/grpc";
    return frame(4, 0, 0, "") + frame(1, 4, 1, fields);
}
std::string message(const std::string& text) {
    return std::string(4, '\0') + static_cast<char>(text.size()) + text;
}

TEST(GrpcStreamTest, ARequestLeavesWithItsMessage) {
    Side side;
    side.stream.send(std::string(kGrpcPrefixBytes, 'x') + "hello");
    side.stream.flush();
    EXPECT_EQ(side.wire.substr(0, 24), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    EXPECT_TRUE(side.wire.ends_with(message("hello")));
    EXPECT_EQ(side.stream.queued(), 0U);
    EXPECT_FALSE(side.stream.end());
}

TEST(GrpcStreamTest, MessagesComeWholeHoweverTheyAreCut) {
    const auto bytes = answer_begins() + frame(0, 0, 1, message("one") + message("two").substr(0, 3)) +
                       frame(0, 0, 1, message("two").substr(3) + message(""));
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        Side side;
        for (std::size_t at = 0; at < bytes.size(); at += step)
            ASSERT_TRUE(side.stream.feed(std::string_view(bytes).substr(at, step)));
        ASSERT_EQ(side.messages, (std::vector<std::string>{"one", "two", ""})) << step;
    }
}

TEST(GrpcStreamTest, TrailersSayWhyACallHasEnded) {
    Side side;
    const std::string trailers = std::string("\x00\x0b", 2) + "grpc-status" "\x02" "14" + std::string("\x00\x0c", 2) +
                                 "grpc-message" "\x0a" "going%20on";
    EXPECT_FALSE(side.stream.feed(answer_begins() + frame(1, 5, 1, trailers)));
    ASSERT_TRUE(side.stream.end());
    EXPECT_EQ(side.stream.end()->code, GrpcCode::unavailable);
    EXPECT_EQ(side.stream.end()->message, "going on");
}

TEST(GrpcStreamTest, WhatIsNoGrpcEndsTheCallAsUnavailable) {
    const std::string too_long = std::string("\0\x7f\xff\xff\xff", 5);
    for (const auto& bytes : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(100, '\xff'),
                              answer_begins() + frame(0, 0, 1, too_long), answer_begins() + frame(0, 0, 1, message("unreadable")),
                              answer_begins() + frame(0, 0, 1, "\x01" + message("compressed").substr(1)),
                              answer_begins() + frame(3, 0, 1, std::string("\0\0\0\x02", 4)), answer_begins() + frame(0, 1, 1, "")}) {
        Side side;
        EXPECT_FALSE(side.stream.feed(bytes)) << ::testing::PrintToString(bytes);
        ASSERT_TRUE(side.stream.end());
        EXPECT_EQ(side.stream.end()->code, GrpcCode::unavailable);
        EXPECT_FALSE(side.stream.end()->message.empty());
        EXPECT_FALSE(side.stream.feed(answer_begins()));
    }
}

TEST(GrpcStreamTest, APingIsOneFrame) {
    Side side;
    const auto before = side.wire.size();
    side.stream.ping();
    side.stream.flush();
    constexpr std::size_t kPingFrameBytes = 17;
    EXPECT_EQ(side.wire.size() - before, kPingFrameBytes);
}

}  // namespace
}  // namespace tayori::rpc::detail

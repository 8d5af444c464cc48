#include "common/mail/header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/mail/received.h"

namespace tayori::mail {
namespace {

TEST(Header, Fields) {
    const std::string header =
        "From: a\r\nSubject: one\r\n two\r\n\tthree\r\nX-Empty:\r\nOdd : b\r\n\r\nBody: c\r\n";
    Fields fields(header);
    auto f = fields.next();
    EXPECT_EQ(f->name, "From");
    EXPECT_EQ(f->value, " a");
    EXPECT_EQ(f->raw, "From: a\r\n");
    f = fields.next();
    EXPECT_EQ(f->name, "Subject");
    EXPECT_EQ(f->value, " one\r\n two\r\n\tthree");
    EXPECT_EQ(unfold(f->value), "one two\tthree");
    f = fields.next();
    EXPECT_EQ(f->name, "X-Empty");
    EXPECT_EQ(f->value, "");
    EXPECT_EQ(fields.next()->name, "Odd");
    EXPECT_FALSE(fields.next());
    EXPECT_FALSE(fields.next());
}

TEST(Header, BareLineEndsAndNul) {
    const std::string header("A: 1\nB: x\0y\n z\n\nbody", 21);
    EXPECT_EQ(unfold(*find_field(header, "a")), "1");
    EXPECT_EQ(unfold(*find_field(header, "b")), "xy z");
    EXPECT_FALSE(find_field(header, "body"));
    EXPECT_EQ(unfold("a\rb\r\n\r\n c"), "a b c");
    EXPECT_EQ(unfold("\r\n a \r\n"), "a");
}

TEST(Header, WhereItEnds) {
    const auto bytes = [](std::string_view m) { return header_bytes(m); };
    EXPECT_EQ(bytes("A: 1\r\n\r\nbody"), 8u);
    EXPECT_EQ(bytes("A: 1\n\nbody"), 6u);
    EXPECT_EQ(bytes("A: 1\r\n"), 6u);
    EXPECT_EQ(bytes("\r\nbody"), 2u);
    EXPECT_EQ(bytes(""), 0u);
    EXPECT_EQ(bytes("hello\r\nthere\r\n"), 0u);
    EXPECT_EQ(bytes("From a@b Mon\r\nA: 1\r\n\r\nbody"), 22u);
    EXPECT_EQ(bytes("A: 1\r\nThe text\r\nwithout blank\r\n"), 6u);  // the blank line is missing
    EXPECT_EQ(bytes("A: 1\r\nwrapped\r\nB: 2\r\n\r\nbody"), 23u);  // a wrapped line without a space
    EXPECT_EQ(bytes("A: 1\r\nlast\r\n\r\nbody"), 6u);              // rather shown than hidden
    EXPECT_EQ(bytes("A: 1\r\n--b\r\nB: 2\r\n\r\nbody"), 6u);
    EXPECT_EQ(bytes("A: 1\r\n \r\n\r\nbody"), 11u);
}

TEST(Header, ChosenFieldsAreVerbatim) {
    const std::string prefix = "Delivered-To: x\r\n";
    const std::string header = "From: a\r\nSubject: one\r\n two\r\nfrom: b\r\nX: y\r\n\r\n";
    EXPECT_EQ(choose_fields(prefix, header, std::vector<std::string>{"FROM", "delivered-to"},
                            FieldChoice::only),
              "Delivered-To: x\r\nFrom: a\r\nfrom: b\r\n\r\n");
    EXPECT_EQ(
        choose_fields(prefix, header, std::vector<std::string>{"From", "x"}, FieldChoice::all_but),
        "Delivered-To: x\r\nSubject: one\r\n two\r\n\r\n");
    EXPECT_EQ(choose_fields("", header, std::vector<std::string>{"none"}, FieldChoice::only),
              "\r\n");
    EXPECT_EQ(choose_fields("", "A: 1", std::vector<std::string>{"a"}, FieldChoice::only),
              "A: 1\r\n\r\n");
}

TEST(Received, Counts) {
    EXPECT_EQ(
        count_received("Received: a\r\nX: Received:\r\nRECEIVED: b\r\n c\r\n\r\nReceived: d\r\n"),
        2u);
}

TEST(Received, Line) {
    Received r;
    r.helo = "client(evil)\r\nX: y";
    r.peer_name = "host.example";
    r.peer_address = "2001:db8::1";
    r.by = "mx.example.test";
    r.with = "ESMTPS";
    r.tls = "TLS1.3 TLS_AES_256_GCM_SHA384";
    r.id = "abc";
    r.for_path = "anna@example.test";
    r.date = {837596665, -420};
    EXPECT_EQ(received_field(r),
              "Received: from client?evil???X:?y (host.example [IPv6:2001:db8::1])\r\n"
              "\tby mx.example.test with ESMTPS (TLS1.3 TLS_AES_256_GCM_SHA384) id abc\r\n"
              "\tfor <anna@example.test>;\r\n"
              "\tWed, 17 Jul 1996 02:44:25 -0700\r\n");
}

TEST(Received, MissingFields) {
    EXPECT_EQ(missing_submission_fields("Date: x\r\n\r\n", {0, 0}, "u1", "e.test"),
              "Message-ID: <u1@e.test>\r\n");
    EXPECT_EQ(missing_submission_fields("message-id: <x>\r\n\r\n", {0, 540}, "u1", "e.test"),
              "Date: Thu, 1 Jan 1970 09:00:00 +0900\r\n");
}

}  // namespace
}  // namespace tayori::mail

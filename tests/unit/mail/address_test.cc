#include "common/mail/address.h"

#include <gtest/gtest.h>

#include <string>

namespace tayori::mail {
namespace {

std::string shown(const Result<Address>& a) {
    if (!a) return a.error().kind == Kind::unsupported ? "utf8" : "bad";
    return to_text(*a);
}
std::string forward(std::string_view text, Utf8 utf8 = Utf8::refused) {
    return shown(parse_forward_path(text, utf8));
}
std::string reverse(std::string_view text) {
    return shown(parse_reverse_path(text, Utf8::refused));
}

TEST(SmtpPath, WhatTheRfcAllows) {
    EXPECT_EQ(forward("<anna@example.test>"), "anna@example.test");
    EXPECT_EQ(forward("<Anna.Smith+tag@Example.TEST>"), "Anna.Smith+tag@Example.TEST");
    EXPECT_EQ(forward("<\"anna smith\"@example.test>"), "\"anna smith\"@example.test");
    EXPECT_EQ(forward("<\"anna\"@example.test>"), "anna@example.test");
    EXPECT_EQ(forward("<\"a\\\"b\\\\c\"@example.test>"), "\"a\\\"b\\\\c\"@example.test");
    EXPECT_EQ(forward("<@a.test,@b.test:anna@example.test>"), "anna@example.test");
    EXPECT_EQ(forward("<anna@[192.0.2.1]>"), "anna@[192.0.2.1]");
    EXPECT_EQ(forward("<anna@[IPv6:2001:db8::1]>"), "anna@[IPv6:2001:db8::1]");
    EXPECT_EQ(forward("<postmaster>"), "postmaster");
    EXPECT_EQ(forward("<PostMaster>"), "PostMaster");
    EXPECT_EQ(reverse("<>"), "");
    EXPECT_EQ(forward("<a..b.@docomo.test>"), "a..b.@docomo.test");
    EXPECT_EQ(forward("<!#$%&'*+-/=?^_`{|}~@example.test>"), "!#$%&'*+-/=?^_`{|}~@example.test");
}

TEST(SmtpPath, WhatItDoesNot) {
    for (const char* text : {"",
                             "anna@example.test",
                             "<anna@example.test",
                             "< anna@example.test>",
                             "<anna@>",
                             "<@example.test>",
                             "<anna>",
                             "<anna@-x.test>",
                             "<anna@x-.test>",
                             "<anna@x..test>",
                             "<anna@.test>",
                             "<anna@test.>",
                             "<anna smith@x.test>",
                             "<\"anna@example.test>",
                             "<\"\"@example.test>",
                             "<a@b@c>",
                             "<anna@[1.2.3]>",
                             "<anna@[1.2.3.4>",
                             "<anna@[IPv6:zz]>",
                             "<anna@[x:y]>",
                             "<@a,:b@c.test>",
                             "<@a b@c.test>",
                             "<a\rb@c.test>",
                             "<\"a\nb\"@c.test>",
                             "<an(n)a@x.test>",
                             "<>",
                             "<anna@exa mple.test>",
                             "<anna@x.test(c)>"})
        EXPECT_EQ(forward(text), "bad") << text;
    EXPECT_EQ(reverse("<postmaster>"), "bad");
    EXPECT_EQ(forward(std::string("<a\0b@c.test>", 12)), "bad");
    EXPECT_EQ(forward(std::string("<a@[IPv6:::1\0]>", 15)), "bad");
}

TEST(SmtpPath, LeavesTheParameters) {
    std::string_view rest = "<anna@example.test> SIZE=1000";
    EXPECT_TRUE(parse_reverse_path(rest, Utf8::refused));
    EXPECT_EQ(rest, " SIZE=1000");
    rest = "<> BODY=8BITMIME";
    EXPECT_TRUE(parse_reverse_path(rest, Utf8::refused));
    EXPECT_EQ(rest, " BODY=8BITMIME");
}

TEST(SmtpPath, Limits) {
    const std::string local64(64, 'a'), label(63, 'd');
    const std::string domain255 = label + '.' + label + '.' + label + '.' + label;
    EXPECT_EQ(forward("<" + local64 + "@x.test>"), local64 + "@x.test");
    EXPECT_EQ(forward("<a" + local64 + "@x.test>"), "bad");
    EXPECT_EQ(forward("<a@" + domain255 + ">"), "a@" + domain255);
    EXPECT_EQ(forward("<a@" + domain255 + "d>"), "bad");
    EXPECT_EQ(forward("<a@d" + label + ".test>"), "bad");
}

TEST(SmtpPath, Utf8OnlyWithSmtputf8) {
    EXPECT_EQ(forward("<花子@例え.テスト>"), "utf8");
    EXPECT_EQ(forward("<花子@例え.テスト>", Utf8::allowed), "花子@例え.テスト");
    EXPECT_EQ(forward("<\xff@example.test>", Utf8::allowed), "bad");
    // A character must not reach over the "@".
    EXPECT_EQ(forward("<\xe4\xbe@\x8b.test>", Utf8::allowed), "bad");
    EXPECT_EQ(forward("<\"花 子\"@example.test>", Utf8::allowed), "\"花 子\"@example.test");
}

TEST(Address, LookupKey) {
    const auto key = lookup_key({"Anna+Lists", "Example.TEST"});
    ASSERT_TRUE(key);
    EXPECT_EQ(key->local, "anna+lists");
    EXPECT_EQ(key->base, "anna");
    EXPECT_EQ(key->tag, "lists");
    EXPECT_EQ(key->domain, "example.test");
    EXPECT_EQ(lookup_key({"+x", "e.test"})->base, "+x");
    EXPECT_EQ(lookup_key({"x", "e.test"})->base, "x");
    EXPECT_EQ(lookup_key({"か\xe3\x82\x99", "e.test"})->local, "が");  // NFC
    EXPECT_EQ(lookup_key({"ÄNNA", "e.test"})->local, "änna");
}

TEST(Address, Domains) {
    EXPECT_EQ(*normalize_domain("xn--r8jz45g.xn--zckzah"), "例え.テスト");
    EXPECT_EQ(*normalize_domain("例え。テスト"), "例え.テスト");
    EXPECT_EQ(*ascii_domain("例え.テスト"), "xn--r8jz45g.xn--zckzah");
    EXPECT_EQ(*normalize_domain("BÜCHER.test."), "bücher.test");
    EXPECT_EQ(*normalize_domain("[IPv6:2001:DB8::1]"), "[ipv6:2001:db8::1]");
    EXPECT_FALSE(normalize_domain("xn--\x80"));
    EXPECT_FALSE(normalize_domain("xn--a-ecp.test"));
}

TEST(Address, Bare) {
    EXPECT_EQ(shown(parse_address("anna@example.test")), "anna@example.test");
    EXPECT_EQ(shown(parse_address("anna")), "bad");
    EXPECT_EQ(shown(parse_address("anna@example.test ")), "bad");
    EXPECT_EQ(shown(parse_address("<anna@example.test>")), "bad");
}

// name|route|local|domain; groups as name:…;
std::string listed(std::string_view value) {
    std::string out;
    for (const auto& a : parse_address_list(value)) {
        if (!out.empty()) out += " / ";
        if (a.type == ListedAddress::Type::group_start)
            out += a.name + ":";
        else if (a.type == ListedAddress::Type::group_end)
            out += ";";
        else
            out += a.name + "|" + a.route + "|" + a.local + "|" + a.domain;
    }
    return out;
}

TEST(AddressList, WellFormed) {
    EXPECT_EQ(listed("anna@example.test"), "||anna|example.test");
    EXPECT_EQ(listed("Anna Smith <anna@example.test>"), "Anna Smith||anna|example.test");
    EXPECT_EQ(listed("\"Smith, Anna\" <anna@example.test>, bob@x.test"),
              "Smith, Anna||anna|example.test / ||bob|x.test");
    EXPECT_EQ(listed("anna@example.test (Anna Smith)"), "Anna Smith||anna|example.test");
    EXPECT_EQ(listed("<anna@example.test>"), "||anna|example.test");
    EXPECT_EQ(listed("A \"B\\\"C\" D <a@b>"), "A B\"C D||a|b");
    EXPECT_EQ(listed("\"joe bloggs\"@x.test"), "||joe bloggs|x.test");
    EXPECT_EQ(listed("a@[192.0.2.1]"), "||a|[192.0.2.1]");
    EXPECT_EQ(listed("=?ISO-2022-JP?B?GyRCO0NFRBsoQg==?= <y@x.test>"),
              "=?ISO-2022-JP?B?GyRCO0NFRBsoQg==?=||y|x.test");
    EXPECT_EQ(listed(""), "");
    EXPECT_EQ(listed(" , ,"), "");
}

TEST(AddressList, ExamplesOfRfc5322) {
    // Appendix A.1.3, A.5, A.6.
    EXPECT_EQ(listed("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
              "A Group: / Ed Jones||c|a.test / ||joe|where.test / John||jdoe|one.test / ;");
    EXPECT_EQ(listed("Undisclosed recipients:;"), "Undisclosed recipients: / ;");
    EXPECT_EQ(listed("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
              "Pete||pete|silly.test");
    EXPECT_EQ(
        listed("A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
               "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of "
               "the group)"),
        "A Group: / Chris Jones||c|public.example / ||joe|example.org / John||jdoe|one.test / ;");
    EXPECT_EQ(listed("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example"),
              "Mary Smith|@node.test|mary|example.net / ||jdoe|test.example");
    EXPECT_EQ(listed("Joe Q. Public <john.q.public@example.com>"),
              "Joe Q. Public||john.q.public|example.com");
    EXPECT_EQ(listed("John . Smith @ x . test"), "||John.Smith|x.test");
}

TEST(AddressList, Broken) {
    EXPECT_EQ(listed("postmaster"), "||postmaster|");
    EXPECT_EQ(listed("Some people here"), "Some people here|||");
    EXPECT_EQ(listed("Foo <foo@x.test"), "Foo||foo|x.test");
    EXPECT_EQ(listed("\"Foo <foo@x.test>"), "\"Foo||foo|x.test");
    EXPECT_EQ(listed("Foo (bar <foo@x.test>"), "Foo (bar||foo|x.test");
    EXPECT_EQ(listed("a@x.test; b@x.test"), "||a|x.test / ||b|x.test");
    EXPECT_EQ(listed("a@x.test <b@y.test>"), "a@x.test||b|y.test");
    EXPECT_EQ(listed("Anna anna@x.test"), "Anna||anna|x.test");
    EXPECT_EQ(listed("<a@b@c.test>"), "||a@b|c.test");
    EXPECT_EQ(listed("<>"), "|||");
    EXPECT_EQ(listed("Anna <anna>"), "Anna||anna|");
    EXPECT_EQ(listed("<a@b.test> <c@d.test>"), "||a|b.test / ||c|d.test");
    EXPECT_EQ(listed("group: a@b.test"), "group: / ||a|b.test / ;");
    EXPECT_EQ(listed("@@@"), "||@|@");
}

TEST(AddressList, StaysCheap) {
    EXPECT_EQ(parse_address_list(std::string(60'000, ',')).size(), 0u);
    for (const char* piece : {"(", "\"", "<", "[", "@", "a@[", ":", ";", "<@", "a b ", "\\"}) {
        std::string text;
        while (text.size() < 60'000) text += piece;
        EXPECT_LE(parse_address_list(text).size(), 2003u) << piece;
    }
    std::string many;
    for (int i = 0; i < 5000; ++i) many += "a@b,";
    EXPECT_EQ(parse_address_list(many).size(), 1000u);
}

}  // namespace
}  // namespace tayori::mail

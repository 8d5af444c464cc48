#include "common/net/address.h"

#include <gmock/gmock.h>

namespace tayori::net {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, ParsesAndPrints) {
    for (const char* good : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::1", "::"}) EXPECT_EQ(ip(good).to_string(), good);
    EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
    for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", "::1%lo", "localhost", "1.2.3.4 ",
                            "0123456789012345678901234567890123456789012345678901234567890"})
        EXPECT_FALSE(IpAddress::parse(bad)) << bad;
    EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, Site) {
    EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6").site(), ip("2001:db8:1:2::"));
    EXPECT_EQ(ip("192.0.2.77").site(), ip("192.0.2.77"));
    EXPECT_TRUE(ip("127.9.9.9").is_loopback());
    EXPECT_TRUE(ip("::1").is_loopback());
    EXPECT_FALSE(ip("::2").is_loopback());
}

TEST(Endpoint, ParsesAndPrints) {
    for (const char* good : {"192.0.2.1:25", "[2001:db8::1]:65535", "unix:/run/x", "0.0.0.0:0"})
        EXPECT_EQ(Endpoint::parse(good).value().to_string(), good);
    for (const char* bad : {"", ":25", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "2001:db8::1:25", "[1.2.3.4]:5",
                            "unix:", "host:25", "1.2.3.4:+5"})
        EXPECT_FALSE(Endpoint::parse(bad)) << bad;
}

TEST(Networks, Contains) {
    auto nets = Networks::parse("127.0.0.0/8, ::1 10.1.2.3,2001:db8::/33  192.168.0.0/23").value();
    for (const char* in : {"127.255.0.1", "::1", "10.1.2.3", "2001:db8:7fff::1", "192.168.1.255", "::ffff:127.0.0.1"})
        EXPECT_TRUE(nets.contains(ip(in))) << in;
    for (const char* out : {"128.0.0.1", "::2", "10.1.2.4", "2001:db8:8000::1", "192.168.2.0"})
        EXPECT_FALSE(nets.contains(ip(out))) << out;
    EXPECT_TRUE(Networks::parse("0.0.0.0/0").value().contains(ip("8.8.8.8")));
    EXPECT_FALSE(Networks::parse("0.0.0.0/0").value().contains(ip("2001:db8::1")));
    EXPECT_FALSE(Networks::parse("::/0").value().contains(ip("8.8.8.8")));
    EXPECT_TRUE(Networks::parse("::/0").value().contains(ip("2001:db8::1")));
    EXPECT_TRUE(Networks::parse("::ffff:10.0.0.0/104").value().contains(ip("10.9.9.9")));
    EXPECT_TRUE(Networks::parse("").value().empty());
}

TEST(Networks, RefusesWithTheItem) {
    for (const char* bad : {"10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "host", "1.2.3.4/-1"}) {
        auto nets = Networks::parse(bad);
        ASSERT_FALSE(nets) << bad;
        EXPECT_THAT(nets.error().text, testing::HasSubstr(bad));
    }
}

}  // namespace
}  // namespace tayori::net

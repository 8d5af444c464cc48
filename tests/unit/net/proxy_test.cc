#include "common/net/proxy.h"

#include <gmock/gmock.h>

#include "common/base/text.h"

namespace tayori::net {
namespace {

std::string v2(std::string_view head, std::string_view body) {
    std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
    out.append(head);
    out.push_back(static_cast<char>(body.size() >> 8));
    out.push_back(static_cast<char>(body.size() & 0xff));
    out.append(body);
    return out;
}
const std::string kV4Body("\xc0\x00\x02\x01\xc6\x33\x64\x02\x30\x39\x00\x19", 12);

TEST(Proxy, Version1) {
    struct Case {
        const char* text;
        const char* source;  // "" no address, null: refused
    };
    for (const auto& c : {
             Case{"PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\n", "192.0.2.1:12345"},
             Case{"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", "[2001:db8::1]:1"},
             Case{"PROXY UNKNOWN\r\n", ""},
             Case{"PROXY UNKNOWN anything at all\r\n", ""},
             Case{"PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\n", nullptr},
             Case{"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", nullptr},
             Case{"PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n", nullptr},
             Case{"PROXY TCP4 192.0.2.1 198.51.100.2 65536 25\r\n", nullptr},
             Case{"PROXY TCP4 192.0.2.1 198.51.100.2 012 25\r\n", nullptr},
             Case{"PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n", nullptr},
             Case{"PROXY TCP4 192.0.2.1  198.51.100.2 1 2\r\n", nullptr},
             Case{"PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", nullptr},
             Case{"PROXY TCP4\r\n", nullptr},
             Case{"PROXY \r\n", nullptr},
             Case{"PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n", nullptr},
             Case{"EHLO x\r\n", nullptr},
             Case{"\r\n", nullptr},
             Case{"\n", nullptr},
         }) {
        auto header = parse_proxy(cat(c.text, "EHLO"));
        ASSERT_EQ(header.has_value(), c.source != nullptr) << c.text;
        if (!header) continue;
        ASSERT_TRUE(header->has_value());
        EXPECT_EQ((*header)->bytes, std::string_view(c.text).size());
        std::string source;
        if ((*header)->source) source = (*header)->source->to_string();
        EXPECT_EQ(source, c.source);
    }
    EXPECT_FALSE(parse_proxy(std::string("PROXY UNKNOWN ") + std::string(200, 'x') + "\r\n"));
}

TEST(Proxy, Version2) {
    auto header = parse_proxy(v2("\x21\x11", kV4Body) + "rest").value().value();
    EXPECT_EQ(header.source->to_string(), "192.0.2.1:12345");
    EXPECT_EQ(header.destination->to_string(), "198.51.100.2:25");
    EXPECT_EQ(header.bytes, 28u);
    // With TLVs behind the addresses.
    EXPECT_EQ(parse_proxy(v2("\x21\x11", kV4Body + std::string("\x04\x00\x01x", 4))).value()->bytes, 32u);
    std::string six(32, '\0');
    six[0] = 0x20;
    six[15] = 1;
    EXPECT_EQ(parse_proxy(v2("\x21\x21", six + std::string("\x00\x01\x00\x02", 4))).value()->source->to_string(), "[2000::1]:1");
    // LOCAL, unspecified and unix: no address.
    EXPECT_FALSE(parse_proxy(v2(std::string_view("\x20\x00", 2), "")).value()->source);
    EXPECT_FALSE(parse_proxy(v2("\x20\x11", kV4Body)).value()->source);
    EXPECT_FALSE(parse_proxy(v2(std::string_view("\x21\x00", 2), "")).value()->source);
    EXPECT_FALSE(parse_proxy(v2("\x21\x31", std::string(216, 'x'))).value()->source);
    // Wrong version, command, family, transport; addresses cut short; too long.
    for (std::string_view bad : {"\x11\x11", "\x22\x11", "\x21\x41", "\x21\x13"}) EXPECT_FALSE(parse_proxy(v2(bad, kV4Body)));
    EXPECT_FALSE(parse_proxy(v2("\x21\x11", kV4Body.substr(1))));
    EXPECT_FALSE(parse_proxy(v2("\x21\x21", kV4Body)));
    EXPECT_FALSE(parse_proxy(v2("\x21\x11", std::string(5000, 'x'))));
}

TEST(Proxy, EveryPrefixAsksForMore) {
    for (const auto& whole : {std::string("PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\n"), v2("\x21\x11", kV4Body)}) {
        for (std::size_t n = 0; n < whole.size(); ++n) {
            auto header = parse_proxy(std::string_view(whole).substr(0, n));
            ASSERT_TRUE(header) << n;
            EXPECT_FALSE(header->has_value()) << n;
        }
    }
}

}  // namespace
}  // namespace tayori::net

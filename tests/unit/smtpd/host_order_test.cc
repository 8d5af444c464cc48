#include "smtpd/outbound/host_order.h"

#include <gmock/gmock.h>

namespace tayori::smtp {
namespace {

using testing::ElementsAre;

net::IpAddress ip(std::string_view text) { return *net::IpAddress::parse(text); }

std::vector<std::string> names(const std::vector<MailHost>& hosts) {
    std::vector<std::string> out;
    for (const auto& host : hosts) out.push_back(host.name);
    return out;
}

// The second and the third change places.
std::size_t swapping(std::size_t below) { return below == 3 ? 1 : below - 1; }
// Always the last: no shuffle.
std::size_t last(std::size_t below) { return below - 1; }

TEST(HostOrder, ByPreferenceAndShuffledWithin) {
    std::vector<MailHost> hosts = {{"c", 20, {}, false}, {"a", 10, {}, false}, {"b", 10, {}, false}, {"d", 5, {}, false}};
    auto kept = hosts;
    order_hosts(kept, last);
    EXPECT_THAT(names(kept), ElementsAre("d", "a", "b", "c"));
    kept = hosts;
    order_hosts(kept, swapping);
    EXPECT_THAT(names(kept), ElementsAre("d", "b", "a", "c"));
}

TEST(HostOrder, NullMxIsTheOnlyOne) {
    EXPECT_TRUE(is_null_mx({{"", 0, {}, false}}));
    EXPECT_FALSE(is_null_mx({{"", 0, {}, false}, {"a", 10, {}, false}}));
    EXPECT_FALSE(is_null_mx({}));
}

TEST(HostOrder, NothingGoesToOurselvesOrBehindUs) {
    const std::vector<net::IpAddress> own = {ip("192.0.2.1"), ip("2001:db8::1")};
    const std::vector<MailHost> hosts = {{"best", 5, {ip("192.0.2.9")}, false},
                                         {"other", 10, {ip("192.0.2.8")}, false},
                                         {"mx.ours.example", 10, {ip("192.0.2.7")}, false},
                                         {"worse", 20, {ip("192.0.2.6")}, false}};
    auto by_name = hosts;
    EXPECT_FALSE(drop_ourselves(by_name, "MX.ours.example", own));
    EXPECT_THAT(names(by_name), ElementsAre("best"));
    auto by_address = hosts;
    by_address[0].addresses.push_back(ip("2001:db8::1"));
    EXPECT_TRUE(drop_ourselves(by_address, "x", own));
    EXPECT_TRUE(by_address.empty());
    auto none = hosts;
    EXPECT_FALSE(drop_ourselves(none, "x", own));
    EXPECT_EQ(none.size(), 4u);
}

TEST(HostOrder, FamiliesTakeTurns) {
    const auto order = order_addresses({ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.3"), ip("2001:db8::1")}, last);
    EXPECT_THAT(order, ElementsAre(ip("2001:db8::1"), ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.3")));
}

TEST(HostOrder, NobodysAddressesAreNoTargets) {
    for (const auto* text : {"127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "169.254.1.1", "::", "::1", "fe80::1", "ff02::1"})
        EXPECT_FALSE(is_public_target(ip(text))) << text;
    for (const auto* text : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fd00::1"}) EXPECT_TRUE(is_public_target(ip(text))) << text;
}

TEST(HostOrder, AddressLiterals) {
    EXPECT_EQ(parse_literal("[192.0.2.1]").value(), ip("192.0.2.1"));
    EXPECT_EQ(parse_literal("[IPv6:2001:db8::1]").value(), ip("2001:db8::1"));
    for (const auto* text : {"", "[]", "[", "192.0.2.1", "[2001:db8::1]", "[IPv6:192.0.2.1]", "[x]", "[192.0.2.1"})
        EXPECT_FALSE(parse_literal(text)) << text;
}

}  // namespace
}  // namespace tayori::smtp

// Where a recipient's mail goes: rules of routes, what a route must be, and passwords that are sealed.
#include "spoold/queue/routes.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "harness.h"
#include "spoold/keys.h"

namespace tayori::spool {
namespace {

using testing::HasSubstr;

v1::Route relay(const std::string& host, std::uint32_t port = 25, const std::string& user = {}) {
    v1::Route route;
    route.set_kind(v1::Route::KIND_RELAY);
    route.set_host(host);
    route.set_port(port);
    route.set_user(user);
    return route;
}

TEST(RouteTableTest, TheNearestRuleCounts) {
    RouteTable table;
    EXPECT_EQ(table.way_to("a.test").destination, "a.test");
    EXPECT_EQ(table.way_to("a.test").route->kind(), v1::Route::KIND_MX);
    EXPECT_EQ(table.way_to("a.test").route->domain(), "a.test");
    table.set("*", relay("all.test"));
    table.set(".example.net", relay("below.test"));
    table.set(".deep.example.net", relay("deep.test"));
    table.set("example.net", relay("exact.test"));
    const std::pair<const char*, const char*> ways[] = {
        {"example.net", "relay:exact.test:25"},       {"a.example.net", "relay:below.test:25"},
        {"b.a.example.net", "relay:below.test:25"},   {"deep.example.net", "relay:below.test:25"},
        {"a.deep.example.net", "relay:deep.test:25"}, {"notexample.net", "relay:all.test:25"},
        {"net", "relay:all.test:25"},                 {"[192.0.2.1]", "relay:all.test:25"},
    };
    for (const auto& [domain, way] : ways) EXPECT_EQ(table.way_to(domain).destination, way) << domain;
}

TEST(RouteTableTest, ByMxEachDomainIsItsOwnDestination) {
    RouteTable table;
    v1::Route strict;
    strict.set_kind(v1::Route::KIND_MX);
    strict.set_tls(v1::Route::TLS_VERIFY);
    strict.set_mails_per_minute(10);
    table.set(".example.net", strict);
    const auto way = table.way_to("a.example.net");
    EXPECT_EQ(way.destination, "a.example.net");
    EXPECT_EQ(way.route->domain(), "a.example.net");
    EXPECT_EQ(way.route->tls(), v1::Route::TLS_VERIFY);
    EXPECT_EQ(way.route->mails_per_minute(), 10u);
}

TEST(RouteTableTest, DestinationsHaveNames) {
    v1::Route route;
    route.set_kind(v1::Route::KIND_LMTP);
    route.set_host("unix:/run/lmtp.sock");
    EXPECT_EQ(destination_of(route, "a.test"), "lmtp:unix:/run/lmtp.sock");
    EXPECT_EQ(destination_of(relay("r.test", 587, "me"), "a.test"), "relay:me@r.test:587");
    route.set_kind(v1::Route::KIND_REFUSE);
    EXPECT_EQ(destination_of(route, ".a.test"), "refuse:.a.test");
}

TEST(RouteTest, WhatIsMissingIsFilledIn) {
    auto plain = relay("r.test", 0);
    EXPECT_TRUE(complete_route(plain));
    EXPECT_EQ(plain.port(), 25u);
    EXPECT_EQ(plain.tls(), v1::Route::TLS_MAY);
    auto login = relay("r.test", 0, "me");
    EXPECT_TRUE(complete_route(login));
    EXPECT_EQ(login.port(), 587u);
    EXPECT_EQ(login.tls(), v1::Route::TLS_VERIFY);
    login = relay("r.test", 0, "me");
    login.set_tls(v1::Route::TLS_IMPLICIT);
    EXPECT_TRUE(complete_route(login));
    EXPECT_EQ(login.port(), 465u);
}

TEST(RouteTest, WrongOnesAreToldWhy) {
    auto route = relay("");
    EXPECT_FALSE(complete_route(route));
    route = relay("unix:/x");
    EXPECT_FALSE(complete_route(route));
    route = relay("r.test", 70'000);
    EXPECT_FALSE(complete_route(route));
    route = relay("r\r\n.test");
    EXPECT_FALSE(complete_route(route));
    route = relay("r.test");
    route.set_password("secret");
    EXPECT_FALSE(complete_route(route));
    route = v1::Route();
    EXPECT_FALSE(complete_route(route));
    route.set_kind(v1::Route::KIND_LOCAL);
    EXPECT_FALSE(complete_route(route));
    route.set_kind(v1::Route::KIND_MX);
    route.set_host("r.test");
    EXPECT_FALSE(complete_route(route));
}

TEST(RouteTest, DomainsAreNormalised) {
    EXPECT_EQ(route_domain("Example.NET").value(), "example.net");
    EXPECT_EQ(route_domain(".Example.NET").value(), ".example.net");
    EXPECT_EQ(route_domain("*").value(), "*");
    EXPECT_EQ(route_domain("xn--eckwd4c7c.test").value(), "ドメイン.test");
    for (const auto* wrong : {"", ".", "a b", "me@a.test"}) EXPECT_FALSE(route_domain(wrong)) << wrong;
    EXPECT_EQ(domain_of_address("Anna@Example.NET"), "example.net");
    EXPECT_EQ(domain_of_address("\"a@b\"@example.net"), "example.net");
    EXPECT_EQ(domain_of_address("a@[192.0.2.1]"), "[192.0.2.1]");
}

class RoutesTest : public testing::Test {
  protected:
    Result<v1::RouteEntry> set(const std::string& domain, const v1::Route& route) {
        v1::SetRouteRequest request;
        request.set_domain(domain);
        *request.mutable_route() = route;
        auto promise = std::make_shared<std::promise<Result<v1::RouteEntry>>>();
        routes.set(request, [promise](Result<v1::RouteEntry> entry) { promise->set_value(std::move(entry)); });
        return promise->get_future().get();
    }
    std::string key_file() { return spool.directory.path + "/secrets.key"; }

    Spool spool;
    crypto::Sealer sealer{key_file()};
    Routes routes{*spool.store, sealer, [](const std::string& domain) -> Result<bool> { return domain == "ours.test"; }};
};

TEST_F(RoutesTest, OurOwnDomainsAreLocal) {
    ASSERT_TRUE(set("*", relay("r.test")));
    EXPECT_EQ(routes.way_to("anna@OURS.test")->destination, "local");
    EXPECT_EQ(routes.way_to("anna@elsewhere.test")->destination, "relay:r.test:25");
}

TEST_F(RoutesTest, PasswordsAreSealedAndOnlyCarriersSeeThem) {
    auto route = relay("r.test", 587, "me");
    route.set_password("a secret of theirs");
    const auto entry = set("a.test", route);
    ASSERT_TRUE(entry);
    EXPECT_TRUE(entry->has_password());
    EXPECT_EQ(entry->route().password(), "");
    EXPECT_EQ(routes.list()->routes(0).route().password(), "");
    EXPECT_EQ(routes.way_to("x@a.test")->route->password(), "a secret of theirs");
    const auto stored = spool.store->get(keys::route("a.test")).value().value();
    EXPECT_THAT(stored, testing::Not(HasSubstr("secret of")));
    struct stat info {};
    ASSERT_EQ(::stat(key_file().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    // Who changes a limit does not have to know it; another user's is another.
    route.clear_password();
    route.set_connections_max(3);
    ASSERT_TRUE(set("a.test", route));
    EXPECT_EQ(routes.way_to("x@a.test")->route->password(), "a secret of theirs");
    route.set_user("you");
    ASSERT_TRUE(set("a.test", route));
    EXPECT_EQ(routes.way_to("x@a.test")->route->password(), "");
    // A sealed value put under another domain does not open there.
    EXPECT_FALSE(sealer.open(sealer.seal("x", "route a.test").value(), "route b.test"));
    EXPECT_EQ(sealer.open(sealer.seal("x", "route a.test").value(), "route a.test").value(), "x");
}

TEST_F(RoutesTest, DeletedOnesAreGoneAndTheRestIsLoadedAgain) {
    ASSERT_TRUE(set("a.test", relay("r.test")));
    ASSERT_TRUE(set(".b.test", relay("s.test")));
    int told = 0;
    routes.on_change([&told] { ++told; });
    auto promise = std::make_shared<std::promise<Result<v1::RouteList>>>();
    routes.remove("A.test", [promise](Result<v1::RouteList> list) { promise->set_value(std::move(list)); });
    const auto left = promise->get_future().get();
    ASSERT_TRUE(left);
    EXPECT_EQ(left->routes_size(), 1);
    EXPECT_EQ(told, 1);
    Routes again(*spool.store, sealer, [](const std::string&) -> Result<bool> { return false; });
    ASSERT_TRUE(again.load());
    EXPECT_EQ(again.way_to("x@y.b.test")->destination, "relay:s.test:25");
    EXPECT_EQ(again.way_to("x@a.test")->destination, "a.test");
}

}  // namespace
}  // namespace tayori::spool

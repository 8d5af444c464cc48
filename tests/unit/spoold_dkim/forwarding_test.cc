#include <gmock/gmock.h>

#include "common/base/text.h"
#include "site.h"

namespace tayori::spool::test {
namespace {

using testing::EndsWith;
using testing::StartsWith;

constexpr std::int64_t kDayMs = 86'400'000;

std::string led_back(const Site& site, const std::string& recipient) {
    const auto behind = site.forwarding->behind(recipient);
    if (!behind) return "none";
    return *behind ? **behind : std::string(to_string(behind->error().kind));
}

v1::SrsState rotated(Site& site) {
    return wait_for_answer<v1::SrsState>([&](auto done) { site.forwarding->rotate(done); }).value();
}

// What RCPT gets.
v1::Recipient resolved(const Site& site, const std::string& recipient) {
    v1::Resolve request;
    request.add_recipients(recipient);
    return site.directory->resolve(request, std::nullopt).value().recipients(0);
}

TEST(Forwarding, RewritesWhatIsNotOurs) {
    Site site;
    site.add_domain("our.test");
    site.add_domain("second.test");
    const auto path = site.forwarding->reverse_path("bob@example.org", "our.test");
    EXPECT_THAT(path, StartsWith("SRS0="));
    EXPECT_THAT(path, EndsWith("=example.org=bob@our.test"));
    EXPECT_EQ(led_back(site, path), "bob@example.org");
    EXPECT_EQ(led_back(site, to_lower(path)), "bob@example.org");
    for (const char* same : {"", "anna@our.test", "anna@OUR.test", "anna@second.test", "no address"})
        EXPECT_EQ(site.forwarding->reverse_path(same, "our.test"), same);
    EXPECT_EQ(site.forwarding->reverse_path(path, "second.test"), path);  // one of ours already
    EXPECT_EQ(site.forwarding->reverse_path("bob@example.org", "foreign.test"), "bob@example.org");
    const auto too_long = cat("\"", std::string(60, 'x'), "\"@", std::string(60, 'y'), ".", std::string(60, 'y'), ".", std::string(60, 'y'));
    EXPECT_EQ(site.forwarding->reverse_path(too_long, "our.test"), too_long);
}

TEST(Forwarding, RcptLeadsBackOrNowhere) {
    Site site;
    site.add_domain("our.test");
    const auto path = site.forwarding->reverse_path("bob@example.org", "our.test");
    const auto good = resolved(site, path);
    ASSERT_EQ(good.targets_size(), 1) << good.refused().text();
    EXPECT_EQ(good.targets(0).account_id(), 0u);
    EXPECT_EQ(good.targets(0).address(), "bob@example.org");
    EXPECT_FALSE(good.keep());
    // Never an open relay.
    EXPECT_EQ(resolved(site, "SRS0=AAAAAA=AA=example.org=bob@our.test").refused().kind(), v1::ERROR_KIND_NOT_FOUND);
    EXPECT_EQ(resolved(site, path.substr(0, path.find("=example.org")) + "=victim.test=bob@our.test").refused().kind(),
              v1::ERROR_KIND_NOT_FOUND);
    EXPECT_EQ(resolved(site, path.substr(0, path.rfind('@')) + "@foreign.test").refused().kind(), v1::ERROR_KIND_DENIED);
    site.clock.advance_ms(23 * kDayMs);
    EXPECT_EQ(resolved(site, path).refused().kind(), v1::ERROR_KIND_NOT_FOUND);
}

TEST(Forwarding, ADomainOfItsOwn) {
    Site site({"srs.our.test", 21, 90});
    site.add_domain("our.test");
    const auto path = site.forwarding->reverse_path("bob@example.org", "our.test");
    EXPECT_THAT(path, EndsWith("@srs.our.test"));
    EXPECT_EQ(resolved(site, path).targets(0).address(), "bob@example.org");
    EXPECT_EQ(resolved(site, "bob@srs.our.test").refused().kind(), v1::ERROR_KIND_DENIED);
    EXPECT_EQ(site.forwarding->reverse_path(path, "our.test"), path);
}

TEST(Forwarding, KeysRotateAndOldOnesStayForTheirTime) {
    Site site({"", 21, 90});
    site.add_domain("our.test");
    const auto state = site.forwarding->show();
    EXPECT_EQ(state.created_s_size(), 1);
    EXPECT_EQ(state.next_s(), site.clock.now_ms() / 1000 + 90 * 86'400);
    const auto path = site.forwarding->reverse_path("bob@example.org", "our.test");
    EXPECT_EQ(rotated(site).created_s_size(), 2);
    EXPECT_NE(site.forwarding->reverse_path("bob@example.org", "our.test"), path);
    EXPECT_EQ(led_back(site, path), "bob@example.org");
    site.reopen();  // durable
    EXPECT_EQ(led_back(site, path), "bob@example.org");
    EXPECT_EQ(site.forwarding->show().created_s_size(), 2);

    site.forwarding->tick();
    EXPECT_EQ(site.forwarding->show().created_s_size(), 2);  // it is not time yet
    site.clock.advance_ms(90 * kDayMs);
    site.forwarding->tick();
    EXPECT_EQ(site.forwarding->show().created_s_size(), 2);  // the oldest one's addresses are all too old
    for (int i = 0; i < 2 * kSrsKeysMax; ++i) rotated(site);
    EXPECT_EQ(site.forwarding->show().created_s_size(), kSrsKeysMax);
}

TEST(Forwarding, ByHandOnly) {
    Site site({"", 21, 0});
    EXPECT_EQ(site.forwarding->show().next_s(), 0);
    site.clock.advance_ms(1000 * kDayMs);
    site.forwarding->tick();
    EXPECT_EQ(site.forwarding->show().created_s_size(), 1);
}

}  // namespace
}  // namespace tayori::spool::test

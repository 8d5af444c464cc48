#include "common/mail/srs.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

constexpr std::int64_t kNow = 1'764'200'000;
constexpr std::int64_t kDay = 86'400;
const Srs kSrs({"key one"}, 21);

std::string forwarded(const Srs& srs, const Address& sender, std::int64_t now_s = kNow) {
    const auto out = srs.forward(sender, "our.test", now_s);
    return out ? to_text(*out) : out.error().text;
}

// The sender that an address leads back to, or the error's kind.
std::string back(const Srs& srs, std::string_view local, std::int64_t now_s = kNow) {
    const auto parts = parse_srs(local);
    if (!parts) return "none";
    const auto sender = srs.reverse(*parts, now_s);
    return sender ? to_text(*sender) : std::string(to_string(sender.error().kind));
}

std::string local_of(const Srs& srs, const Address& sender, std::int64_t now_s = kNow) {
    return srs.forward(sender, "our.test", now_s).value().local;
}

TEST(Srs, ThereAndBack) {
    const auto local = local_of(kSrs, {"bob", "example.org"});
    EXPECT_TRUE(local.starts_with("SRS0=")) << local;
    EXPECT_TRUE(local.ends_with("=example.org=bob")) << local;
    EXPECT_EQ(local.size(), std::string("SRS0=HHHHHH=TT=example.org=bob").size());
    EXPECT_EQ(back(kSrs, local), "bob@example.org");
    for (const char* odd : {"a=b=c", "bounces+12-x=y.test", "SRS", "-", "john doe", "a\"b"})
        EXPECT_EQ(back(kSrs, local_of(kSrs, {odd, "x.test"})), to_text({odd, "x.test"}));
}

TEST(Srs, SurvivesAnotherCase) {
    const auto local = local_of(kSrs, {"Bob", "Example.ORG"});
    EXPECT_EQ(back(kSrs, local), "Bob@Example.ORG");
    EXPECT_EQ(back(kSrs, to_lower(local)), "bob@example.org");
    EXPECT_EQ(back(kSrs, to_upper(local)), "BOB@EXAMPLE.ORG");
}

TEST(Srs, SeparatorsOfOthers) {
    auto local = local_of(kSrs, {"bob", "example.org"});
    for (const char separator : {'+', '-', '='}) {
        local[4] = separator;
        EXPECT_EQ(back(kSrs, local), "bob@example.org");
    }
    local[4] = '.';
    EXPECT_EQ(back(kSrs, local), "none");
}

TEST(Srs, OnlyWhatWeMade) {
    const auto local = local_of(kSrs, {"bob", "example.org"});
    EXPECT_EQ(back(Srs({"key two"}, 21), local), "not_found");
    EXPECT_EQ(back(Srs({"key two", "key one"}, 21), local), "bob@example.org");  // the older key
    auto wrong = local;
    wrong[5] = wrong[5] == 'A' ? 'B' : 'A';
    EXPECT_EQ(back(kSrs, wrong), "not_found");
    const auto head = local.substr(0, 15);
    EXPECT_EQ(back(kSrs, head + "example.org=bib"), "not_found");
    EXPECT_EQ(back(kSrs, head + "example.net=bob"), "not_found");
    EXPECT_EQ(back(kSrs, "SRS0=" + local.substr(5, 6).substr(0, 4) + local.substr(11)), "not_found");  // a shorter hash
    EXPECT_EQ(back(kSrs, "SRS1=" + local.substr(5, 6) + "=example.org=" + local.substr(11)), "not_found");
    for (const char* none : {"bob", "SRS0", "SRS0=", "SRS0=AAAAAA", "SRS0=AAAAAA=BB", "SRS0=AAAAAA=BB=x.test", "SRS0=AAAAAA=BB=x.test=",
                             "SRS0=AAA=BB=x.test=bob", "SRS0=AAAAAA=BBB=x.test=bob", "SRS0=AAAAAA=BB==bob", "SRS1=AAAAAA=x.test=bob",
                             "SRS2=AAAAAA=BB=x.test=bob", "srs0-team"})
        EXPECT_EQ(back(kSrs, none), "none") << none;
}

TEST(Srs, GrowsOld) {
    const auto local = local_of(kSrs, {"bob", "example.org"});
    EXPECT_EQ(back(kSrs, local, kNow + 21 * kDay), "bob@example.org");
    EXPECT_EQ(back(kSrs, local, kNow + 22 * kDay), "not_found");
    EXPECT_EQ(back(kSrs, local, kNow - kDay), "bob@example.org");  // a clock that was set back
    EXPECT_EQ(back(kSrs, local, kNow - 2 * kDay), "not_found");
    // The day goes round every 1024.
    for (std::int64_t day = 0; day < 1100; day += 7) {
        const auto later = kNow + day * kDay;
        EXPECT_EQ(back(kSrs, local_of(kSrs, {"bob", "x.test"}, later), later + 3 * kDay), "bob@x.test");
    }
}

TEST(Srs, ForwardedBefore) {
    const Srs first({"the first site's"}, 21);
    const Srs second({"the second site's"}, 21);
    const auto once = first.forward({"bob", "example.org"}, "first.test", kNow).value();
    const auto twice = second.forward(once, "second.test", kNow).value();
    EXPECT_TRUE(twice.local.starts_with("SRS1=")) << twice.local;
    EXPECT_EQ(twice.local.substr(11), "=first.test=" + once.local.substr(4));
    EXPECT_EQ(back(second, twice.local), to_text(once));  // past those in between
    const auto thrice = kSrs.forward(twice, "our.test", kNow).value();
    EXPECT_EQ(thrice.local.substr(11), twice.local.substr(11));
    EXPECT_EQ(back(kSrs, thrice.local), to_text(once));
    EXPECT_EQ(to_lower(back(kSrs, to_lower(thrice.local))), to_lower(to_text(once)));
    EXPECT_EQ(back(kSrs, twice.local), "not_found");
}

TEST(Srs, LengthsHaveALimit) {
    const std::string domain = "a-rather-long-name.of-some-mailing-service.example.org";
    const auto local = local_of(kSrs, {std::string(kLocalPartBytesMax, 'x'), domain});
    EXPECT_TRUE(parse_address(cat(local, "@our.test"))) << "what we make we must take";
    EXPECT_FALSE(parse_address(cat(std::string(kLocalPartBytesMax + 1, 'x'), "@our.test")));
    EXPECT_FALSE(parse_address(cat("SRS0=", std::string(kSrsLocalPartBytesMax, 'x'), "@our.test")));
    EXPECT_EQ(forwarded(kSrs, {std::string(150, 'x'), domain}), "The sender's address is too long to be rewritten.");
}

}  // namespace
}  // namespace tayori::mail

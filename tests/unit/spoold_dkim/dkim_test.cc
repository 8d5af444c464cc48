#include <gmock/gmock.h>

#include <filesystem>

#include "common/base/text.h"
#include "site.h"

namespace tayori::spool::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Entry = v1::DkimEntry;

constexpr std::int64_t kDayMs = 86'400'000;

TEST(Dkim, AKeyWaitsSignsRetiresAndGoes) {
    Site site;
    site.add_domain("x.test");
    const auto made = site.create("X.test", "S1");
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ(made->state(), Entry::STATE_WAITING);
    EXPECT_EQ(made->record_name(), "s1._domainkey.x.test.");
    EXPECT_THAT(made->record(), StartsWith("v=DKIM1; k=ed25519; p="));
    EXPECT_EQ(site.signing("x.test"), "");
    EXPECT_EQ(kind_name(site.sign("x.test", "s1")), "not_found");  // it has no record yet
    EXPECT_EQ(site.disable("x.test", "s1")->state(), Entry::STATE_WAITING);

    EXPECT_EQ(site.enable("x.test", "s1")->state(), Entry::STATE_SIGNING);
    EXPECT_EQ(site.enable("x.test", "s1")->state(), Entry::STATE_SIGNING);  // safe to repeat
    EXPECT_EQ(site.signing("x.test"), "s1");
    EXPECT_EQ(site.signing("sub.x.test"), "");  // by exact domain
    EXPECT_EQ(site.signing(""), "");
    EXPECT_EQ(site.sign("x.test", "s1")->signatures(0).size(), 64u);
    EXPECT_EQ(kind_name(site.remove("x.test", "s1")), "invalid");

    ASSERT_TRUE(site.create("x.test", "s2"));
    site.clock.advance_ms(kDayMs);
    EXPECT_EQ(site.enable("x.test", "s2")->state(), Entry::STATE_SIGNING);
    EXPECT_EQ(site.signing("x.test"), "s2");
    const auto list = site.dkim->list({}).value();
    ASSERT_EQ(list.keys_size(), 2);
    EXPECT_EQ(list.keys(0).state(), Entry::STATE_RETIRED);
    EXPECT_EQ(list.keys(0).removable_s(), site.clock.now_ms() / 1000 + kDkimMailTravels);
    EXPECT_TRUE(site.sign("x.test", "s1"));  // of a lease that was given out before
    EXPECT_EQ(site.remove("x.test", "s1")->keys_size(), 1);
    EXPECT_EQ(kind_name(site.sign("x.test", "s1")), "not_found");
    EXPECT_EQ(kind_name(site.remove("x.test", "s1")), "not_found");
}

TEST(Dkim, OneKeyOfEachAlgorithmSigns) {
    Site site;
    site.add_domain("x.test");
    ASSERT_TRUE(site.create("x.test", "e"));
    const auto rsa = site.create("x.test", "r", v1::DKIM_ALGORITHM_UNSPECIFIED);
    ASSERT_TRUE(rsa);
    EXPECT_EQ(rsa->bits(), 2048u);
    EXPECT_THAT(rsa->record(), StartsWith("v=DKIM1; k=rsa; p=MIIB"));
    ASSERT_TRUE(site.enable("x.test", "e"));
    ASSERT_TRUE(site.enable("x.test", "r"));
    EXPECT_EQ(site.signing("x.test"), "e r");
    EXPECT_EQ(site.sign("x.test", "r")->signatures(0).size(), 256u);
    site.disable("x.test", "e").value();
    EXPECT_EQ(site.signing("x.test"), "r");
}

TEST(Dkim, WrongRequests) {
    Site site;
    site.add_domain("x.test");
    EXPECT_EQ(kind_name(site.create("y.test", "s")), "not_found");
    EXPECT_EQ(kind_name(site.create("x.test", "no_selector")), "invalid");
    for (const char* selector : {".", "a.", ".a", "-a", "a-", "a..b", "a b", "é"})
        EXPECT_EQ(kind_name(site.create("x.test", selector)), "invalid") << selector;
    EXPECT_EQ(kind_name(site.create("x.test", "a.b-c")), "ok");
    EXPECT_EQ(kind_name(site.create("x.test", "A.B-C")), "exists");
    EXPECT_EQ(kind_name(site.create("x.test", "r", v1::DKIM_ALGORITHM_RSA_SHA256, 1024)), "invalid");
    EXPECT_EQ(kind_name(site.create("x.test", "r", v1::DKIM_ALGORITHM_ED25519_SHA256, 2048)), "invalid");
    EXPECT_EQ(kind_name(site.enable("x.test", "none")), "not_found");
    v1::SignDkim request;
    request.add_digests()->set_domain("x.test");
    EXPECT_EQ(kind_name(site.dkim->sign(request)), "invalid");
    v1::ListDkimRequest foreign;
    foreign.set_domain("y.test");
    EXPECT_EQ(kind_name(site.dkim->list(foreign)), "not_found");
}

TEST(Dkim, SelectorsAreMadeFromTheDay) {
    Site site;
    site.add_domain("x.test");
    const auto first = site.create("x.test", "")->selector();
    EXPECT_EQ(first, "e20231114");
    EXPECT_EQ(site.create("x.test", "")->selector(), "e20231114b");
    for (std::size_t count = 2; count < kDkimKeysMax; ++count) ASSERT_TRUE(site.create("x.test", ""));
    EXPECT_EQ(kind_name(site.create("x.test", "")), "invalid");  // enough
}

TEST(Dkim, KeysGoWithTheirDomain) {
    Site site;
    site.add_domain("x.test");
    site.add_domain("x.test2");
    ASSERT_TRUE(site.create("x.test", "s"));
    ASSERT_TRUE(site.create("x.test2", "s"));
    ASSERT_TRUE(site.enable("x.test", "s"));
    EXPECT_EQ(site.signing("x.test"), "s");
    site.delete_domain("x.test");
    EXPECT_EQ(site.signing("x.test"), "");
    EXPECT_EQ(kind_name(site.sign("x.test", "s")), "not_found");
    EXPECT_EQ(site.dkim->list({})->keys_size(), 1);
    site.add_domain("x.test");
    EXPECT_EQ(site.signing("x.test"), "");
    EXPECT_THAT(site.directory->verify().value(), testing::IsEmpty());
}

TEST(Dkim, PrivateHalvesAreSealedUnderTheKeyFile) {
    Site site;
    const auto path = site.path + "/secrets.key";
    site.add_domain("x.test");
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(site.create("x.test", "s"));
    ASSERT_TRUE(site.enable("x.test", "s"));
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const auto signature = site.sign("x.test", "s")->signatures(0);
    site.reopen();
    EXPECT_EQ(site.sign("x.test", "s")->signatures(0), signature);

    // A restore on a machine without the file: mail goes, unsigned, and the list says why.
    std::filesystem::rename(path, path + ".away");
    site.reopen();
    EXPECT_EQ(site.signing("x.test"), "");
    EXPECT_EQ(kind_name(site.sign("x.test", "s")), "not_found");
    EXPECT_TRUE(site.dkim->list({})->keys(0).unreadable());
    EXPECT_EQ(kind_name(site.enable("x.test", "s")), "busy");
    ASSERT_TRUE(site.create("x.test", "t"));  // makes a file anew
    EXPECT_EQ(kind_name(site.enable("x.test", "s")), "corrupt");

    std::filesystem::rename(path + ".away", path);
    site.reopen();
    EXPECT_EQ(site.sign("x.test", "s")->signatures(0), signature);
    EXPECT_EQ(site.signing("x.test"), "s");
    EXPECT_TRUE(site.dkim->list({})->keys(1).unreadable());
}

}  // namespace
}  // namespace tayori::spool::test

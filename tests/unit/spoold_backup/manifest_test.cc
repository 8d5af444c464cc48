#include "spoold/backup/manifest.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace tayori::spool {
namespace {

Manifest sample() {
    Manifest m;
    m.number = 3;
    m.base = 1;
    m.after = 0xBADCAFE;
    m.program = "0.1.0 (test)";
    m.store_format = 1;
    m.index_ms = 1'700'000'000'000;
    m.until_ms = 1'700'000'000'001;
    m.until = {120, 0x9F00, 7, 4096, 70'000};
    m.files.push_back({{"log/00000007.log", 64, 4096}, 0x12});
    m.files.push_back({{"index/000011.sst", 0, 10}, 0});
    return m;
}

TEST(ManifestTest, IsReadAsItWasWritten) {
    const auto m = sample();
    auto read = Manifest::decode(m.encode());
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->encode(), m.encode());
    EXPECT_EQ(read->bytes(), 4042u);
    EXPECT_FALSE(read->is_base());
    EXPECT_TRUE(read->until.same_record(m.until));
}

TEST(ManifestTest, SaysWhetherItIsOfOneAccount) {
    auto m = sample();
    EXPECT_EQ(Manifest::decode(m.encode())->account, "");
    m.account = "\"anna b\"@example.test";
    EXPECT_EQ(Manifest::decode(m.encode())->account, m.account);
}

TEST(ManifestTest, AnyDamageIsSeen) {
    const auto text = sample().encode();
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto damaged = text;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_FALSE(Manifest::decode(damaged)) << "byte " << at;
        EXPECT_FALSE(Manifest::decode(text.substr(0, at))) << "cut at " << at;
    }
    EXPECT_FALSE(Manifest::decode(text + "\n"));
}

TEST(ManifestTest, NewerOnesAreRefusedAsSuch) {
    auto text = sample().encode();
    text.replace(0, 15, "tayori-backup 2");
    auto read = Manifest::decode(text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, Kind::unsupported);
}

TEST(ManifestTest, NoNameLeadsOutOfTheSet) {
    for (const char* name : {"log/../../x", "/etc/passwd", "log/a/b", "other/x", "log/", "index/.."}) {
        auto m = sample();
        m.files[0].piece.name = name;
        EXPECT_FALSE(Manifest::decode(m.encode())) << name;
    }
}

TEST(ManifestTest, StepsHaveOneName) {
    EXPECT_EQ(step_name(3), "000003");
    EXPECT_EQ(step_number("000003"), 3u);
    EXPECT_EQ(step_number("1234567"), 1'234'567u);
    for (const char* name : {"3", "00003", "000000", "x", "000003x", ""}) EXPECT_EQ(step_number(name), 0u) << name;
}

}  // namespace
}  // namespace tayori::spool

#include "spoold/queue/volume.h"

#include <gmock/gmock.h>

namespace tayori::spool {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

TEST(VolumeTest, HoursAndDaysBeginAnew) {
    Volume volume;
    const VolumeLimits limits{5, 8, 0, 1};
    EXPECT_TRUE(volume.count(0, 5, limits));
    EXPECT_FALSE(volume.count(kHour - 1, 1, limits));
    EXPECT_TRUE(volume.count(kHour, 3, limits));
    EXPECT_FALSE(volume.count(2 * kHour, 1, limits));
    EXPECT_TRUE(volume.count(kDay, 5, limits));
    EXPECT_EQ(volume.in_day, 5u);
    EXPECT_EQ(Volume::decode(volume.encode()).encode(), volume.encode());
}

TEST(VolumeTest, MuchMoreThanUsualIsToldOnceADay) {
    Volume volume;
    const VolumeLimits limits{0, 0, 10, 100};
    for (std::int64_t day = 0; day < 30; ++day) EXPECT_FALSE(*volume.count(day * kDay, 20, limits));
    EXPECT_FALSE(*volume.count(30 * kDay, 200, limits));
    EXPECT_EQ(volume.usual, 2'000u);
    EXPECT_TRUE(*volume.count(30 * kDay, 1, limits));
    EXPECT_FALSE(*volume.count(30 * kDay + kHour, 500, limits));
    EXPECT_TRUE(*volume.count(31 * kDay, 5'000, limits));
    EXPECT_FALSE(*volume.count(40 * kDay, 99, limits));
}

TEST(VolumeTest, TheNoticeNamesTheAccount) {
    VolumeNotice notice{"anna@ours.test", "postmaster@ours.test", "mx.ours.test", 1'000, 7, {}, mail::DsnLanguage::both};
    notice.volume.in_day = 4'321;
    notice.volume.usual = 1'050;
    const auto text = volume_notice(notice);
    EXPECT_THAT(text, HasSubstr("To: <postmaster@ours.test>\r\n"));
    EXPECT_THAT(text, HasSubstr("to 4321 recipients elsewhere today; usual are 11 a day"));
    EXPECT_THAT(text, HasSubstr("送信待ち"));
    notice.language = mail::DsnLanguage::english;
    EXPECT_THAT(volume_notice(notice), Not(HasSubstr("送信待ち")));
}

}  // namespace
}  // namespace tayori::spool

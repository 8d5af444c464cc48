#include "common/mail/date.h"

#include <gtest/gtest.h>

namespace tayori::mail {
namespace {

constexpr std::int64_t kJul17 = 837596665;  // 1996-07-17T09:44:25Z

TEST(MailDate, Rfc5322AndWhatComesInItsPlace) {
    const struct {
        const char* text;
        std::int64_t unix_s;
        int zone;
    } cases[] = {
        {"Wed, 17 Jul 1996 02:44:25 -0700", kJul17, -420},
        {"17 Jul 1996 02:44:25 -0700", kJul17, -420},
        {"Wed, 17 Jul 1996 02:44:25 -0700 (PDT)", kJul17, -420},
        {" Wed,\r\n 17 Jul 1996\r\n 02:44:25 -0700", kJul17, -420},
        {"Wed, 17 Jul 96 02:44:25 PDT", kJul17, -420},
        {"Wed, 17 Jul 096 02:44:25 PDT", kJul17, -420},
        {"wednesday, 17 july 1996 02:44:25 PDT", kJul17, -420},
        {"Wed Jul 17 09:44:25 1996", kJul17, 0},
        {"Wed Jul 17 02:44:25 PDT 1996", kJul17 - 25200, 0},
        {"Wed, 17 Jul 1996 18:44:25 JST", kJul17, 540},
        {"Wed, 17 Jul 1996 18:44:25 +0900 (JST)", kJul17, 540},
        {"Wed, 17 Jul 1996 18:44:25 GMT+0900", kJul17, 540},
        {"Wed, 17 Jul 1996 18:44:25 +09:00", kJul17, 540},
        {"Wed, 17 Jul 1996 09:44:25 GMT", kJul17, 0},
        {"Wed, 17 Jul 1996 09:44:25 Z", kJul17, 0},
        {"Wed, 17 Jul 1996 09:44:25 XYZ", kJul17, 0},
        {"Wed, 17 Jul 1996 09:44:25", kJul17, 0},
        {"Wed, 17 Jul 1996 09:44:25.123 +0000", kJul17, 0},
        {"Wed, 17 Jul 1996 09.44.25 +0000", kJul17, 0},
        {"Wed, 17 Jul 1996 9:44:25 AM +0000", kJul17, 0},
        {"17-Jul-1996 02:44:25 -0700", kJul17, -420},
        {"Wed, 17 (the day) Jul 1996 02 : 44 : 25 -0700", kJul17, -420},
        {"Wed, 17 Jul 1996 99:99:99 +0000", kJul17 - 35065, 0},
        {"Wed, 17 Jul 1996", kJul17 - 35065, 0},
        {"Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360},  // RFC 5322 appendix A
        {"Thu, 1 Jan 1970 00:00:00 +0000", 0, 0},
        {"31 Dec 2000 16:01:33 -0800", 978307293, -480},  // RFC 5256 §2.2
        {"Sat, 31 Dec 2016 23:59:60 +0000", 1483228800, 0},
    };
    for (const auto& c : cases) {
        const auto date = parse_mail_date(c.text);
        ASSERT_TRUE(date) << c.text;
        EXPECT_EQ(date->unix_s, c.unix_s) << c.text;
        EXPECT_EQ(date->zone_minutes, c.zone) << c.text;
    }
}

TEST(MailDate, NoDate) {
    for (const char* text :
         {"", "yesterday", "Wed, 32 Jul 1996 02:44:25 -0700", "30 Feb 2000", "17 Foo 1996", "Jul",
          "17 Jul", "99999999999999999999 Jul 1996", "17 Jul 99999", "((((", "0 Jan 2000"})
        EXPECT_FALSE(parse_mail_date(text)) << text;
}

TEST(MailDate, Format) {
    EXPECT_EQ(format_mail_date({kJul17, -420}), "Wed, 17 Jul 1996 02:44:25 -0700");
    EXPECT_EQ(format_mail_date({kJul17, 540}), "Wed, 17 Jul 1996 18:44:25 +0900");
    EXPECT_EQ(format_mail_date({-1, 0}), "Wed, 31 Dec 1969 23:59:59 +0000");
    EXPECT_EQ(format_mail_date({INT64_MAX / 2, 0}), "Fri, 31 Dec 9999 23:59:59 +0000");
}

TEST(InternalDate, RoundTrip) {
    const auto date = parse_internal_date("17-Jul-1996 02:44:25 -0700");
    ASSERT_TRUE(date);
    EXPECT_EQ(date->unix_s, kJul17);
    EXPECT_EQ(format_internal_date(*date), "17-Jul-1996 02:44:25 -0700");
    EXPECT_EQ(format_internal_date({0, 0}), " 1-Jan-1970 00:00:00 +0000");
    EXPECT_EQ(parse_internal_date(" 1-Jan-1970 00:00:00 +0000")->unix_s, 0);
    EXPECT_EQ(parse_internal_date("01-jan-1970 00:00:00 +0000")->unix_s, 0);
    EXPECT_EQ(format_internal_date(*parse_internal_date("17-Jul-1996 02:44:25 -0015")),
              "17-Jul-1996 02:44:25 -0015");
}

TEST(InternalDate, Refuses) {
    for (const char* text :
         {"", "1-Jan-1970 00:00:00 +0000", "17-Jul-1996", "17-Jul-1996 02:44:25",
          "31-Feb-1996 02:44:25 +0000", "17-Jul-1996 24:00:00 +0000", "17-Jul-1996 02:60:00 +0000",
          "17-Jul-1996 02:44:25 +0060", "17-Jul-1996 02:44:25 0000", "17-Jul-1996 02:44:25 +0000 ",
          "17 Jul 1996 02:44:25 +0000", "17-Juli-1996 02:44:25 +0000"})
        EXPECT_FALSE(parse_internal_date(text)) << text;
}

TEST(SearchDate, Days) {
    EXPECT_EQ(parse_search_date("1-Feb-1994"), 8797);
    EXPECT_EQ(parse_search_date("01-Feb-1994"), 8797);
    EXPECT_EQ(format_search_date(8797), "1-Feb-1994");
    for (const char* text :
         {"", "1-Feb", "30-Feb-1994", "1-Feb-94", "001-Feb-1994", "1-Feb-1994 ", "0-Feb-1994"})
        EXPECT_FALSE(parse_search_date(text)) << text;
    // RFC 3501 §6.4.4: the day as written, whatever the zone.
    EXPECT_EQ(parse_mail_date("Tue, 1 Feb 1994 23:59:00 -0800")->local_day(), 8797);
    EXPECT_EQ(parse_mail_date("Tue, 1 Feb 1994 00:01:00 +0900")->local_day(), 8797);
    EXPECT_EQ((MailDate{-1, 0}).local_day(), -1);
}

}  // namespace
}  // namespace tayori::mail

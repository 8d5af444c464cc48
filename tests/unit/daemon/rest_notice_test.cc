#include "common/daemon/rest_notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/mail/summary.h"

namespace tayori::daemon {
namespace {

using testing::HasSubstr;
using testing::Not;

RestNotice notice() {
    RestNotice out;
    out.postmaster = "postmaster@example.test";
    out.hostname = "mx.example.test";
    out.program = "smtpd";
    out.plugin = "filter";
    out.failure = "filter/plugin.lua:31: attempt to index a nil value";
    out.date_s = 1'700'000'000;
    out.until_s = 1'700'000'060;
    out.number = "ab12";
    return out;
}

TEST(RestNotice, NamesPluginFailureAndWhatToDo) {
    const auto mail = rest_notice(notice());
    EXPECT_THAT(mail, HasSubstr("Subject: Plugin filter rests after failures\r\n"));
    EXPECT_THAT(mail, HasSubstr("Auto-Submitted: auto-generated\r\n"));
    EXPECT_THAT(mail, HasSubstr("Message-ID: <plugin.ab12.1700000000@mx.example.test>\r\n"));
    EXPECT_THAT(mail, HasSubstr("filter/plugin.lua:31: attempt to index a nil value"));
    EXPECT_THAT(mail, HasSubstr("Until then mail goes on without it."));
    EXPECT_THAT(mail, HasSubstr("adminctl plugin reload"));
    EXPECT_THAT(mail, Not(HasSubstr("プラグイン")));
}

TEST(RestNotice, SpeaksTheSiteLanguages) {
    auto one = notice();
    one.language = mail::DsnLanguage::japanese;
    EXPECT_THAT(rest_notice(one), HasSubstr("プラグイン「filter」"));
    EXPECT_THAT(rest_notice(one), Not(HasSubstr("Until then")));
    one.language = mail::DsnLanguage::both;
    one.tempfail = true;
    EXPECT_THAT(rest_notice(one), HasSubstr("プラグイン「filter」"));
    EXPECT_THAT(rest_notice(one), HasSubstr("nothing is lost"));
}

TEST(RestNotice, WhatAPluginSaysIsOneLineAndBounded) {
    auto one = notice();
    one.failure = "a\r\nBcc: everybody@example.test\r\n\r\n.\r\n" + std::string(5000, 'x');
    const auto mail = rest_notice(one);
    EXPECT_THAT(mail, Not(HasSubstr("\r\nBcc")));
    EXPECT_LT(mail.size(), 3000u);
    one.failure.clear();
    for (int i = 0; i < 999; ++i) one.failure += "x";
    one.failure += "日本";
    EXPECT_EQ(rest_notice(one).find('\xe6'), std::string::npos) << "no half of a character";
}

}  // namespace
}  // namespace tayori::daemon

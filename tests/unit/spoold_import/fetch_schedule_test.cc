#include <gtest/gtest.h>

#include "spoold/fetch/limits.h"
#include "spoold/fetch/schedule.h"
#include "spoold/fetch/settings.h"

namespace tayori::spool {
namespace {

constexpr AccountId kTaro{7};
constexpr FetchId kFirst{1};
constexpr FetchId kSecond{2};
constexpr std::int64_t kLeaseMs = 60'000;

FetchSchedule::Lease lease_of(std::uint64_t id, FetchId source, std::int64_t until_ms) {
    return {id, source, kTaro, ImportId{3}, until_ms};
}

TEST(FetchDue, BacksOffFromFailures) {
    struct Row {
        std::uint32_t interval_s;
        v1::FetchProblem problem;
        std::uint32_t failures;
        std::int64_t wait_s;
    };
    const Row rows[] = {
        {600, v1::FETCH_PROBLEM_UNSPECIFIED, 0, 600},
        {600, v1::FETCH_PROBLEM_OVER_QUOTA, 0, 600},
        {600, v1::FETCH_PROBLEM_UNREACHABLE, 1, 600},
        {600, v1::FETCH_PROBLEM_UNREACHABLE, 2, 1'200},
        {600, v1::FETCH_PROBLEM_UNREACHABLE, 5, 9'600},
        {600, v1::FETCH_PROBLEM_UNREACHABLE, 6, kFetchBackoffMaxS},
        {600, v1::FETCH_PROBLEM_UNREACHABLE, 4'000'000'000U, kFetchBackoffMaxS},
        {86'400, v1::FETCH_PROBLEM_UNREACHABLE, 9, 86'400},  // never more often than without failures
        {60, v1::FETCH_PROBLEM_LOGIN_REFUSED, 1, kFetchLoginBackoffMinS},
        {60, v1::FETCH_PROBLEM_LOGIN_REFUSED, 2, 2 * kFetchLoginBackoffMinS},
        {60, v1::FETCH_PROBLEM_LOGIN_REFUSED, 40, kFetchLoginBackoffMaxS},
        {7'200, v1::FETCH_PROBLEM_LOGIN_REFUSED, 1, 7'200},
    };
    for (const auto& row : rows)
        EXPECT_EQ(fetch_due_again_s(1'000, row.interval_s, row.problem, row.failures) - 1'000, row.wait_s)
            << row.interval_s << ' ' << row.problem << ' ' << row.failures;
}

TEST(FetchDue, FullMailboxesAndBadMailsAreNoFailures) {
    EXPECT_TRUE(is_fetch_failure(v1::FETCH_PROBLEM_LOGIN_REFUSED));
    EXPECT_TRUE(is_fetch_failure(v1::FETCH_PROBLEM_INCOMPLETE));
    EXPECT_FALSE(is_fetch_failure(v1::FETCH_PROBLEM_OVER_QUOTA));
    EXPECT_FALSE(is_fetch_failure(v1::FETCH_PROBLEM_MAIL_REFUSED));
    EXPECT_FALSE(is_fetch_failure(v1::FETCH_PROBLEM_UNSPECIFIED));
}

TEST(FetchSchedule, TheOneThatIsDueLongestComesFirst) {
    FetchSchedule schedule;
    EXPECT_FALSE(schedule.next_event_ms());
    schedule.put(kFirst, kTaro, true, 2'000);
    schedule.put(kSecond, kTaro, true, 1'000);
    EXPECT_FALSE(schedule.due(999));
    EXPECT_EQ(schedule.next_event_ms(), 1'000);
    EXPECT_EQ(schedule.due(5'000), kSecond);
    schedule.lease(kSecond, lease_of(11, kSecond, 5'000 + kLeaseMs));
    EXPECT_EQ(schedule.due(5'000), kFirst);
    schedule.put(kFirst, kTaro, false, 2'000);
    EXPECT_FALSE(schedule.due(5'000));  // off
    EXPECT_EQ(schedule.next_event_ms(), 5'000 + kLeaseMs);
}

TEST(FetchSchedule, ALeaseShutsOthersOutUntilItEnds) {
    FetchSchedule schedule;
    schedule.put(kFirst, kTaro, true, 0);
    schedule.lease(kFirst, lease_of(11, kFirst, kLeaseMs));
    EXPECT_TRUE(schedule.is_leased(kFirst, 1));
    EXPECT_TRUE(schedule.covers(kTaro, ImportId{3}, 1));
    EXPECT_TRUE(schedule.covers(kTaro, ImportId{0}, 1));
    EXPECT_FALSE(schedule.covers(kTaro, ImportId{4}, 1));
    EXPECT_FALSE(schedule.covers(AccountId{8}, ImportId{3}, 1));
    EXPECT_TRUE(schedule.renew(11, 1'000, 1'000 + kLeaseMs));
    EXPECT_FALSE(schedule.due(kLeaseMs));
    EXPECT_FALSE(schedule.renew(12, 1'000, 9'000));
    schedule.put(kFirst, kTaro, true, 9'000);
    schedule.end(11);
    EXPECT_FALSE(schedule.covers(kTaro, ImportId{3}, 1));
    EXPECT_EQ(schedule.lapses(kFirst), 0U);
    EXPECT_FALSE(schedule.due(8'999));
    EXPECT_EQ(schedule.due(9'000), kFirst);
}

TEST(FetchSchedule, ADeadWorkersSourceComesBackAtOnceAndThenSlower) {
    FetchSchedule schedule;
    schedule.put(kFirst, kTaro, true, 0);
    schedule.lease(kFirst, lease_of(11, kFirst, 1'000));
    EXPECT_FALSE(schedule.due(999));
    EXPECT_EQ(schedule.due(1'000), kFirst);
    EXPECT_EQ(schedule.lapses(kFirst), 1U);
    EXPECT_FALSE(schedule.renew(11, 1'000, 9'000));
    EXPECT_EQ(schedule.find(11, 1'000), nullptr);
    schedule.lease(kFirst, lease_of(12, kFirst, 2'000));
    EXPECT_FALSE(schedule.due(2'000));
    EXPECT_EQ(schedule.due(2'000 + 1'000 * kFetchLapseBackoffMinS), kFirst);
    schedule.lease(kFirst, lease_of(13, kFirst, 100'000));
    EXPECT_FALSE(schedule.due(100'000 + 1'000 * kFetchLapseBackoffMinS));
    schedule.put(kFirst, kTaro, true, 0, true);  // somebody changed it by hand
    EXPECT_EQ(schedule.due(100'001), kFirst);
    EXPECT_EQ(schedule.lapses(kFirst), 0U);
}

TEST(FetchSchedule, WhatIsRemovedIsForgottenWithItsLease) {
    FetchSchedule schedule;
    schedule.put(kFirst, kTaro, true, 0);
    schedule.lease(kFirst, lease_of(11, kFirst, 1'000));
    schedule.erase(kFirst);
    EXPECT_FALSE(schedule.due(5'000));
    EXPECT_EQ(schedule.find(11, 1), nullptr);
    schedule.end(11);
    schedule.erase(kFirst);
    EXPECT_EQ(schedule.size(), 0U);
}

v1::FetchSettings good_settings() {
    v1::FetchSettings out;
    out.set_protocol(v1::FETCH_PROTOCOL_IMAP);
    out.set_host("Mail.Old.Example");
    out.set_user("taro");
    out.set_secret("secret");
    return out;
}

TEST(FetchSettings, WhatIsLeftOutIsUsual) {
    const auto made = new_fetch_settings(good_settings());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->host(), "mail.old.example");
    EXPECT_EQ(made->port(), 993U);
    EXPECT_EQ(made->tls(), v1::FETCH_TLS_IMPLICIT);
    EXPECT_EQ(made->interval_s(), kFetchIntervalDefaultS);
    EXPECT_EQ(made->folder(), "INBOX");
    EXPECT_TRUE(made->enabled());
    EXPECT_FALSE(made->has_delete_after_days());
    EXPECT_FALSE(made->has_secret());
    EXPECT_EQ(fetch_origin(*made), "imap:taro@mail.old.example");
}

TEST(FetchSettings, WhatCantBeIsRefused) {
    using Change = void (*)(v1::FetchSettings&);
    const Change changes[] = {
        [](v1::FetchSettings& s) { s.clear_protocol(); },
        [](v1::FetchSettings& s) { s.set_host(""); },
        [](v1::FetchSettings& s) { s.set_host("a/b"); },
        [](v1::FetchSettings& s) { s.set_host("a\nb"); },
        [](v1::FetchSettings& s) { s.set_user(""); },
        [](v1::FetchSettings& s) { s.set_user("a\r\nb"); },
        [](v1::FetchSettings& s) { s.set_secret(""); },
        [](v1::FetchSettings& s) { s.set_port(65'536); },
        [](v1::FetchSettings& s) { s.set_mechanism("NTLM"); },
        [](v1::FetchSettings& s) { s.set_mechanism("APOP"); },  // not with IMAP
        [](v1::FetchSettings& s) { s.set_interval_s(kFetchIntervalMinS - 1); },
        [](v1::FetchSettings& s) { s.set_interval_s(kFetchIntervalMaxS + 1); },
        [](v1::FetchSettings& s) { s.set_delete_after_days(kFetchDeleteDaysMax + 1); },
        [](v1::FetchSettings& s) { s.set_folder("a//b"); },
        [](v1::FetchSettings& s) {
            s.set_protocol(v1::FETCH_PROTOCOL_POP3);
            s.set_all_folders(true);
        },
    };
    int at = 0;
    for (const auto change : changes) {
        auto settings = good_settings();
        change(settings);
        EXPECT_FALSE(new_fetch_settings(settings)) << "row " << at;
        ++at;
    }
}

TEST(FetchSettings, AChangeKeepsTheRest) {
    const auto now = new_fetch_settings(good_settings()).value();
    v1::FetchSettings wanted;
    wanted.set_interval_s(3'600);
    wanted.set_delete_after_days(0);
    auto changed = changed_fetch_settings(now, wanted);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->host(), now.host());
    EXPECT_EQ(changed->interval_s(), 3'600U);
    EXPECT_TRUE(changed->has_delete_after_days());
    v1::FetchSettings keep;
    keep.set_keep_at_source(true);
    changed = changed_fetch_settings(*changed, keep);
    ASSERT_TRUE(changed);
    EXPECT_FALSE(changed->has_delete_after_days());

    v1::FetchSettings starttls;
    starttls.set_tls(v1::FETCH_TLS_STARTTLS);
    EXPECT_EQ(changed_fetch_settings(now, starttls)->port(), 143U);

    v1::FetchSettings elsewhere;
    elsewhere.set_host("thief.example");
    EXPECT_FALSE(changed_fetch_settings(now, elsewhere));  // the password is not sent to another host
    elsewhere.set_secret("another");
    EXPECT_TRUE(changed_fetch_settings(now, elsewhere));
    v1::FetchSettings by_pop3;
    by_pop3.set_protocol(v1::FETCH_PROTOCOL_POP3);
    EXPECT_FALSE(changed_fetch_settings(now, by_pop3));
}

}  // namespace
}  // namespace tayori::spool

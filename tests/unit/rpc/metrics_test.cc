#include "common/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tayori {
namespace {

using testing::HasSubstr;

TEST(Metrics, AreShownInPrometheusText) {
    Metrics metrics("smtpd");
    auto& accepted = metrics.counter("messages_total", "Messages.", {{"outcome", "accepted"}});
    auto& refused = metrics.counter("messages_total", "Messages.", {{"outcome", "refused"}});
    auto& seconds = metrics.histogram("commit_seconds", "Time of a commit.", {0.001, 0.01});
    metrics.ask("sessions", "Open sessions.", Metrics::Type::gauge, [] { return 7.0; });
    accepted.add(3);
    refused.add();
    seconds.observe(0.002);
    seconds.observe(5);
    const auto text = metrics.text();
    EXPECT_THAT(text, HasSubstr("tayori_smtpd_messages_total{outcome=\"accepted\"} 3"));
    EXPECT_THAT(text, HasSubstr("tayori_smtpd_messages_total{outcome=\"refused\"} 1"));
    EXPECT_THAT(text, HasSubstr("tayori_smtpd_commit_seconds_bucket{le=\"0.01\"} 1"));
    EXPECT_THAT(text, HasSubstr("tayori_smtpd_commit_seconds_count 2"));
    EXPECT_THAT(text, HasSubstr("tayori_smtpd_sessions 7"));
    EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes"));
}

TEST(Metrics, ListensOnAPortOfTheKernelsChoice) {
    Metrics metrics("smtpd");
    auto port = metrics.listen("127.0.0.1:0");
    ASSERT_TRUE(port) << port.error().detail;
    EXPECT_GT(*port, 0);
    EXPECT_FALSE(metrics.listen("not an address"));
}

}  // namespace
}  // namespace tayori

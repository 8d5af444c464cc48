// What is tried again, and for how long.
#include "spoold/backup/s3/patience.h"

#include <gmock/gmock.h>

namespace tayori::spool::s3 {
namespace {

using std::chrono::milliseconds;

TEST(Verdict, OfAnswers) {
    const struct {
        int status;
        const char* code;
        Verdict expected;
    } cases[] = {
        {200, "", Verdict::fine},
        {204, "", Verdict::fine},
        {206, "", Verdict::fine},
        {200, "InternalError", Verdict::again},  // CompleteMultipartUpload
        {200, "AccessDenied", Verdict::final},
        {301, "PermanentRedirect", Verdict::final},
        {307, "", Verdict::final},
        {400, "", Verdict::final},
        {400, "RequestTimeout", Verdict::again},
        {400, "IncompleteBody", Verdict::again},
        {400, "BadDigest", Verdict::again},
        {400, "XAmzContentSHA256Mismatch", Verdict::again},
        {400, "AuthorizationHeaderMalformed", Verdict::final},
        {403, "AccessDenied", Verdict::final},
        {403, "SignatureDoesNotMatch", Verdict::final},
        {403, "RequestTimeTooSkewed", Verdict::final},
        {404, "NoSuchKey", Verdict::final},
        {408, "", Verdict::again},
        {409, "OperationAborted", Verdict::again},
        {409, "BucketAlreadyExists", Verdict::final},
        {412, "PreconditionFailed", Verdict::final},
        {429, "", Verdict::again},
        {500, "InternalError", Verdict::again},
        {501, "NotImplemented", Verdict::final},
        {502, "", Verdict::again},
        {503, "SlowDown", Verdict::again},
        {503, "", Verdict::again},
        {504, "", Verdict::again},
        {505, "", Verdict::final},
        {507, "InsufficientStorage", Verdict::final},
    };
    for (const auto& one : cases) EXPECT_EQ(verdict_of(one.status, one.code), one.expected) << one.status << " " << one.code;
}

TEST(Patience, PausesDoubleUntilTheTimeIsOver) {
    ManualClock clock;
    std::vector<milliseconds> pauses;
    const Pause pause = [&](milliseconds time) {
        pauses.push_back(time);
        clock.advance_ms(time.count());
        return true;
    };
    const auto begin = clock.now_ms();
    Patience patience(clock, milliseconds(60'000), pause);
    while (patience.again()) {
    }
    EXPECT_EQ(clock.now_ms() - begin, 60'000);
    ASSERT_GT(pauses.size(), 7u);
    EXPECT_LT(pauses.size(), 30u);
    std::int64_t whole = 200;
    for (std::size_t i = 0; i + 1 < pauses.size(); ++i, whole = std::min<std::int64_t>(whole * 2, 10'000)) {
        EXPECT_GE(pauses[i].count(), whole / 2) << i;
        EXPECT_LE(pauses[i].count(), whole) << i;
    }
}

TEST(Patience, EndsWhenWeAreToldToGiveUp) {
    ManualClock clock;
    int asked = 0;
    const Pause pause = [&](milliseconds) { return ++asked < 3; };
    Patience patience(clock, milliseconds(60'000), pause);
    EXPECT_TRUE(patience.again());
    EXPECT_TRUE(patience.again());
    EXPECT_FALSE(patience.again());
}

// A clock that stands still does not make it endless.
TEST(Patience, AttemptsAreCounted) {
    ManualClock clock;
    const Pause pause = [](milliseconds) { return true; };
    Patience patience(clock, milliseconds(1000), pause);
    while (patience.again()) ASSERT_LT(patience.attempts(), 100u);
    EXPECT_EQ(patience.attempts(), 30u);
}

}  // namespace
}  // namespace tayori::spool::s3

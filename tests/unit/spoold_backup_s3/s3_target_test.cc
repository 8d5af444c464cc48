// A set in S3: what is asked of it, and what becomes of it when S3 is in trouble.
#include "common/base/log.h"
#include "fake_s3.h"

namespace tayori::spool::s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class S3TargetTest : public testing::Test {
  protected:
    void SetUp() override {
        log_set_level(LogLevel::error);
        S3Options options;
        options.origin = "http://s3.test";
        options.path = "/bucket";
        options.bucket = "bucket";
        options.prefix = "p/";
        options.region = "us-east-1";
        const auto pause = [this](std::chrono::milliseconds time) {
            clock.advance_ms(time.count());
            return !stopping;
        };
        const auto credentials = []() -> Result<Credentials> { return Credentials{"AK", "secret", {}}; };
        client = std::make_shared<S3Client>(options, S3Client::Parts{s3, clock, pause, credentials});
        target = make_s3_target(client, "main");
    }

    // A file of so many bytes, written in pieces of one MiB.
    std::string written(const std::string& name, std::size_t size) {
        std::string all;
        auto writer = target->create(name);
        EXPECT_TRUE(writer);
        while (all.size() < size) {
            const auto piece = std::string(std::min<std::size_t>(1 << 20, size - all.size()), static_cast<char>('a' + all.size() % 23));
            EXPECT_TRUE((*writer)->append(piece));
            all += piece;
        }
        const auto done = (*writer)->finish();
        EXPECT_TRUE(done) << done.error().text;
        return all;
    }
    // The next `times` requests get this answer, or none.
    void trouble(int times, std::optional<HttpAnswer> answer) {
        s3.instead = [left = times, answer](const HttpRequest&) mutable -> std::optional<Result<HttpAnswer>> {
            if (left-- <= 0) return std::nullopt;
            if (!answer) return fail(Kind::busy, "S3 can't be reached.", "Connection refused");
            return *answer;
        };
    }

    FakeS3 s3;
    ManualClock clock;
    bool stopping = false;
    std::shared_ptr<S3Client> client;
    std::unique_ptr<Target> target;
};

TEST_F(S3TargetTest, SmallFilesAreOneRequest) {
    const auto bytes = written("000001/log/a", 1000);
    EXPECT_THAT(s3.asked, ElementsAre("PUT p/main/000001/log/a"));
    EXPECT_THAT(s3.last.headers, testing::Contains(cat("content-md5: ", base64_encode(crypto::md5(bytes)))));
    EXPECT_EQ(s3.objects["p/main/000001/log/a"], bytes);
    EXPECT_TRUE(target->put("000001/manifest", ""));
    EXPECT_EQ(*target->size("000001/manifest"), 0u);
    EXPECT_EQ(*target->size("000001/log/a"), 1000u);
    EXPECT_EQ(target->size("000001/log/b").error().kind, Kind::not_found);
}

// All parts but the last are of one size: some servers insist.
TEST_F(S3TargetTest, LargeFilesGoInParts) {
    for (const auto size : {kPartBytes, kPartBytes + 1, 2 * kPartBytes, 2 * kPartBytes + 12345}) {
        s3.asked.clear();
        const auto bytes = written("000001/log/a", size);
        EXPECT_TRUE(s3.objects["p/main/000001/log/a"] == bytes) << size;
        EXPECT_THAT(s3.uploads, IsEmpty());
        const auto parts = (size + kPartBytes - 1) / kPartBytes;
        EXPECT_EQ(s3.asked.size(), parts == 1 ? 1 : parts + 2) << size;
    }
    char end[20];
    EXPECT_EQ(*target->read("000001/log/a", 2 * kPartBytes + 12335, end, 20), 10u);
}

TEST_F(S3TargetTest, AWriterThatEndsEarlyLeavesNothing) {
    {
        auto writer = target->create("000001/log/a");
        EXPECT_TRUE((*writer)->append(std::string(kPartBytes + 1, 'x')));
        EXPECT_EQ(s3.uploads.size(), 1u);
    }
    EXPECT_THAT(s3.uploads, IsEmpty());
    EXPECT_THAT(s3.objects, IsEmpty());
}

TEST_F(S3TargetTest, UploadsOfASuddenEndAreGivenBack) {
    for (int n = 0; n < 10; ++n) s3.uploads[cat("id", n)].key = cat("p/main/000001/log/", n);
    s3.uploads["other set"].key = "p/main2/000001/log/1";
    EXPECT_TRUE(target->tidy());
    ASSERT_EQ(s3.uploads.size(), 1u);
    EXPECT_EQ(s3.uploads.begin()->first, "other set");

    // Without the right to, or on a server that knows no such list, backups go on.
    trouble(1, FakeS3::refusal(403, "AccessDenied"));
    EXPECT_TRUE(target->tidy());
    trouble(1, FakeS3::refusal(501, "NotImplemented"));
    EXPECT_TRUE(target->tidy());
    trouble(1000, std::nullopt);
    EXPECT_EQ(target->tidy().error().kind, Kind::busy);
}

TEST_F(S3TargetTest, ListsHavePages) {
    for (int n = 1; n < 9; ++n) {
        s3.objects[cat("p/main/00000", n, "/manifest")] = "x";
        s3.objects[cat("p/main/00000", n, "/log/a")] = "x";
    }
    s3.objects["p/main/note"] = s3.objects["p/main2/000009/manifest"] = s3.objects["p/main"] = "x";
    EXPECT_THAT(*target->list({}), ElementsAre("000001", "000002", "000003", "000004", "000005", "000006", "000007", "000008", "note"));
    EXPECT_EQ(s3.asked.size(), 3u);
    EXPECT_THAT(*target->list("000003"), ElementsAre("log", "manifest"));
    EXPECT_THAT(*target->list("000009"), IsEmpty());
    EXPECT_THAT(*names_below(*client, "p/"), ElementsAre("main", "main2"));
}

TEST_F(S3TargetTest, RemovesAFileOrAllBelow) {
    for (int n = 0; n < 10; ++n) s3.objects[cat("p/main/000001/log/", n)] = "x";
    s3.objects["p/main/000001/manifest"] = s3.objects["p/main/000001x"] = s3.objects["p/main/000002/manifest"] = "x";
    char byte;
    EXPECT_EQ(*target->read("000001/manifest", 0, &byte, 1), 1u);
    EXPECT_TRUE(target->remove("000001/manifest"));
    EXPECT_EQ(target->read("000001/manifest", 0, &byte, 1).error().kind, Kind::not_found);
    EXPECT_EQ(s3.objects.size(), 12u);
    EXPECT_TRUE(target->remove("000001"));
    std::vector<std::string> left;
    for (const auto& [key, bytes] : s3.objects) left.push_back(key);
    EXPECT_THAT(left, ElementsAre("p/main/000001x", "p/main/000002/manifest"));
    EXPECT_TRUE(target->remove("000007"));
}

TEST_F(S3TargetTest, PassingTroubleIsSatOut) {
    trouble(5, std::nullopt);
    written("a", 10);
    EXPECT_EQ(s3.asked.size(), 6u);
    trouble(4, FakeS3::refusal(503, "SlowDown"));
    written("b", 3 * kPartBytes);
    EXPECT_EQ(s3.objects.size(), 2u);
    // A 200 that is none.
    trouble(0, std::nullopt);
    s3.instead = [left = 1](const HttpRequest& request) mutable -> std::optional<Result<HttpAnswer>> {
        if (request.body.find("CompleteMultipartUpload") == std::string_view::npos || left-- <= 0) return std::nullopt;
        return FakeS3::refusal(200, "InternalError");
    };
    const auto bytes = written("c", kPartBytes + 1);
    EXPECT_TRUE(s3.objects["p/main/c"] == bytes);
}

// Each attempt is signed anew: credentials and clock go on.
TEST_F(S3TargetTest, AttemptsAreSignedAnew) {
    std::vector<std::string> dates;
    s3.instead = [&](const HttpRequest& request) -> std::optional<Result<HttpAnswer>> {
        for (const auto& header : request.headers) if (header.starts_with("x-amz-date")) dates.push_back(header);
        clock.advance_ms(2000);
        if (dates.size() < 3) return fail(Kind::busy, "Away.");
        return std::nullopt;
    };
    EXPECT_TRUE(target->put("a", "x"));
    ASSERT_EQ(dates.size(), 3u);
    EXPECT_NE(dates[0], dates[2]);
}

TEST_F(S3TargetTest, AnAnswerThatGotLostIsNoFailure) {
    s3.instead = [this](const HttpRequest& request) -> std::optional<Result<HttpAnswer>> {
        s3.answers_get_lost = request.body.find("CompleteMultipartUpload") != std::string_view::npos && s3.count("HEAD") == 0 &&
                              s3.count("POST p/main/a?uploadId") == 1;
        return std::nullopt;
    };
    const auto bytes = written("a", kPartBytes + 1);
    EXPECT_TRUE(s3.objects["p/main/a"] == bytes);
    EXPECT_EQ(s3.count("HEAD p/main/a"), 1u);
}

TEST_F(S3TargetTest, TroubleThatLastsIsTemporary) {
    trouble(1000, std::nullopt);
    const auto begin = clock.now_ms();
    const auto put = target->put("a", "x");
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind, Kind::busy);
    EXPECT_THAT(put.error().text, HasSubstr("Connection refused"));
    EXPECT_EQ(clock.now_ms() - begin, 60'000);
    trouble(1000, FakeS3::refusal(503, "SlowDown"));
    EXPECT_EQ(target->list({}).error().kind, Kind::busy);
    stopping = true;
    s3.asked.clear();
    EXPECT_FALSE(target->put("a", "x"));
    EXPECT_EQ(s3.asked.size(), 1u);
}

TEST_F(S3TargetTest, RefusalsSayWhatIsWrong) {
    const struct {
        int status;
        const char* code;
        Kind kind;
        const char* text;
    } cases[] = {
        {403, "AccessDenied", Kind::denied, "rights of the key"},
        {403, "SignatureDoesNotMatch", Kind::denied, "secret key"},
        {403, "InvalidAccessKeyId", Kind::denied, "access key"},
        {403, "RequestTimeTooSkewed", Kind::denied, "clock"},
        {400, "ExpiredToken", Kind::denied, "expired"},
        {404, "NoSuchBucket", Kind::invalid, "backup_s3.bucket"},
        {301, "PermanentRedirect", Kind::invalid, "backup_s3.region"},
        {400, "AuthorizationHeaderMalformed", Kind::invalid, "backup_s3.region"},
        {507, "", Kind::no_space, "no room"},
        {403, "QuotaExceeded", Kind::no_space, "no room"},
        {400, "InvalidArgument", Kind::unsupported, "400 InvalidArgument: So it is."},
    };
    for (const auto& one : cases) {
        trouble(1000, FakeS3::refusal(one.status, one.code));
        s3.asked.clear();
        for (const auto& error : {target->put("a", "x").error(), target->list({}).error(), target->size("a").error()}) {
            EXPECT_EQ(error.kind, one.kind) << one.code;
            EXPECT_THAT(error.text, HasSubstr(one.text));
        }
        EXPECT_EQ(s3.asked.size(), 3u) << one.code << " was tried again";
    }
}

// 404 with another code than that of an object: a proxy, or another server.
TEST_F(S3TargetTest, AnswersThatMakeNoSense) {
    s3.objects["p/main/a"] = "0123456789";
    char bytes[4];
    const auto read_with = [&](HttpAnswer answer) {
        trouble(1, answer);
        const auto got = make_s3_target(client, "main")->read("a", 2, bytes, 4);
        return got ? std::string("read") : std::string(to_string(got.error().kind));
    };
    EXPECT_EQ(read_with({200, {}, "0123456789"}), "unsupported");  // knows no ranges
    EXPECT_EQ(read_with({206, {}, "2345"}), "unsupported");
    EXPECT_EQ(read_with({206, {{"content-range", "bytes 2-5/x"}}, "2345"}), "unsupported");
    EXPECT_EQ(read_with({206, {{"content-range", "bytes 2-9/10"}}, "2345"}), "unsupported");  // cut off
    EXPECT_EQ(read_with({206, {{"content-range", "bytes 2-9/10"}}, "23456789"}), "read");
    EXPECT_EQ(read_with({404, {}, "<Error><Code>NoSuchHost</Code></Error>"}), "unsupported");
    trouble(1, HttpAnswer{200, {}, "<html>"});
    EXPECT_EQ(target->list({}).error().kind, Kind::corrupt);
    trouble(1000, HttpAnswer{200, {}, "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x"
                                      "</NextContinuationToken></ListBucketResult>"});
    EXPECT_EQ(target->list({}).error().kind, Kind::corrupt);  // it has no end
}

TEST_F(S3TargetTest, WhatIsSignedIsWhatIsSent) {
    S3Options options = client->options();
    options.origin = "http://bucket.s3.test:9000";
    options.path = "/deep%20path";
    options.storage_class = "STANDARD_IA";
    options.encryption = "aws:kms";
    options.kms_key = "arn:aws:kms:x:1:key/2";
    const auto credentials = []() -> Result<Credentials> { return Credentials{"AK", "secret", "token"}; };
    HttpRequest seen;
    s3.instead = [&](const HttpRequest& request) -> std::optional<Result<HttpAnswer>> {
        seen = request;
        return HttpAnswer{200, {}, {}};
    };
    S3Client other(options, S3Client::Parts{s3, clock, [](auto) { return false; }, credentials});
    EXPECT_TRUE(other.put("p/a b", "x"));
    EXPECT_EQ(seen.url, "http://bucket.s3.test:9000/deep%20path/p/a%20b");
    for (const auto* header : {"host: bucket.s3.test:9000", "x-amz-storage-class: STANDARD_IA", "x-amz-security-token: token",
                               "x-amz-server-side-encryption: aws:kms",
                               "x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:x:1:key/2"}) {
        EXPECT_THAT(seen.headers, testing::Contains(header));
    }
    for (const auto& header : seen.headers) {
        if (header.starts_with("authorization")) continue;
        EXPECT_THAT(seen.headers.back(), HasSubstr(header.substr(0, header.find(':')))) << "not signed";
    }
}

}  // namespace
}  // namespace tayori::spool::s3

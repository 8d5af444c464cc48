// AWS's published examples, and the credentials that requests are signed with.
#include "spoold/backup/s3/signature.h"

#include <gmock/gmock.h>

#include "common/base/percent.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/backup/s3/credentials.h"

namespace tayori::spool::s3 {
namespace {

using testing::HasSubstr;

// "Authenticating Requests (AWS Signature Version 4)" in Amazon's reference of S3.
struct Example {
    const char* method;
    const char* path;
    Fields query;
    Fields headers;
    const char* payload;
    const char* signature;
};

const Example kExamples[] = {
    {"GET", "/test.txt", {}, {{"range", "bytes=0-9"}}, "",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT", "/test$file.text", {},
     {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "Welcome to Amazon S3.", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET", "/", {{"lifecycle", ""}}, {}, "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, "",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

TEST(Signature, IsThatOfAmazonsExamples) {
    const Credentials credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", {}};
    const Scope scope{amz_date(1'369'353'600'000), "us-east-1"};
    ASSERT_EQ(scope.date, "20130524T000000Z");
    for (const auto& example : kExamples) {
        const auto hash = hex_encode(crypto::sha256(example.payload));
        const auto path = percent_encode(example.path, "/");
        ToSign request{example.method, path, example.query, example.headers, hash};
        request.headers.emplace_back("x-amz-date", scope.date);
        request.headers.emplace_back("x-amz-content-sha256", hash);
        request.headers.emplace_back("host", "examplebucket.s3.amazonaws.com");
        const auto value = authorization(request, scope, credentials);
        EXPECT_THAT(value, testing::EndsWith(cat("Signature=", example.signature))) << example.path;
        EXPECT_THAT(value, testing::StartsWith("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                                               "aws4_request,SignedHeaders="));
        EXPECT_THAT(value, HasSubstr("host;"));
    }
}

// Amazon's test suite of the signature itself, which has no header with the payload's hash: get-vanilla, get-vanilla-query-order.
TEST(Signature, IsThatOfAmazonsTestSuite) {
    const Credentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", {}};
    const Scope scope{"20150830T123600Z", "us-east-1", "service"};
    ToSign request{"GET", "/", {}, {{"host", "example.amazonaws.com"}, {"x-amz-date", scope.date}}, hex_encode(crypto::sha256(""))};
    EXPECT_EQ(authorization(request, scope, credentials),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,SignedHeaders=host;x-amz-date,"
              "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    request.query = {{"Param2", "value2"}, {"Param1", "value1"}};
    EXPECT_THAT(authorization(request, scope, credentials),
                testing::EndsWith("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
}

TEST(Signature, TheQueryIsEncodedAndThenSorted) {
    const std::pair<Fields, const char*> cases[] = {
        {{}, ""},
        {{{"uploads", ""}}, "uploads="},
        {{{"uploadId", "a b+c/=~"}, {"partNumber", "2"}}, "partNumber=2&uploadId=a%20b%2Bc%2F%3D~"},
        {{{"prefix", "x/\xE3\x81\x82"}, {"Prefix", "&"}}, "Prefix=%26&prefix=x%2F%E3%81%82"},
        {{{"a", "2"}, {"a", "1"}}, "a=1&a=2"},
    };
    for (const auto& [query, expected] : cases) EXPECT_EQ(canonical_query(query), expected);
}

TEST(Credentials, AreReadFromTheFileOfAmazonsTools) {
    const auto both = parse_credentials("aws_access_key_id=AK\naws_secret_access_key=a/b+c=\n");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->key_id, "AK");
    EXPECT_EQ(both->secret, "a/b+c=");
    const auto sections = parse_credentials(
        "# ours\r\n[other]\r\naws_access_key_id = NO\r\n[default]\r\n aws_access_key_id = AK\r\nAWS_SECRET_ACCESS_KEY = s\r\n"
        "aws_session_token = t\r\nregion = x\r\n[third]\naws_secret_access_key = no");
    ASSERT_TRUE(sections);
    EXPECT_EQ(sections->key_id, "AK");
    EXPECT_EQ(sections->secret, "s");
    EXPECT_EQ(sections->session_token, "t");
    const std::pair<const char*, const char*> wrong[] = {
        {"", "aws_access_key_id is missing"},
        {"aws_access_key_id = AK", "aws_secret_access_key is missing"},
        {"aws_secret_access_key = s", "aws_access_key_id is missing"},
        {"aws_access_key_id = A K\naws_secret_access_key = s", "aws_access_key_id is no key"},
        {"aws_access_key_id = A\naws_secret_access_key = s\naws_session_token=\x01", "aws_session_token is no token"},
    };
    for (const auto& [text, expected] : wrong) {
        const auto read = parse_credentials(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().text, expected);
    }
}

}  // namespace
}  // namespace tayori::spool::s3

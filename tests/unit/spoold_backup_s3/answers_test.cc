// What S3 answers: well-formed, hostile, and cut off anywhere.
#include "spoold/backup/s3/answers.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "spoold/backup/s3/xml.h"

namespace tayori::spool::s3 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string seen(std::string_view xml) {
    std::string out;
    const auto read = read_xml(xml, [&](std::string_view path, std::string_view text) { append(out, path, "=", text, "|"); });
    return read ? out : "wrong";
}

TEST(Xml, ElementsAndTheirText) {
    const std::pair<std::string, const char*> cases[] = {
        {"<a/>", "a=|"},
        {"\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<a> x </a>\n<!-- end -->", "a= x |"},
        {"<a><b>1</b><b>2</b>3</a>", "a/b=1|a/b=2|a=3|"},
        {"<s:a xmlns:s='u>v'><s:b c = \"/>\" /></s:a >", "a/b=|a=|"},
        {"<a>&lt;&amp;&#65;&#x3042;&quot;&apos;&gt;</a>", "a=<&A\xE3\x81\x82\"'>|"},
        {"<a><![CDATA[<b>&amp;]]>!</a>", "a=<b>&amp;!|"},
        {"", "wrong"},
        {"x", "wrong"},
        {"<a>", "wrong"},
        {"<a></b>", "wrong"},
        {"<a></ab>", "wrong"},
        {"</a>", "wrong"},
        {"<a/><b/>", "wrong"},
        {"<a/>x", "wrong"},
        {"<a>&unknown;</a>", "wrong"},
        {"<a>&amp</a>", "wrong"},
        {"<a>&#0;</a>", "wrong"},
        {"<a>&#xD800;</a>", "wrong"},
        {"<a>&#1114112;</a>", "wrong"},
        {"<a b=\"</a>", "wrong"},
        {"<a <b/></a>", "wrong"},
        {"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "wrong"},
        {"<>x</>", "wrong"},
        {"<![CDATA[x]]><a/>", "wrong"},
    };
    for (const auto& [xml, expected] : cases) EXPECT_EQ(seen(xml), expected) << xml;
}

TEST(Xml, DepthIsBounded) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    EXPECT_EQ(seen(deep), "wrong");
}

constexpr std::string_view kList = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>p/</Prefix><KeyCount>3</KeyCount>
<MaxKeys>3</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated><NextContinuationToken>1ueG&amp;c=</NextContinuationToken>
<Contents><Key>p/a+b%2Bc%26</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>3</Size>
<Owner><ID>p/owner</ID></Owner></Contents><CommonPrefixes><Prefix>p/000001/</Prefix></CommonPrefixes>
<CommonPrefixes><Prefix>p%2F000002%2F</Prefix></CommonPrefixes></ListBucketResult>)";

TEST(Answers, AListOfKeys) {
    const auto listed = parse_listed_keys(kList);
    ASSERT_TRUE(listed);
    EXPECT_THAT(listed->keys, ElementsAre("p/a b+c&"));
    EXPECT_THAT(listed->prefixes, ElementsAre("p/000001/", "p/000002/"));
    EXPECT_EQ(listed->next, "1ueG&c=");
}

// A list that was cut off is never a shorter list: a step that is not seen would be made anew over another one.
TEST(Answers, WhatIsCutOffIsNoList) {
    for (std::size_t size = 0; size < kList.size(); ++size) {
        const auto listed = parse_listed_keys(kList.substr(0, size));
        ASSERT_FALSE(listed) << size;
        EXPECT_EQ(listed.error().kind, Kind::corrupt);
    }
}

TEST(Answers, WhatMakesNoSense) {
    EXPECT_TRUE(parse_listed_keys("<ListBucketResult/>"));
    EXPECT_THAT(parse_listed_keys("<ListBucketResult><IsTruncated>false</IsTruncated><NextContinuationToken>x"
                                  "</NextContinuationToken></ListBucketResult>")->next, IsEmpty());
    EXPECT_FALSE(parse_listed_keys("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"));
    EXPECT_FALSE(parse_listed_keys("<html><body>Welcome to the hotel</body></html>"));
    EXPECT_FALSE(parse_listed_keys("<Error><Code>SlowDown</Code></Error>"));
    EXPECT_FALSE(parse_upload_id("<InitiateMultipartUploadResult/>"));
    EXPECT_FALSE(parse_listed_uploads("<ListBucketResult/>"));
    EXPECT_FALSE(parse_listed_uploads("<ListMultipartUploadsResult><Upload><Key>k</Key></Upload></ListMultipartUploadsResult>"));
}

TEST(Answers, Uploads) {
    EXPECT_EQ(*parse_upload_id("<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>a/b&lt;</UploadId>"
                               "</InitiateMultipartUploadResult>"), "a/b<");
    const auto listed = parse_listed_uploads(
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><Upload><Key>k%201</Key><UploadId>1</UploadId></Upload>"
        "<Upload><UploadId>2</UploadId><Key>k2</Key></Upload></ListMultipartUploadsResult>");
    ASSERT_TRUE(listed);
    EXPECT_TRUE(listed->more);
    ASSERT_EQ(listed->uploads.size(), 2u);
    EXPECT_EQ(listed->uploads[0].key, "k 1");
    EXPECT_EQ(listed->uploads[1].id, "2");
    EXPECT_EQ(listed_parts({"\"a\"", "<b>"}),
              "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1</PartNumber><ETag>"
              "&quot;a&quot;</ETag></Part><Part><PartNumber>2</PartNumber><ETag>&lt;b&gt;</ETag></Part></CompleteMultipartUpload>");
}

TEST(Answers, TroubleIsMadePrintableAndShort) {
    const auto trouble = parse_trouble(cat("<Error><Code>No\nSuch</Code><Message>", std::string(1000, 'x'), "</Message></Error>"));
    EXPECT_EQ(trouble.code, "No?Such");
    EXPECT_EQ(trouble.message.size(), 200u);
    EXPECT_EQ(parse_trouble("<Error><Code>SlowDown</Code><Mess").code, "SlowDown");
    EXPECT_EQ(parse_trouble("<html>").code, "");
}

}  // namespace
}  // namespace tayori::spool::s3

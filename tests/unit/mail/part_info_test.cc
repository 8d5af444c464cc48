// What a part is to people: types and file names, from headers and from BODYSTRUCTURE alike (RFC 2183 §2.3, RFC 2231 §3, RFC 2047).
#include "common/mail/part_info.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/mail/part_tree.h"
#include "common/mail/summary.h"

namespace tayori::mail {
namespace {

struct PartCase {
    const char *header, *type, *name;
    bool is_file;
};
constexpr PartCase kPartCases[] = {
    {"", "text/plain", "", false},
    {"Content-Type: TEXT/HTML; charset=x\r\n", "text/html", "", false},
    {"Content-Type: image/png\r\n", "image/png", "", true},
    {"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n", "text/plain", "", true},
    {"Content-Type: text/plain\r\nContent-Disposition: inline\r\n", "text/plain", "", false},
    {"Content-Type: text/plain; name=a.txt\r\n", "text/plain", "a.txt", true},
    {"Content-Disposition: attachment; filename=\"a b.txt\"\r\n", "text/plain", "a b.txt", true},
    {"Content-Type: a/b; name=old.bin\r\nContent-Disposition: attachment; filename=new.bin\r\n", "a/b", "new.bin", true},
    {"Content-Disposition: attachment; filename*=UTF-8''%E8%A1%A8.csv\r\n", "text/plain", "表.csv", true},
    {"Content-Disposition: attachment; filename*=ISO-2022-JP'ja'%1B$BI=%1B(B.csv\r\n", "text/plain", "表.csv", true},
    {"Content-Disposition: attachment;\r\n filename*0*=UTF-8''%E8%A1;\r\n filename*1*=%A8.csv\r\n", "text/plain", "表.csv", true},
    {"Content-Disposition: attachment; filename*0=\"a\"; filename*1=\"b.txt\"\r\n", "text/plain", "ab.txt", true},
    {"Content-Type: a/b; name=\"=?UTF-8?B?6KGo?=.csv\"\r\n", "a/b", "表.csv", true},
    {"Content-Type: a/b; name=\"=?ISO-2022-JP?B?GyRCST0bKEI=?=.csv\"\r\n", "a/b", "表.csv", true},
    {"Content-Type: a/b; name=\"\x8c\xa9\x90\xcf\x8f\x91.csv\"\r\n", "a/b", "見積書.csv", true},  // raw Shift_JIS
    {"Content-Type: a/b; name=\"表.csv\"\r\n", "a/b", "表.csv", true},
    {"Content-Type: a/b; name=\"C:\\\\temp\\\\x.exe\"\r\n", "a/b", "x.exe", true},
    {"Content-Type: a/b; name=\"../../etc/passwd\"\r\n", "a/b", "passwd", true},
    {"Content-Type: a/b; name=\"=?UTF-8?B?YQ0KYg==?=\"\r\n", "a/b", "a  b", true},
    {"Content-Type: nonsense\r\n", "text/plain", "", false},
};

TEST(PartInfoTest, FromHeaders) {
    for (const auto& c : kPartCases) {
        const auto info = read_part_info(cat(c.header, "\r\n"));
        EXPECT_EQ(info.type, c.type) << c.header;
        EXPECT_EQ(info.name, c.name) << c.header;
        EXPECT_EQ(info.is_file(), c.is_file) << c.header;
    }
}

TEST(PartInfoTest, FromTheStructureTheSame) {
    std::string mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (const auto& c : kPartCases) append(mail, "--b\r\n", c.header, "\r\nx\r\n");
    mail += "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: \"a) (b\\\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
            "--i\r\nContent-ID: <\xff>\r\nContent-Description: (((\r\n\r\nx\r\n--i\r\nContent-Type: a/b; name=in.bin\r\n\r\ny\r\n--i--\r\n--b--\r\n";
    const auto summary = make_summary(mail);
    const auto tree = decode_part_tree(summary.parts);
    ASSERT_TRUE(tree);
    const auto infos = part_infos_of(summary.bodystructure);
    ASSERT_EQ(infos.size(), tree->parts.size());
    for (std::size_t i = 0; i < infos.size(); ++i) {
        const auto& part = tree->parts[i];
        const auto read = read_part_info(std::string_view(mail).substr(part.header_offset, part.header_bytes));
        EXPECT_EQ(infos[i].type, read.type) << i;
        EXPECT_EQ(infos[i].name, read.name) << i;
        EXPECT_EQ(infos[i].disposition, read.disposition) << i;
    }
    EXPECT_EQ(infos.back().name, "in.bin");
}

TEST(PartInfoTest, StructuresThatMakeNoSense) {
    const auto whole = make_summary("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b; name=x\r\n\r\nx\r\n--b--\r\n").bodystructure;
    for (std::size_t n = 0; n <= whole.size(); ++n) EXPECT_LE(part_infos_of(whole.substr(0, n)).size(), 2u);
    for (const auto* text : {"", "(", ")", "((((((", "{9999999999999999999999}", "(\"", "(\"TEXT\" \"PLAIN\"", "({3}\r\nab", "(()())", "NIL"})
        EXPECT_LE(part_infos_of(text).size(), 10u) << text;
    EXPECT_LE(part_infos_of(std::string(1'000'000, '(')).size(), 200u);
}

}  // namespace
}  // namespace tayori::mail

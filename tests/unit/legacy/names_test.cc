#include "common/legacy/names.h"

#include <gtest/gtest.h>

#include "common/legacy/lines.h"
#include "spool.h"

namespace tayori::legacy {
namespace {

TEST(FolderName, FromEveryOldCharset) {
    const struct {
        const char* raw;
        const char* text;
        const char* code;
    } cases[] = {
        {"Sent", "Sent", ""},
        {"a&-b", "a&b", ""},
        {"&Tgtm+DBN-", "下書き", ""},
        {"&kAFP4W4IMH8wyDDsMKQ-", "送信済みトレイ", ""},
        {"下書き", "下書き", ""},
        {"か\xe3\x82\x99", "が", ""},  // NFC
        {"\x89\xba\x8f\x91\x82\xab", "下書き", "name-cp932"},
        {"&Tgtm+DBN", "&Tgtm+DBN", "name-not-canonical"},
        {"&ZeU-&Zyw-", "&ZeU-&Zyw-", "name-not-canonical"},  // two runs where one would do
        {"&AGE-", "&AGE-", "name-not-canonical"},            // ASCII in base64
        {"x\xff\xfe", "x%FF%FE", "name-undecodable"},
        {"a\tb", "a_b", "name-characters"},
        {"", "_", "name-characters"},
        {"..", "..", ""},
    };
    for (const auto& c : cases) {
        const auto name = read_folder_name(c.raw);
        EXPECT_EQ(name.text, c.text) << c.raw;
        EXPECT_EQ(name.code, c.code) << c.raw;
    }
}

TEST(FolderNames, CollisionsGetASuffixAndALine) {
    Report report;
    AccountReport account{report, "a@b.example"};
    FolderNames names;
    EXPECT_EQ(names.take_text("INBOX", "", account), "INBOX");
    EXPECT_EQ(names.take("", "&Tgtm+DBN-", "d/1", account), "下書き");
    EXPECT_EQ(names.take("", "下書き", "d/2", account), "下書き_2");
    EXPECT_EQ(names.take("", "\x89\xba\x8f\x91\x82\xab", "d/3", account), "下書き_3");
    EXPECT_EQ(names.take("下書き", "a", "d/4", account), "下書き/a");
    EXPECT_EQ(names.take("", "Inbox", "d/5", account), "INBOX_2");
    EXPECT_EQ(names.take("INBOX", "x", "d/6", account), "INBOX/x");
    EXPECT_EQ(times(report, "name-taken"), 3U);
    EXPECT_EQ(times(report, "name-cp932"), 1U);
    const auto cut = names.take("", std::string(3000, 'x'), "d/7", account);
    EXPECT_LE(cut.size(), 600U);
    EXPECT_EQ(times(report, "name-too-long"), 1U);
    EXPECT_NE(names.take("", std::string(3001, 'x'), "d/8", account), cut);
    expect_sentences(report);
}

TEST(SpecialUse, ByTheLastLevel) {
    const struct {
        const char* name;
        const char* use;
    } cases[] = {
        {"送信済み", "\\Sent"},
        {"送信済みトレイ", "\\Sent"},
        {"送信済みアイテム", "\\Sent"},
        {"sent items", "\\Sent"},
        {"INBOX/下書き", "\\Drafts"},
        {"DRAFTS", "\\Drafts"},
        {"ごみ箱", "\\Trash"},
        {"ゴミ箱", "\\Trash"},
        {"削除済みアイテム", "\\Trash"},
        {"迷惑メール", "\\Junk"},
        {"Spam", "\\Junk"},
        {"Sent2", ""},
        {"Sent/old", ""},
        {"INBOX", ""},
    };
    for (const auto& c : cases) EXPECT_EQ(special_use_of(c.name), c.use) << c.name;
    EXPECT_TRUE(is_japanese_inbox("受信トレイ"));
}

TEST(AccountAddress, IsNormalised) {
    EXPECT_EQ(account_address("Taro", "Example.JP").value(), "taro@example.jp");
    EXPECT_EQ(account_address_of("taro", "example.jp").value(), "taro@example.jp");
    EXPECT_EQ(account_address_of("taro@b.example", "example.jp").value(), "taro@b.example");
    for (const char* bad : {"", "@", "ta ro", "taro@", "\x91\xbe"})
        EXPECT_FALSE(account_address_of(bad, "example.jp")) << bad;
    EXPECT_FALSE(account_address_of("taro", ""));
}

TEST(Text, EveryOldCharset) {
    const std::string text = "ただいま不在です。";
    const struct {
        const char* bytes;
        const char* charset;
    } cases[] = {
        {"\x82\xbd\x82\xbe\x82\xa2\x82\xdc\x95\x73\x8d\xdd\x82\xc5\x82\xb7\x81\x42", "cp932"},
        {"\xa4\xbf\xa4\xc0\xa4\xa4\xa4\xde\xc9\xd4\xba\xdf\xa4\xc7\xa4\xb9\xa1\xa3", "euc-jp"},
        {"\x1b$B$?$@$$$^IT:_$G$9!#\x1b(B", "iso-2022-jp"},
        {"ただいま不在です。", "utf-8"},
        {"\xef\xbb\xbfただいま不在です。", "utf-8"},
        {"\xff\xfe\x5f\x30\x60\x30\x44\x30\x7e\x30\x0d\x4e\x28\x57\x67\x30\x59\x30\x02\x30",
         "utf-16"},
    };
    for (const auto& c : cases) {
        const auto decoded = decode_text(c.bytes);
        ASSERT_TRUE(decoded) << c.charset;
        EXPECT_EQ(decoded->text, text) << c.charset;
        EXPECT_EQ(decoded->charset, c.charset);
    }
    EXPECT_EQ(decode_text("plain")->charset, "us-ascii");
    EXPECT_FALSE(decode_text(std::string_view("a\0b", 3)));
    EXPECT_FALSE(decode_text("\xff\x80"));
    EXPECT_EQ(verbatim("\xff\x80"), "hex:ff80");
    EXPECT_EQ(decode_utf8_or_cp932("\x8e\x52\x93\x63")->text, "山田");
    EXPECT_EQ(decode_utf8_or_cp932("山田")->text, "山田");
    EXPECT_FALSE(decode_utf8_or_cp932("\xff"));
}

TEST(Text, LinesFieldsNumbers) {
    EXPECT_TRUE(split_lines("").empty());
    EXPECT_EQ(split_lines("a\r\nb\n\nc"), (std::vector<std::string_view>{"a", "b", "", "c"}));
    EXPECT_EQ(split_lines("a\n"), (std::vector<std::string_view>{"a"}));
    EXPECT_EQ(split_fields("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
    EXPECT_EQ(split_fields("", ','), (std::vector<std::string>{""}));
    EXPECT_EQ(parse_number(" 42\r\n"), 42U);
    for (const char* bad :
         {"", " ", "-1", "+1", "1 2", "0x1", "1.0", "12345678901234567890", "4\xef\xbc\x92"})
        EXPECT_FALSE(parse_number(bad)) << bad;
    EXPECT_FALSE(parse_number("12345678901", 10));
}

}  // namespace
}  // namespace tayori::legacy

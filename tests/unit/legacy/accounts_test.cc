#include "common/legacy/accounts/accounts.h"

#include <gtest/gtest.h>

#include "common/legacy/accounts/aliases.h"
#include "common/legacy/accounts/csv.h"
#include "spool.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kHeader =
    "Account\tPass\tFullname\tDomain\tHomefolder\tSMTPauth\tAPOP\tMailBoxLimit\tPOP3\tIMAP4\r\n";
constexpr std::string_view kCsvHeader =
    "address,password,name,quota,pop3,imap4,smtp_auth,apop,aliases,forward\r\n";

AccountTable table_of(const std::string& bytes, Report& report, std::string_view domain = "") {
    auto table = parse_accounts(bytes, "accounts.txt", domain, report);
    EXPECT_TRUE(table) << table.error().text;
    expect_sentences(report);
    return table ? std::move(*table) : AccountTable{};
}

std::string in_utf16(std::string_view ascii) {
    std::string out = "\xff\xfe";
    for (const char c : ascii) out += {c, '\0'};
    return out;
}

TEST(EpostTable, Rows) {
    Report report;
    const auto table = table_of(cat(kHeader,
                                    "user\tpass1234\tuser\tdomain.jp\tHome\t1\t1\t0\t1\t1\r\n"
                                    "Taro\t*****\t\x8e\x52\x93\x63\x91\xbe\x98\x59\tdomain."
                                    "jp\tHome\t0\t0\t1048576\t1\t0\r\n"
                                    "hanako\t{SSHA}abc\t花子\tdomain.jp\t\t1\t0\t10M\t0\t1\n"),
                                report);
    ASSERT_EQ(table.accounts.size(), 3U);
    EXPECT_EQ(table.accounts[0].address, "user@domain.jp");
    EXPECT_EQ(table.accounts[0].password, "pass1234");
    EXPECT_TRUE(table.accounts[0].pop3 && table.accounts[0].imap && table.accounts[0].submission);
    EXPECT_FALSE(table.accounts[0].quota_bytes);
    EXPECT_EQ(table.accounts[1].address, "taro@domain.jp");
    EXPECT_FALSE(table.accounts[1].password);
    EXPECT_EQ(table.accounts[1].display_name, "山田太郎");
    EXPECT_EQ(table.accounts[1].quota_bytes, 1048576U);
    EXPECT_FALSE(table.accounts[1].imap || table.accounts[1].submission);
    EXPECT_EQ(table.accounts[2].display_name, "花子");
    EXPECT_EQ(table.accounts[2].password_hash, "{SSHA}abc");
    EXPECT_FALSE(table.accounts[2].password);
    EXPECT_EQ(table.accounts[2].quota_bytes, 10U * 1024 * 1024);
    EXPECT_EQ(find_line(report, "account-apop")->values[0], "1");
    EXPECT_EQ(all_text(report).find("pass1234"), std::string::npos);
}

TEST(EpostTable, BadRowsAreNamedAndSkipped) {
    Report report;
    const auto table =
        table_of(cat("account\tpass\tdomain\tcolour\tpop3\n", "a\tp\td.example\tred\t1\n",
                     "A\tp\td.example\tred\t1\n",        // again
                     "\xff\xfe\tp\td.example\t\t1\n",    // no name
                     "b\tp\td.example\tred\t1\tmore\n",  // too many
                     "c\tp\t\t\t1\n",                    // no domain
                     "\n", "d\tp\x01q\td.example\t\tperhaps\n"),
                 report);
    ASSERT_EQ(table.accounts.size(), 2U);
    EXPECT_EQ(table.accounts[1].address, "d@d.example");
    EXPECT_FALSE(table.accounts[1].password);
    EXPECT_FALSE(table.accounts[1].pop3);
    EXPECT_EQ(find_line(report, "account-twice")->line, 3U);
    EXPECT_EQ(find_line(report, "account-address")->line, 4U);
    EXPECT_EQ(times(report, "account-address"), 2U);
    EXPECT_EQ(find_line(report, "account-fields")->line, 5U);
    EXPECT_EQ(find_line(report, "account-column")->values[0], "colour");
    EXPECT_EQ(find_line(report, "account-switch")->line, 8U);
    EXPECT_EQ(find_line(report, "password-not-text")->line, 8U);
    EXPECT_EQ(all_text(report).find("p\x01q"), std::string::npos);
    Report second;
    EXPECT_EQ(table_of(cat(kHeader, "c\tp\tc\t\tD:\\mail\t\t\t\t\t\n"), second, "given.example")
                  .accounts[0]
                  .address,
              "c@given.example");
    EXPECT_EQ(times(second, "account-home"), 1U);
}

TEST(CsvTable, InUtf8AndCp932) {
    const std::string utf8 = cat("\xef\xbb\xbf", kCsvHeader,
                                 "taro@a.example,\"pa,ss\"\"w\",\"山田\r\n太郎\",1GiB,1,0,yes,no,"
                                 "\"info; staff@b.example\",x@y.example\r\n"
                                 "jiro,p,,,,,,,,\r\n");
    Report report;
    const auto table = table_of(utf8, report, "a.example");
    ASSERT_EQ(table.accounts.size(), 2U);
    const auto& taro = table.accounts[0];
    EXPECT_EQ(taro.password, "pa,ss\"w");
    EXPECT_EQ(taro.display_name, "山田  太郎");
    EXPECT_EQ(taro.quota_bytes, 1024U * 1024 * 1024);
    EXPECT_FALSE(taro.imap);
    ASSERT_EQ(table.aliases.size(), 2U);
    EXPECT_EQ(table.aliases[0].address, "info@a.example");
    EXPECT_EQ(table.aliases[1].address, "staff@b.example");
    EXPECT_EQ(table.aliases[1].targets, (std::vector<std::string>{"taro@a.example"}));
    ASSERT_EQ(taro.settings.size(), 1U);
    EXPECT_EQ(taro.settings[0].plugin, "forward");
    EXPECT_EQ(taro.settings[0].json,
              R"({"to":["x@y.example"],"keep":true,"permit_from":[],"rules":[]})");
    EXPECT_EQ(table.accounts[1].address, "jiro@a.example");
    EXPECT_TRUE(table.accounts[1].imap && table.accounts[1].pop3 && table.accounts[1].submission);

    Report second;
    const auto cp932 =
        table_of(cat(kCsvHeader, "taro@a.example,p,\x8e\x52\x93\x63,,,,,,,\n"), second);
    EXPECT_EQ(cp932.accounts[0].display_name, "山田");
}

TEST(CsvTable, Refuses) {
    Report report;
    for (const auto& bytes : {std::string("address,password\na@b.example,\"open\n"),
                              cat(kCsvHeader, "\xff\xff,,,,,,,,,\n"), std::string("name,pass\n"),
                              std::string(), std::string("\n\n")})
        EXPECT_EQ(parse_accounts(bytes, "x.csv", "", report).error().kind, Kind::invalid) << bytes;
    const auto table = table_of(cat(kCsvHeader, "a@b.example,p\n"), report);
    EXPECT_TRUE(table.accounts.empty());
    EXPECT_EQ(find_line(report, "account-fields")->line, 2U);
}

TEST(Csv, Rfc4180) {
    const auto records = parse_csv("a,b\r\n\"x\r\ny\",\"\"\"q\"\"\"\r\n\r\n,\nlast");
    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 4U);
    EXPECT_EQ((*records)[1].fields, (std::vector<std::string>{"x\r\ny", "\"q\""}));
    EXPECT_EQ((*records)[1].line, 2U);
    EXPECT_EQ((*records)[2].fields, (std::vector<std::string>{"", ""}));
    EXPECT_EQ((*records)[2].line, 5U);
    EXPECT_EQ((*records)[3].fields, (std::vector<std::string>{"last"}));
    EXPECT_TRUE(parse_csv("")->empty());
    EXPECT_EQ(parse_csv("a\n\"b\" c").error().detail, "line 2");
    EXPECT_EQ(parse_csv("\n\"b").error().detail, "line 2");
    for (const std::string text : {"plain", "a,b", "q\"q", "line\r\nend", "", "\""})
        EXPECT_EQ(parse_csv(csv_field(text) + ",x\n")->front().fields[0], text);
}

TEST(Amount, Units) {
    const struct {
        const char* text;
        std::optional<std::uint64_t> bytes;
    } cases[] = {{"0", 0},
                 {" 1000 ", 1000},
                 {"10k", 10240},
                 {"1 MiB", 1048576},
                 {"2GB", 2147483648},
                 {"1T", 1ULL << 40},
                 {"5b", 5},
                 {"", {}},
                 {"k", {}},
                 {"1.5M", {}},
                 {"1X", {}},
                 {"-1", {}},
                 {"1KB2", {}},
                 {"99999999999999999T", {}}};
    for (const auto& c : cases) EXPECT_EQ(parse_amount(c.text), c.bytes) << c.text;
}

TEST(Aliases, OurForm) {
    Report report;
    const auto aliases = parse_aliases(
        "aliases 1\r\n# comment\r\ninfo\ttaro@a.example, jiro@a.example\r\n\r\nINFO\thanako\r\nno "
        "tab\r\nx\tnot an address\r\n",
        "a.txt", "a.example", report);
    ASSERT_TRUE(aliases);
    ASSERT_EQ(aliases->size(), 1U);
    EXPECT_EQ((*aliases)[0].address, "info@a.example");
    EXPECT_EQ((*aliases)[0].targets,
              (std::vector<std::string>{"taro@a.example", "jiro@a.example", "hanako@a.example"}));
    EXPECT_EQ(find_line(report, "alias-line")->line, 6U);
    EXPECT_EQ(find_line(report, "not-an-address")->line, 7U);
    expect_sentences(report);
    for (const char* bad :
         {"", "info\ttaro", "aliases 2\n", "Windows Registry Editor Version 9.00\n"})
        EXPECT_EQ(parse_aliases(bad, "a.txt", "a.example", report).error().kind, Kind::invalid)
            << bad;
}

TEST(Aliases, RegistryExports) {
    const std::string text =
        "Windows Registry Editor Version 5.00\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\EMWAC\\IMS\\Aliases]\r\n\"info@a.example\"=\"taro@a."
        "example\"\r\n"
        "\"number\"=dword:00000001\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\EMWAC\\IMS\\Lists\\staff]\r\n\"Owner\"=\"taro\"\r\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\EMWAC\\IMS\\Lists\\staff\\Members]\r\n\"taro@a.example\"="
        "\"\"\r\n"
        "\"1\"=\"jiro@b.example\"\r\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\EMWAC\\IMS\\Other]\r\n\"x\"=\"y\"\r\n";
    std::string regedit4 = text;
    regedit4.replace(0, regedit4.find('\r'), "REGEDIT4");
    for (const auto& bytes : {in_utf16(text), in_utf16(text).substr(2), text, regedit4}) {
        Report report;
        const auto aliases = parse_aliases(bytes, "a.reg", "a.example", report);
        ASSERT_TRUE(aliases) << aliases.error().text;
        ASSERT_EQ(aliases->size(), 2U);
        EXPECT_EQ((*aliases)[0].address, "info@a.example");
        EXPECT_EQ((*aliases)[0].targets, (std::vector<std::string>{"taro@a.example"}));
        EXPECT_EQ((*aliases)[1].address, "staff@a.example");
        EXPECT_EQ((*aliases)[1].targets,
                  (std::vector<std::string>{"taro@a.example", "jiro@b.example"}));
        EXPECT_EQ(times(report, "registry-value"), 3U);
        EXPECT_EQ(find_line(report, "registry-value")->line, 5U);
        EXPECT_EQ(times(report, "registry-key"), 1U);
        expect_sentences(report);
    }
}

}  // namespace
}  // namespace tayori::legacy

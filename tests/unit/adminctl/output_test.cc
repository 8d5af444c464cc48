#include <gtest/gtest.h>

#include "adminctl/json.h"
#include "adminctl/table.h"
#include "adminctl/values.h"

namespace tayori::admin {
namespace {

TEST(Table, LinesUpWithJapaneseText) {
    Table table;
    table.column("FOLDER");
    table.column("N", Align::right);
    table.column("NOTE");
    table.row({"INBOX", "1", ""});
    table.row({"仕事/見積", "1200", "é"});
    EXPECT_EQ(table.text(),
              "FOLDER        N  NOTE\n"
              "INBOX         1\n"
              "仕事/見積  1200  é\n");
    EXPECT_EQ(display_width("ﾊﾝｶｸ"), 4U);
    EXPECT_EQ(display_width("e\u0301"), 1U);
    EXPECT_EQ(display_width("📮"), 2U);
}

TEST(Table, ShowsNothingThatCommandsTheTerminal) {
    EXPECT_EQ(printable("a\x1b[31mb\r\n\tc"), "a?[31mb???c");
    EXPECT_EQ(printable("bad\xff utf-8"), "bad? utf-8");
    EXPECT_EQ(printable("x\u202Egnp.exe"), "x?gnp.exe");
    EXPECT_EQ(printable("件名"), "件名");
}

TEST(Table, CutsLongTextAtCharacters) {
    EXPECT_EQ(shortened("abcdef", 6), "abcdef");
    EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
    EXPECT_EQ(shortened("日本語です", 6), "日本…");
}

TEST(Values, Sizes) {
    const std::pair<const char*, std::uint64_t> good[] = {
        {"0", 0}, {"none", 0}, {"1000", 1000}, {"1K", 1024}, {"500M", 524288000}, {"2G", 2147483648},
        {"1.5GiB", 1610612736}, {"2g", 2147483648}, {"10MB", 10485760}, {"7B", 7}};
    for (const auto& [text, bytes] : good) EXPECT_EQ(parse_size(text).value_or(1), bytes) << text;
    for (const auto* text : {"", "G", "-1", "2 G", "2X", "2GG", "1e99G", "0x10", "nan"}) EXPECT_FALSE(parse_size(text)) << text;
    EXPECT_EQ(show_size(0), "0 B");
    EXPECT_EQ(show_size(1023), "1023 B");
    EXPECT_EQ(show_size(1536), "1.5 KiB");
    EXPECT_EQ(show_size(1024 * 1024 - 1), "1.0 MiB");
    EXPECT_EQ(show_percent(1, 0), "");
    EXPECT_EQ(show_percent(1, 2), "50%");
}

TEST(Values, Times) {
    EXPECT_EQ(parse_since("2d", 1'000'000).value(), 1'000'000 - 2 * 86'400);
    EXPECT_EQ(parse_since("12h", 1'000'000).value(), 1'000'000 - 12 * 3'600);
    EXPECT_EQ(show_time(parse_since("2026-11-22", 0).value()), "2026-11-22 00:00");
    EXPECT_EQ(show_time(parse_since("2026-11-22 08:30", 0).value()), "2026-11-22 08:30");
    for (const auto* text : {"", "2", "d", "-2d", "0d", "2x", "yesterday", "2026-13-01"}) EXPECT_FALSE(parse_since(text, 0)) << text;
    EXPECT_EQ(show_time(0), "-");
}

TEST(Values, Protocols) {
    EXPECT_EQ(show_protocols(parse_protocols("pop3,imap").value()), "pop3,imap");
    EXPECT_EQ(show_protocols(parse_protocols("all").value()), "imap,pop3,submission");
    for (const auto* text : {"", "imap,", "nntp", "imap pop3", ",imap"}) {
        if (std::string_view(text) == "imap,") EXPECT_TRUE(parse_protocols(text));
        else EXPECT_FALSE(parse_protocols(text)) << text;
    }
}

TEST(Json, HasEveryFieldAndExactNumbers) {
    v1::Alias alias;
    alias.set_address("\"q\"\\\n\x01@x.test");
    alias.add_targets("山田@x.test");
    alias.add_targets("bad\xff");
    EXPECT_EQ(to_json(alias), R"({"address": "\"q\"\\\u000a\u0001@x.test", "targets": ["山田@x.test", "bad\ufffd"]})");
    v1::AppPassword app;
    app.add_protocols(v1::PROTOCOL_IMAP);
    app.set_created_s(9'007'199'254'740'993);
    EXPECT_EQ(to_json(app), R"({"name": "", "protocols": ["imap"], "created_s": 9007199254740993, "last_used_s": 0})");
    v1::Account account;
    account.set_state(v1::ACCOUNT_STATE_SUSPENDED);
    EXPECT_NE(to_json(account).find(R"("state": "suspended")"), std::string::npos);
    EXPECT_NE(to_json(account).find(R"("has_password": false)"), std::string::npos);
}

}  // namespace
}  // namespace tayori::admin

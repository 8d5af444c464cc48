#include "common/mail/utf7.h"

#include <gtest/gtest.h>

#include <string>

#include "common/mail/mailbox_name.h"

namespace tayori::mail {
namespace {

TEST(Utf7, BothWays) {
    const struct {
        const char* utf7;
        const char* utf8;
    } cases[] = {
        {"INBOX", "INBOX"},
        {"", ""},
        {"a&-b", "a&b"},
        {"&-&-", "&&"},
        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},  // RFC 3501 §5.1.3
        {"&U,BTF2XlZyyKng-", "台北日本語"},
        {"&2D3cyQ-", "\xf0\x9f\x93\x89"},
        {"&AOk-", "é"},
        {"&MOEw,DDr-", "メール"},
        {"&ZeU-&-&ZyyKng-", "日&本語"},
        {"&AAk-", "\t"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(utf7_to_utf8(c.utf7), c.utf8) << c.utf7;
        EXPECT_EQ(utf8_to_utf7(c.utf8), c.utf7) << c.utf8;
    }
}

TEST(Utf7, OneSpellingOnly) {
    for (const char* text : {"&", "&Jjo", "&Jjo!", "\xe6\x97\xa5", "&AGE-", "&2D0-", "&3Mk-",
                             "&ZeVnLIqe-&ZeU-", "&AOl-", "&ZeVnLIq-", "&Z-", "&ZeVnLIqeA-", "a\tb",
                             "&U/BTFw-", "&ZeU=-", "&ACY-", "&2D0AYQ-"})
        EXPECT_FALSE(utf7_to_utf8(text)) << text;
    EXPECT_FALSE(utf8_to_utf7("\xff"));
}

std::string normal(std::string_view name) {
    const auto result = normalize_mailbox_name(name);
    return result ? *result : result.error().kind == Kind::unsupported ? "refused" : "?";
}

TEST(MailboxName, Normal) {
    EXPECT_EQ(normal("inbox"), "INBOX");
    EXPECT_EQ(normal("InBox/Sub"), "INBOX/Sub");
    EXPECT_EQ(normal("Work/inbox"), "Work/inbox");
    EXPECT_EQ(normal("inboxes"), "inboxes");
    EXPECT_EQ(normal("日本語/メール"), "日本語/メール");
    EXPECT_EQ(normal("か\xe3\x82\x99"), "が");
    EXPECT_EQ(normal("a/"), "a");
    EXPECT_EQ(normal(".."), "..");
    EXPECT_EQ(normal("../x"), "../x");
    EXPECT_EQ(normal("C:\\x*%"), "C:\\x*%");
}

TEST(MailboxName, Refused) {
    for (const std::string& name :
         {std::string(""), std::string("/"), std::string("/a"), std::string("a//b"),
          std::string("a//"), std::string("a\nb"), std::string("a\0b", 3), std::string("\x7f"),
          std::string("\xc2\x80"), std::string("\xe2\x80\xa8"), std::string("\xff"),
          std::string("\xed\xa0\x80"), std::string(1001, 'a')})
        EXPECT_EQ(normal(name), "refused") << name;
    std::string deep = "a";
    for (int i = 0; i < 49; ++i) deep += "/a";
    EXPECT_EQ(normal(deep), deep);
    EXPECT_EQ(normal(deep + "/a"), "refused");
}

}  // namespace
}  // namespace tayori::mail

#include "common/legacy/report.h"

#include <gtest/gtest.h>

#include <set>

#include "common/legacy/messages.h"
#include "common/mail/charset.h"

namespace tayori::legacy {
namespace {

std::set<std::string> places(std::string_view text) {
    std::set<std::string> out;
    for (std::size_t i = 0; i + 2 < text.size(); ++i)
        if (text[i] == '{' && text[i + 2] == '}') out.insert(std::string(text.substr(i, 3)));
    return out;
}

TEST(Messages, EachCodeOnceInBothLanguages) {
    std::set<std::string_view> codes;
    for (const auto table : all_messages()) {
        EXPECT_FALSE(table.empty());
        for (const auto& message : table) {
            EXPECT_TRUE(codes.insert(message.code).second) << message.code;
            EXPECT_EQ(places(message.english), places(message.japanese)) << message.code;
            EXPECT_TRUE(mail::is_ascii(message.english)) << message.code;
            EXPECT_FALSE(mail::is_ascii(message.japanese)) << message.code;
            EXPECT_EQ(find_message(message.code), &message);
        }
    }
    EXPECT_EQ(find_message("no-such-code"), nullptr);
}

TEST(Report, SentencesInBothLanguages) {
    const ReportLine line{Severity::changed, "taro@example.jp", "inbox/taro/uid", 3,
                          "uid-file-old",    {"5", "9", "10"}};
    EXPECT_EQ(sentence(line, Language::english),
              "The file says that the next UID is 5, but 9 is in use already: it is from an old "
              "backup. 10 was taken.");
    EXPECT_EQ(as_text(line, Language::english).substr(0, 50),
              "[changed] taro@example.jp inbox/taro/uid:3: The fi");
    EXPECT_NE(as_text(line, Language::japanese)
                  .find("[変更] taro@example.jp inbox/taro/uid:3: 次の UID が 5 と"),
              std::string::npos);
    EXPECT_EQ(as_text({Severity::refused, "", "", 0, "special-file", {}}, Language::japanese)
                  .substr(0, 14),
              "[取込不可");
}

TEST(Report, UnknownCodesAreShownAsTheyAre) {
    EXPECT_EQ(sentence({Severity::note, "", "", 0, "new-thing", {"a", "b"}}, Language::japanese),
              "new-thing a b");
}

TEST(Report, TsvKeepsEveryByteApart) {
    const ReportLine line{Severity::refused, "a\tb", "100%\n\x93\xfa/日本", 7, "x", {"1\r2"}};
    EXPECT_EQ(as_tsv(line, Language::japanese),
              "refused\ta%09b\t100%25%0A%93%FA/日本\t7\tx\tx 1 2");
}

TEST(Report, TextCommandsNoTerminal) {
    const auto text = as_text({Severity::note, "", "\x1b[2Jx\x93\xfa\x96\x7b", 0, "x", {"\x07"}},
                              Language::english);
    EXPECT_EQ(text, "[note]  [2Jx日本: x  ");
}

TEST(Report, CountsAndHandsOn) {
    std::vector<std::string> seen;
    Report sink([&](const ReportLine& line) { seen.push_back(line.code); });
    AccountReport account{sink, "a@b.example"};
    account.add(Severity::refused, "f", "one");
    account.add(Severity::refused, "f", 2, "two", {"v"});
    account.add(Severity::note, "f", "three");
    EXPECT_EQ(seen, (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(sink.count(Severity::refused), 2U);
    EXPECT_EQ(sink.count(Severity::note), 1U);
    EXPECT_TRUE(sink.lines().empty());
    Report kept;
    AccountReport{kept, "a@b.example"}.add(Severity::person, "f", 9, "four");
    ASSERT_EQ(kept.lines().size(), 1U);
    EXPECT_EQ(kept.lines()[0].account, "a@b.example");
    EXPECT_EQ(kept.lines()[0].line, 9U);
}

}  // namespace
}  // namespace tayori::legacy

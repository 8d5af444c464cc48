// Arguments of commands: what is taken, what is refused.
#include <gtest/gtest.h>

#include "imapd/grammar/args.h"
#include "imapd/grammar/fetch_items.h"
#include "imapd/grammar/list_args.h"
#include "imapd/grammar/search_program.h"

namespace tayori::imap {
namespace {

TEST(Literal, AtTheEndOfALine) {
    EXPECT_FALSE(literal_at_end("a1 NOOP"));
    EXPECT_FALSE(literal_at_end("a1 NOOP {}"));
    EXPECT_FALSE(literal_at_end("a1 NOOP {1x}"));
    EXPECT_EQ(literal_at_end("a1 LOGIN {5}")->bytes, 5u);
    EXPECT_TRUE(literal_at_end("a1 LOGIN {5}")->waits);
    EXPECT_FALSE(literal_at_end("a1 LOGIN {5+}")->waits);
    EXPECT_EQ(literal_at_end("x {99999999999999999999999}")->bytes, UINT64_MAX);
}

TEST(Cursor, Strings) {
    EXPECT_EQ(*Cursor("\"a \\\"b\\\\\"").string(), "a \"b\\");
    EXPECT_EQ(*Cursor("{3}\r\na\"b").string(), "a\"b");
    EXPECT_EQ(*Cursor("{3+}\r\na\"b").string(), "a\"b");
    EXPECT_EQ(*Cursor("a]b").astring(), "a]b");
    for (const auto* wrong : {"\"open", "\"a\\b\"", "{4}\r\nabc", "{3}abc", "", "(", "\"a\rb\""}) {
        EXPECT_FALSE(Cursor(wrong).astring().has_value()) << wrong;
    }
    EXPECT_FALSE(Cursor(std::string_view("{1}\r\n\0", 6)).string().has_value());
}

TEST(Cursor, Numbers) {
    EXPECT_EQ(*Cursor("4294967295").number(), UINT32_MAX);
    EXPECT_FALSE(Cursor("4294967296").number().has_value());
    EXPECT_EQ(*Cursor("9223372036854775807").number64(), static_cast<std::uint64_t>(INT64_MAX));
    EXPECT_FALSE(Cursor("9223372036854775808").number64().has_value());
    EXPECT_FALSE(Cursor("0").nz_number().has_value());
}

std::string fetched(std::string_view text) {
    Cursor cursor(text);
    auto items = parse_fetch(cursor);
    if (!items || !cursor.at_end()) return "refused";
    std::string out;
    for (const auto& item : items->bodies)
        out += (out.empty() ? "" : " ") + item.label + (item.sets_seen ? "!" : "");
    return out;
}

TEST(Fetch, LabelsOfSections) {
    EXPECT_EQ(fetched("BODY[]"), "BODY[]!");
    EXPECT_EQ(fetched("body.peek[]<0.100>"), "BODY[]<0>");
    EXPECT_EQ(fetched("(BODY[1.2.MIME] BODY[TEXT])"), "BODY[1.2.MIME]! BODY[TEXT]!");
    EXPECT_EQ(fetched("BODY.PEEK[header.fields (From \"x y\")]"),
              "BODY[HEADER.FIELDS (From \"x y\")]");
    EXPECT_EQ(fetched("(RFC822 RFC822.HEADER)"), "RFC822! RFC822.HEADER");
    EXPECT_EQ(fetched("FULL"), "");
}

TEST(Fetch, Refuses) {
    for (const auto* wrong : {"", "()", "BODY[", "BODY[0]", "BODY[MIME]", "BODY[HEADER.FIELDS ()]",
                              "BODY[]<0>", "BODY[]<0.0>", "(ALL FLAGS)", "FLAGS UID", "BODY[1.]",
                              "BODY[1.2.X]", "RFC822.PEEK", "FLAGS (CHANGEDSINCE 0)"}) {
        EXPECT_EQ(fetched(wrong), "refused") << wrong;
    }
}

bool searches(std::string_view text) {
    Cursor cursor(text);
    return parse_search(cursor).has_value() && cursor.at_end();
}

TEST(Search, TakesAndRefuses) {
    for (const auto* right :
         {"ALL", "OR SEEN NOT (FROM a TO b)", "1:5,9 UID 4:* SINCE 1-Feb-1994", "RETURN () ALL",
          "RETURN (MIN MAX COUNT) CHARSET UTF-8 TEXT {3}\r\n\xe4\xba\xba", "HEADER X-Y \"\"",
          "MODSEQ \"/flags/\\\\Seen\" all 620", "KEYWORD $x LARGER 5 SENTON \"1-Jan-2020\""}) {
        EXPECT_TRUE(searches(right)) << right;
    }
    for (const auto* wrong :
         {"", "()", "NOT", "OR SEEN", "FROM", "SINCE 32-Feb-1994", "(SEEN", "SEEN ", "NOSUCH",
          "RETURN ALL", "RETURN (SAVE) ALL", "MODSEQ x", "LARGER -1"}) {
        EXPECT_FALSE(searches(wrong)) << wrong;
    }
    EXPECT_FALSE(searches(std::string(10'000, '(') + "ALL" + std::string(10'000, ')')));
}

TEST(Search, KnowsUnknownCharsets) {
    Cursor cursor("CHARSET x-nonesuch SUBJECT a");
    EXPECT_TRUE(parse_search(cursor)->bad_charset);
}

TEST(List, Patterns) {
    struct Row {
        const char* pattern;
        const char* name;
        bool matches;
    };
    const Row rows[] = {
        {"*", "a/b", true},    {"%", "a/b", false},        {"%", "a", true},
        {"a/%", "a/b", true},  {"a/%", "a/b/c", false},    {"a/*", "a/b/c", true},
        {"*c", "a/b/c", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false},
        {"%/%", "a/b", true},  {"", "a", false},           {"INBOX", "inbox", false},
        {"%%", "a", true},     {"*%", "a/b", true},        {"%*", "", true}};
    for (const auto& row : rows) {
        EXPECT_EQ(matches_pattern(row.pattern, row.name), row.matches)
            << row.pattern << " " << row.name;
    }
    const std::string stars = [] {
        std::string s;
        for (int i = 0; i < 400; ++i) s += "*a";
        return s;
    }();
    EXPECT_FALSE(matches_pattern(stars, std::string(1000, 'b')));
}

TEST(Store, TakesAndRefuses) {
    const auto takes = [](std::string_view text) {
        Cursor cursor(text);
        return parse_store(cursor).has_value() && cursor.at_end();
    };
    for (const auto* right : {"FLAGS ()", "+FLAGS.SILENT (\\Seen $x)", "-flags \\Deleted a",
                              "(UNCHANGEDSINCE 7) FLAGS (a)"}) {
        EXPECT_TRUE(takes(right)) << right;
    }
    for (const auto* wrong : {"FLAGS", "FLAGS (", "+FLAGS (\\Recent)", "+FLAGS (\\Nosuch)",
                              "FLAGS (a  b)", "FLAGX ()", "(UNCHANGEDSINCE) FLAGS ()"}) {
        EXPECT_FALSE(takes(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace tayori::imap

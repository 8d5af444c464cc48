#include <gmock/gmock.h>

#include "common/legacy/live/imap_response.h"
#include "common/legacy/live/limits.h"
#include "live_server.h"

namespace tayori::legacy {
namespace {

Result<ImapResponse> parse(std::string bytes, std::uint64_t literal_max = 1000) {
    ScriptedLink link([](const std::string&) { return std::nullopt; }, std::move(bytes), 3);
    LinkReader reader(link);
    return read_response(reader, literal_max);
}

// Lists in round brackets, strings in quotes, as one would write them.
std::string show(const std::vector<ImapValue>& values) {
    std::string out;
    for (const auto& value : values) {
        if (!out.empty()) out += ' ';
        switch (value.kind) {
            case ImapValue::Kind::nil:
                out += "NIL";
                break;
            case ImapValue::Kind::atom:
                out += value.text;
                break;
            case ImapValue::Kind::string:
                append(out, '\'', value.text, '\'');
                break;
            case ImapValue::Kind::list:
                append(out, '(', show(value.values), ')');
                break;
        }
    }
    return out;
}

TEST(LiveResponse, ValuesOfAllKinds) {
    constexpr struct {
        std::string_view line;
        std::string_view name;
        std::string_view values;
    } kLines[] = {
        {"* LIST (\\HasNoChildren \\Sent) \".\" Sent\r\n", "LIST", "(\\HasNoChildren \\Sent) '.' Sent"},
        {"* LIST () NIL {5}\r\na\r\nbc\r\n", "LIST", "() NIL 'a\r\nbc'"},
        {"* list () \"/\" \"a \\\"b\\\" \\\\c\"\n", "LIST", "() '/' 'a \"b\" \\c'"},
        {"* 23 FETCH (UID 5 BODY[HEADER.FIELDS (DATE)] {2}\r\nxx FLAGS ())\r\n", "FETCH",
         "(UID 5 BODY[HEADER.FIELDS (DATE)] 'xx' FLAGS ())"},
        {"* 1 FETCH (UID 5 BODY[] {0}\r\n)\r\n", "FETCH", "(UID 5 BODY[] '')"},
        {"* 1 FETCH (UID 5 BODY[] NIL)\r\n", "FETCH", "(UID 5 BODY[] NIL)"},
        {"* CAPABILITY IMAP4rev1  AUTH=PLAIN \r\n", "CAPABILITY", "IMAP4rev1 AUTH=PLAIN"},
        {"* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n", "NAMESPACE", "(('INBOX.' '.')) NIL NIL"},
        {"* STATUS \"a b\" (MESSAGES 3)\r\n", "STATUS", "'a b' (MESSAGES 3)"},
    };
    for (const auto& [line, name, values] : kLines) {
        const auto response = parse(std::string(line));
        ASSERT_TRUE(response) << line << response.error().detail;
        EXPECT_EQ(response->name, name);
        EXPECT_EQ(show(response->values), values);
    }
}

TEST(LiveResponse, StatusAndItsCode) {
    const auto validity = parse("* OK [UIDVALIDITY 1300000007] UIDs {valid}\r\n");
    ASSERT_TRUE(validity);
    EXPECT_EQ(show(validity->code), "UIDVALIDITY 1300000007");
    EXPECT_EQ(validity->text, "UIDs {valid}");
    const auto flags = parse("m12 OK [PERMANENTFLAGS (\\Seen \\*)] {12}\r\n");
    ASSERT_TRUE(flags);
    EXPECT_EQ(flags->tag, "m12");
    EXPECT_EQ(show(flags->code), "PERMANENTFLAGS (\\Seen \\*)");
    EXPECT_EQ(parse("m1 NO [not closed\r\n")->text, "[not closed");
    EXPECT_EQ(parse("+ go on\r\n")->kind, ImapResponse::Kind::more);
    EXPECT_EQ(parse("* 4294967295 EXISTS\r\n")->number, 4294967295U);
}

TEST(LiveResponse, WhatMakesNoSense) {
    std::string nested = "* X ";
    for (std::size_t i = 0; i < kLiveNestingMax + 2; ++i) nested += '(';
    std::string many = "* X";
    for (std::size_t i = 0; i < kLiveValuesMax + 1; ++i) many += " a";
    std::string literals = "* X";
    for (std::size_t i = 0; i < kLiveLiteralsMax + 1; ++i) literals += " {0}\r\n";
    const std::string lines[] = {"\r\n",
                                 "* \r\n",
                                 "* 12\r\n",
                                 "* X (a\r\n",
                                 "* X a)\r\n",
                                 "* X \"a\r\n",
                                 "* X BODY[a\r\n",
                                 nested + "\r\n",
                                 many + "\r\n",
                                 literals + "\r\n",
                                 std::string(kLiveLineBytesMax + 1, 'x')};
    for (const auto& line : lines) {
        const auto response = parse(line);
        ASSERT_FALSE(response) << line.substr(0, 40);
        EXPECT_EQ(response.error().kind, Kind::corrupt) << line.substr(0, 40);
    }
}

TEST(LiveResponse, ALiteralHasABound) {
    EXPECT_EQ(parse("* 1 FETCH (BODY[] {1001}\r\n").error().kind, Kind::too_big);
    EXPECT_EQ(parse("* 1 FETCH (BODY[] {18446744073709551616}\r\n").error().kind,
              Kind::corrupt);  // no number: an atom that breaks off
    EXPECT_EQ(parse("* 1 FETCH (BODY[] {10}\r\nabc").error().kind, Kind::closed);
}

TEST(LiveResponse, Numbers) {
    EXPECT_EQ(imap_number("4294967295"), 4294967295U);
    for (const auto* text : {"4294967296", "", "-1", "1x", " 1"}) EXPECT_EQ(imap_number(text), 0U) << text;
}

}  // namespace
}  // namespace tayori::legacy

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/mail/imap_text.h"
#include "common/mail/mime_parser.h"
#include "common/mail/section.h"

namespace tayori::mail {
namespace {

std::string crlf(std::string_view text) {  // tests write "\n"
    std::string out;
    for (char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

ParsedMessage parse(std::string_view message) {
    MimeParser parser;
    parser.feed(message);
    auto whole = parser.finish();
    // However the message comes, the result is the same, and the tree survives its blob.
    for (const std::size_t step : {1, 2, 7, 80}) {
        MimeParser pieces;
        for (std::size_t i = 0; i < message.size(); i += step) pieces.feed(message.substr(i, step));
        const auto again = pieces.finish();
        EXPECT_EQ(again.tree, whole.tree) << step;
        EXPECT_EQ(again.bodystructure, whole.bodystructure);
        EXPECT_EQ(again.envelope, whole.envelope);
        EXPECT_EQ(again.header, whole.header);
    }
    EXPECT_EQ(decode_part_tree(encode(whole.tree)), whole.tree);
    EXPECT_EQ(whole.tree.message_bytes(), message.size());
    return whole;
}

std::string structure(std::string_view message) { return parse(crlf(message)).bodystructure; }

// The bytes of a section, "-" when there is none.
std::string get(std::string_view message, std::vector<std::uint32_t> path,
                SectionText text = SectionText::whole) {
    const auto tree = parse(message).tree;
    const Section section{std::move(path), text, {}};
    if (!resolve(tree, section)) return "-";
    return section_bytes("", message, tree, section);
}

TEST(BodyStructure, Simple) {
    EXPECT_EQ(structure("Subject: x\n\nHello\nyou\n"),
              R"(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 12 2 NIL NIL NIL NIL))");
    EXPECT_EQ(
        structure(
            "Content-Type: text/html; charset=UTF-8\nContent-Transfer-Encoding: base64\n"
            "Content-ID: <a@b>\nContent-Description: d\nContent-MD5: m\n"
            "Content-Disposition: attachment; filename=\"x y.html\"\nContent-Language: en, ja\n"
            "Content-Location: http://x.test/\n\nAAAA\n"),
        R"(("TEXT" "HTML" ("CHARSET" "UTF-8") "<a@b>" "d" "BASE64" 6 1 "m" )"
        R"(("ATTACHMENT" ("FILENAME" "x y.html")) ("en" "ja") "http://x.test/"))");
    EXPECT_EQ(structure("Content-Type: image/png\nContent-Language: ja\n\nx"),
              R"(("IMAGE" "PNG" NIL NIL NIL "7BIT" 1 NIL NIL "ja" NIL))");
    EXPECT_EQ(structure(""),
              R"(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL))");
    EXPECT_EQ(structure("A: b\n"),
              R"(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL))");
}

const char kMixed[] =
    "From: anna@example.test\nContent-Type: multipart/mixed; boundary=\"b 1\"\n\n"
    "preamble\n--b 1\n\nfirst\nlines\n--b 1  \nContent-Type: application/pdf; "
    "name=a.pdf\n\nPDF\n--b 1--\nepilogue\n";

TEST(BodyStructure, Multipart) {
    EXPECT_EQ(structure(kMixed),
              R"((("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 12 1 NIL NIL NIL NIL))"
              R"(("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "7BIT" 3 NIL NIL NIL NIL) )"
              R"("MIXED" ("BOUNDARY" "b 1") NIL NIL NIL))");
    const auto text = crlf(kMixed);
    EXPECT_EQ(get(text, {1}), "first\r\nlines");
    EXPECT_EQ(get(text, {2}), "PDF");
    EXPECT_EQ(get(text, {2}, SectionText::mime),
              "Content-Type: application/pdf; name=a.pdf\r\n\r\n");
    EXPECT_EQ(get(text, {1}, SectionText::mime), "\r\n");
    EXPECT_EQ(get(text, {3}), "-");
    EXPECT_EQ(get(text, {1, 1}), "-");
    EXPECT_EQ(get(text, {1}, SectionText::header), "-");
    EXPECT_EQ(get(text, {}, SectionText::text).substr(0, 10), "preamble\r\n");
    EXPECT_EQ(get(text, {}), text);
}

const char kForwarded[] =
    "Subject: out\nContent-Type: multipart/mixed; boundary=x\n\n"
    "--x\n\nhi\n--x\nContent-Type: message/rfc822\n\n"
    "Subject: in\nFrom: a@b\nContent-Type: multipart/alternative; boundary=y\n\n"
    "--y\n\nplain\n--y\nContent-Type: text/html\n\n<p>\n--y--\n--x--\n";

TEST(BodyStructure, MessageWithin) {
    EXPECT_EQ(
        structure(kForwarded),
        R"((("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 2 0 NIL NIL NIL NIL))"
        R"(("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 131 (NIL "in" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) )"
        R"(((NIL NIL "a" "b")) NIL NIL NIL NIL NIL) )"
        R"((("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 5 0 NIL NIL NIL NIL))"
        R"(("TEXT" "HTML" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3 0 NIL NIL NIL NIL) )"
        R"("ALTERNATIVE" ("BOUNDARY" "y") NIL NIL NIL) 11 NIL NIL NIL NIL) "MIXED" ("BOUNDARY" "x") NIL NIL NIL))");
    const auto text = crlf(kForwarded);
    EXPECT_EQ(get(text, {2, 1}), "plain");
    EXPECT_EQ(get(text, {2, 2}), "<p>");
    EXPECT_EQ(get(text, {2, 3}), "-");
    EXPECT_EQ(get(text, {2}, SectionText::header),
              crlf("Subject: in\nFrom: a@b\nContent-Type: multipart/alternative; boundary=y\n\n"));
    EXPECT_EQ(get(text, {2}, SectionText::text),
              crlf("--y\n\nplain\n--y\nContent-Type: text/html\n\n<p>\n--y--"));
    EXPECT_EQ(get(text, {2, 2}, SectionText::mime), crlf("Content-Type: text/html\n\n"));
    EXPECT_EQ(get(text, {2}),
              get(text, {2}, SectionText::header) + get(text, {2}, SectionText::text));
    EXPECT_EQ(get(text, {2}).size(), 131u);
}

TEST(BodyStructure, WithoutExtensionData) {
    EXPECT_EQ(
        body_from_bodystructure(structure(kForwarded)),
        R"((("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 2 0))"
        R"(("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 131 (NIL "in" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) )"
        R"(((NIL NIL "a" "b")) NIL NIL NIL NIL NIL) )"
        R"((("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 5 0))"
        R"(("TEXT" "HTML" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3 0) "ALTERNATIVE") 11) "MIXED"))");
    EXPECT_EQ(body_from_bodystructure(
                  structure("Content-Type: a/b; x=\"q\\\"()\"\nContent-Description: \xff)(\n\n")),
              "(\"A\" \"B\" (\"X\" \"q\\\"()\") NIL {3}\r\n\xff)( \"7BIT\" 0)");
}

TEST(Section, SinglePart) {
    const std::string text = "A: b\r\n\r\nHello\r\n";
    EXPECT_EQ(get(text, {1}), "Hello\r\n");
    EXPECT_EQ(get(text, {1}, SectionText::mime), "A: b\r\n\r\n");
    EXPECT_EQ(get(text, {2}), "-");
    EXPECT_EQ(get(text, {0}), "-");
    EXPECT_EQ(get(text, {1, 1}), "-");
    EXPECT_EQ(get(text, {}, SectionText::mime), "-");
    EXPECT_EQ(get(text, {1}, SectionText::text), "-");
}

TEST(Section, MessageThatIsOnlyAMessage) {
    const auto text = crlf("A: b\nContent-Type: message/rfc822\n\nC: d\n\nHello\n");
    EXPECT_EQ(get(text, {1}), crlf("C: d\n\nHello\n"));
    EXPECT_EQ(get(text, {1}, SectionText::header), crlf("C: d\n\n"));
    EXPECT_EQ(get(text, {1}, SectionText::text), crlf("Hello\n"));
    EXPECT_EQ(get(text, {1, 1}), crlf("Hello\n"));
    EXPECT_EQ(get(text, {1, 2}), "-");
}

// The example of RFC 3501 §6.4.5.
TEST(Section, ExampleOfRfc3501) {
    const auto text = crlf(
        "Content-Type: multipart/mixed; boundary=r\n\n"
        "--r\nContent-Type: text/plain\n\n1\n"
        "--r\nContent-Type: application/octet-stream\n\n2\n"
        "--r\nContent-Type: message/rfc822\n\n"
        "Subject: 3\nContent-Type: multipart/mixed; boundary=s\n\n"
        "--s\nContent-Type: text/plain\n\n3.1\n"
        "--s\nContent-Type: application/octet-stream\n\n3.2\n--s--\n"
        "--r\nContent-Type: multipart/mixed; boundary=t\n\n"
        "--t\nContent-Type: image/gif\n\n4.1\n"
        "--t\nContent-Type: message/rfc822\n\n"
        "Subject: 4.2\nContent-Type: multipart/mixed; boundary=u\n\n"
        "--u\n\n4.2.1\n"
        "--u\nContent-Type: multipart/alternative; boundary=v\n\n"
        "--v\n\n4.2.2.1\n--v\nContent-Type: "
        "text/richtext\n\n4.2.2.2\n--v--\n--u--\n--t--\n--r--\n");
    EXPECT_EQ(get(text, {1}), "1");
    EXPECT_EQ(get(text, {2}), "2");
    EXPECT_EQ(get(text, {3}, SectionText::header).substr(0, 12), "Subject: 3\r\n");
    EXPECT_EQ(get(text, {3, 1}), "3.1");
    EXPECT_EQ(get(text, {3, 2}), "3.2");
    EXPECT_EQ(get(text, {4, 1}), "4.1");
    EXPECT_EQ(get(text, {4, 1}, SectionText::mime), "Content-Type: image/gif\r\n\r\n");
    EXPECT_EQ(get(text, {4, 2}, SectionText::header).substr(0, 14), "Subject: 4.2\r\n");
    EXPECT_EQ(get(text, {4, 2, 1}), "4.2.1");
    EXPECT_EQ(get(text, {4, 2, 2, 1}), "4.2.2.1");
    EXPECT_EQ(get(text, {4, 2, 2, 2}), "4.2.2.2");
    EXPECT_EQ(get(text, {4}).substr(0, 5), "--t\r\n");
    EXPECT_EQ(get(text, {4}, SectionText::text), "-");
}

TEST(Section, PrefixStandsBeforeTheHeader) {
    const std::string prefix = "Return-Path: <>\r\n";  // 17 bytes
    const std::string text = "A: b\r\nC: d\r\n\r\nHello\r\n";
    const auto tree = parse(text).tree;
    const auto of = [&](Section s) { return section_bytes(prefix, text, tree, s); };
    EXPECT_EQ(of({{}, SectionText::whole, {}}), prefix + text);
    EXPECT_EQ(of({{}, SectionText::header, {}}), prefix + "A: b\r\nC: d\r\n\r\n");
    EXPECT_EQ(of({{}, SectionText::text, {}}), "Hello\r\n");
    EXPECT_EQ(of({{1}, SectionText::whole, {}}), "Hello\r\n");
    EXPECT_EQ(of({{}, SectionText::header_fields, {"c", "return-path"}}),
              "Return-Path: <>\r\nC: d\r\n\r\n");
    EXPECT_EQ(of({{}, SectionText::header_fields_not, {"c"}}), "Return-Path: <>\r\nA: b\r\n\r\n");
    const auto whole = *resolve(tree, {});
    EXPECT_EQ(whole.total(17), 17 + text.size());
    EXPECT_EQ(cut(whole, 17, 0, 10), (Cut{0, 10, 0, 0}));
    EXPECT_EQ(cut(whole, 17, 10, 10), (Cut{10, 7, 0, 3}));
    EXPECT_EQ(cut(whole, 17, 20, 5), (Cut{17, 0, 3, 5}));
    EXPECT_EQ(cut(whole, 17, 1000, 5).bytes, 0u);
    EXPECT_EQ(cut(whole, 17), (Cut{0, 17, 0, text.size()}));
    EXPECT_EQ(cut({false, 14, 7}, 17, 2, UINT64_MAX), (Cut{0, 0, 16, 5}));
    EXPECT_EQ(cut(whole, 17, UINT64_MAX, UINT64_MAX).bytes, 0u);
}

TEST(BrokenMime, Boundaries) {
    // No end boundary.
    auto text = crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\n\ntwo\n");
    EXPECT_EQ(get(text, {1}), "one");
    EXPECT_EQ(get(text, {2}), "two\r\n");
    // An inner multipart without end: the outer boundary ends it.
    text = crlf(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; "
        "boundary=y\n\n"
        "--y\n\none\n--x\n\ntwo\n--x--\n");
    EXPECT_EQ(get(text, {1, 1}), "one");
    EXPECT_EQ(get(text, {2}), "two");
    // One boundary is the beginning of the other, both ways.
    text = crlf(
        "Content-Type: multipart/mixed; boundary=xx\n\n--xx\nContent-Type: multipart/mixed; "
        "boundary=xxyy\n\n"
        "--xxyy\n\none\n--xxyy--\n--xx\n\ntwo\n--xx--\n");
    EXPECT_EQ(get(text, {1, 1}), "one");
    EXPECT_EQ(get(text, {2}), "two");
    text = crlf(
        "Content-Type: multipart/mixed; boundary=xxyy\n\n--xxyy\nContent-Type: multipart/mixed; "
        "boundary=xx\n\n"
        "--xx\n\none\n--xx--\n--xxyy\n\ntwo\n--xxyy--\n");
    EXPECT_EQ(get(text, {1, 1}), "one");
    EXPECT_EQ(get(text, {2}), "two");
    // Inside a part, a line that begins like a boundary is text.
    text =
        crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n--xyz\n--\n-- \n--x-\n--x--\n");
    EXPECT_EQ(get(text, {1}), crlf("--xyz\n--\n-- \n--x-"));
    // The same boundary within as without: the innermost counts.
    text = crlf(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; "
        "boundary=x\n\n"
        "--x\n\none\n--x--\n--x\n\ntwo\n--x--\n");
    EXPECT_EQ(get(text, {1, 1}), "one");
    EXPECT_EQ(get(text, {2}), "two");
    // Bare LF.
    text = "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\nmore\n--x\n\ntwo\n--x--\n";
    EXPECT_EQ(get(text, {1}), "one\nmore");
    EXPECT_EQ(get(text, {2}), "two");
    // The last delimiter without a line end.
    text = crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--");
    EXPECT_EQ(get(text, {1}), "one");
    EXPECT_EQ(get(text, {2}), "-");
}

TEST(BrokenMime, EmptyParts) {
    auto text = crlf(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\n\n--x\nA: b\n\n--x\nA: c\n--x--\n");
    EXPECT_EQ(get(text, {1}), "");
    EXPECT_EQ(get(text, {2}, SectionText::mime), "\r\n");
    EXPECT_EQ(get(text, {3}, SectionText::mime), "A: b\r\n\r\n");
    EXPECT_EQ(get(text, {4}, SectionText::mime), "A: c\r\n");
    EXPECT_EQ(get(text, {4}), "");
    // A message within, whose header ends right before the boundary.
    text = crlf("Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: y\n\n--x--\n");
    EXPECT_EQ(get(text, {1}), "Subject: y\r\n");
    EXPECT_EQ(get(text, {1}, SectionText::header), "Subject: y\r\n");
    EXPECT_EQ(get(text, {1}, SectionText::text), "");
    text = crlf("Content-Type: multipart/digest; boundary=x\n\n--x\n--x--\n");
    EXPECT_EQ(get(text, {1}), "");
}

TEST(BrokenMime, MultipartWithoutParts) {
    const char* plain =
        R"(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 7 1 NIL NIL NIL NIL))";
    EXPECT_EQ(structure("Content-Type: multipart/mixed; boundary=x\n\nhello\n"), plain);
    EXPECT_EQ(structure("Content-Type: multipart/mixed\n\nhello\n"), plain);
    EXPECT_EQ(structure("Content-Type: multipart/mixed; boundary=\"\"\n\nhello\n"), plain);
    EXPECT_EQ(structure("Content-Type: multipart\n\nhello\n"), plain);
    EXPECT_EQ(get("Content-Type: multipart/mixed; boundary=x\r\n\r\nhello\r\n", {1}), "hello\r\n");
}

TEST(BrokenMime, Headers) {
    // No blank line before the first delimiter, nor between a part's header and its text.
    auto text = crlf(
        "Content-Type: multipart/mixed; boundary=x\n--x\nContent-Type: text/html\nHello "
        "there\nyou\n--x--\n");
    EXPECT_EQ(get(text, {1}), "Hello there\r\nyou");
    EXPECT_EQ(get(text, {1}, SectionText::mime), "Content-Type: text/html\r\n");
    // A part without header and blank line.
    text = crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\nHello there\n--x--\n");
    EXPECT_EQ(get(text, {1}), "Hello there");
    // A message within, without header: its text stands right there.
    text = crlf("Content-Type: multipart/digest; boundary=x\n\n--x\n\nHello there\nyou\n--x--\n");
    EXPECT_EQ(get(text, {1}, SectionText::text), "Hello there\r\nyou");
    EXPECT_EQ(get(text, {1}, SectionText::header), "");
    // A field wrapped without a space, NUL, and a line of 2,000 bytes.
    EXPECT_EQ(structure("Subject: a\nwrapped\nContent-Type: text/html\n\n").substr(0, 14),
              R"(("TEXT" "HTML")");
    EXPECT_EQ(
        parse("Subject: " + std::string(2000, 'x') + std::string("\0\r\nFrom: a@b\r\n\r\n", 16))
            .envelope.substr(0, 14),
        "(NIL {2000}\r\nx");
}

std::string nested(int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i)
        text += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\r\n\r\n--b" +
                std::to_string(i) + "\r\n";
    return text + "\r\nhello\r\n";
}

TEST(HostileMime, StaysBounded) {
    MimeParser deep;
    deep.feed(nested(10'000));
    EXPECT_EQ(deep.finish().tree.parts.size(), 100u);

    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "Content-Type: message/rfc822\r\n\r\n";
    MimeParser messages;
    messages.feed(text);
    EXPECT_EQ(messages.finish().tree.parts.size(), 100u);

    text = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
    for (int i = 0; i < 100'000; ++i) text += "--x\r\n\r\n";
    MimeParser wide;
    wide.feed(text);
    EXPECT_EQ(wide.finish().tree.parts.size(), 1000u);

    text.clear();
    for (int i = 0; i < 100'000; ++i) text += "X-" + std::to_string(i) + ": y\r\nTo: a@b\r\n";
    MimeParser headers;
    headers.feed(text);
    EXPECT_EQ(headers.finish().header.size(), 256u * 1024);

    text = "Content-Type: a/b";
    for (int i = 0; i < 100'000; ++i) text += "; p=\"" + std::to_string(i) + "\"";
    MimeParser params;
    params.feed(text);
    EXPECT_LT(params.finish().bodystructure.size(), 10'000u);

    text = nested(99);
    for (int i = 0; i < 100'000; ++i) text += "--bbb\r\n";
    MimeParser dashes;
    dashes.feed(text);
    EXPECT_EQ(dashes.finish().tree.parts.size(), 100u);
}

TEST(HostileMime, BodyStructureIsBounded) {
    std::string text = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
    for (int i = 0; i < 900; ++i)
        text += "--x\r\nContent-Type: text/plain; n=" + std::string(5000, 'y') + "\r\n\r\n\r\n";
    const auto parsed = parse(text);
    EXPECT_EQ(parsed.tree.parts.size(), 901u);
    EXPECT_LT(parsed.bodystructure.size(), 1024u * 1024);
}

TEST(HostileMime, BlobsThatAreNoTrees) {
    const auto blob = encode(parse(crlf(kForwarded)).tree);
    EXPECT_FALSE(decode_part_tree(""));
    EXPECT_FALSE(decode_part_tree("\x02" + blob.substr(1)));
    EXPECT_FALSE(decode_part_tree(blob + "x"));
    for (std::size_t n = 0; n < blob.size(); ++n)
        EXPECT_FALSE(decode_part_tree(blob.substr(0, n))) << n;
    for (std::size_t i = 0; i < blob.size(); ++i) {
        auto changed = blob;
        changed[i] = static_cast<char>(changed[i] ^ 0x55);
        decode_part_tree(changed);
    }
}

}  // namespace
}  // namespace tayori::mail

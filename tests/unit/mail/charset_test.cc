#include "common/mail/charset.h"

#include <gtest/gtest.h>

#include <string>

#include "common/mail/encoded_word.h"
#include "common/mail/params.h"
#include "common/mail/transfer_encoding.h"

namespace tayori::mail {
namespace {

using std::string_literals::operator""s;

TEST(Utf8, Validity) {
    for (const auto& good : {""s, "abc"s, "日本語"s, "\xf0\x9f\x93\xae"s, "\xed\x9f\xbf"s,
                             "\xf4\x8f\xbf\xbf"s, "a\0b"s})
        EXPECT_TRUE(is_valid_utf8(good)) << good;
    for (const auto& bad :
         {"\x80"s, "\xc0\x80"s, "\xe0\x80\x80"s, "\xed\xa0\x80"s, "\xf4\x90\x80\x80"s, "\xf8"s,
          "\xe3\x81"s, "longer than eight \xe3"s, "\xc2"s})
        EXPECT_FALSE(is_valid_utf8(bad)) << bad;
}

TEST(Charset, JapaneseOfAllKinds) {
    const struct {
        const char* label;
        std::string bytes;
        const char* utf8;
    } cases[] = {
        {"ISO-2022-JP", "\x1b$BF|K\\8l\x1b(B", "日本語"},
        {"iso-2022-jp", "\x1b$@F|K\\8l\x1b(J abc", "日本語 abc"},
        {"iso-2022-jp", "\x1b$B-!-j-b\x1b(B", "①㈱№"},  // NEC row 13: ① 0x2d21 ㈱ 0x2d6a
        {"iso-2022-jp", "\x1b(I6@6E\x1b(B", "ｶﾀｶﾅ"},    // half-width kana, CP50221
        {"iso-2022-jp",
         "\x0e"
         "6@6E\x0f.",
         "ｶﾀｶﾅ."},                                        // and by shifting
        {"iso-2022-jp", "\x1b$By!\x1b(B", "纊"},          // NEC selected IBM, row 89
        {"iso-2022-jp", "\x1b$(D0#\x1b(B", "丅"},         // JIS X 0212
        {"iso-2022-jp", "\x1b$BF|\r\nabc", "日\r\nabc"},  // a line begins in ASCII
        {"iso-2022-jp", "\x1b$BF", "\xef\xbf\xbd"},
        {"iso-2022-jp", "\x93\xfa\x96\x7b", "日本"},  // Shift_JIS labelled so
        {"Shift_JIS", "\x93\xfa\x96{\x8c\xea", "日本語"},
        {"x-sjis", "\x87@\x87\x8a\xfb\xfc\xfa\xb1", "①㈱髙﨑"},  // NEC and IBM
        {"windows-31j", "\xb6\xc0\xb6\xc5", "ｶﾀｶﾅ"},
        {"cp932", "\x81`\x81|", "～－"},
        {"Shift_JIS", "\x93", "\xef\xbf\xbd"},
        {"Shift_JIS", "\x93\n", "\xef\xbf\xbd\n"},
        {"EUC-JP", "\xc6\xfc\xcb\xdc\xb8\xec", "日本語"},
        {"euc-jp", "\xad\xa1\xad\xea\x8e\xb6\x8e\xc5", "①㈱ｶﾅ"},
        {"euc-jp", "\x8f\xb0\xa3", "丅"},
        {"utf-8", "日本語", "日本語"},
        {"utf-8", "日\x80語", "日\xef\xbf\xbd語"},
        {"us-ascii", "abc", "abc"},
        {"us-ascii", "日本", "日本"},
        {"ISO-8859-1", "caf\xe9 \x93q\x94", "café “q”"},
        {"koi8-r", "\xf0\xf2\xe9\xf7\xe5\xf4", "ПРИВЕТ"},
        {"gb2312", "\xc4\xe3\xba\xc3", "你好"},
        {"big5", "\xa7\x41\xa6\x6e", "你好"},
        {"ks_c_5601-1987", "\xbe\xc8\xb3\xe7", "안녕"},
        {"utf-16be", "\x65\xe5\x67\x2c"s, "日本"},
        {"no-such-charset", "日本", "日本"},
        {"", "caf\xe9", "café"},
        {"shift_jis", "日本語を", "日本語を"},  // UTF-8 under a wrong label
    };
    for (const auto& c : cases) EXPECT_EQ(to_utf8(c.bytes, c.label), c.utf8) << c.label;
}

TEST(Charset, Guesses) {
    EXPECT_EQ(guess_to_utf8("日本語"), "日本語");
    EXPECT_EQ(guess_to_utf8("\x1b$BF|K\\8l\x1b(B"), "日本語");
    EXPECT_EQ(guess_to_utf8("\x93\xfa\x96{\x8c\xea\x82\xcc\x83\x81\x81[\x83\x8b"),
              "日本語のメール");
    EXPECT_EQ(guess_to_utf8("\xc6\xfc\xcb\xdc\xb8\xec\xa4\xce\xa5\xe1\xa1\xbc\xa5\xeb"),
              "日本語のメール");
    EXPECT_EQ(guess_to_utf8("caf\xe9 cr\xe8me"), "café crème");
    EXPECT_EQ(guess_to_utf8("M\xfcller & S\xf6hne"), "Müller & Söhne");
}

TEST(Charset, Strict) {
    EXPECT_EQ(to_utf8_strict("\x1b$BF|K\\\x1b(B", "ISO-2022-JP"), "日本");
    EXPECT_FALSE(to_utf8_strict("\x80", "utf-8"));
    EXPECT_FALSE(to_utf8_strict("\x80", "us-ascii"));
    EXPECT_FALSE(to_utf8_strict("\xff\xff", "Shift_JIS"));
    EXPECT_FALSE(to_utf8_strict("a", "nonsense"));
    EXPECT_FALSE(to_utf8_strict("a", ""));
    EXPECT_TRUE(knows_charset("Windows-1251"));
    EXPECT_FALSE(knows_charset("ebcdic-us"));
    EXPECT_FALSE(knows_charset("IMAP-mailbox-name"));
}

TEST(Charset, FoldForSearch) {
    EXPECT_EQ(fold_for_search("Hello"), "hello");
    EXPECT_EQ(fold_for_search("ＡＢＣ　ｶﾞｷﾞ"), "abc ガギ");
    EXPECT_EQ(fold_for_search("か\xe3\x82\x99"), "が");
    EXPECT_EQ(fold_for_search("Straße"), "strasse");
    EXPECT_EQ(fold_for_search("㈱"), "(株)");
    EXPECT_EQ(fold_for_search("10〜20"), fold_for_search("10～20"));
    EXPECT_EQ(fold_for_search("a−b"), fold_for_search("a－b"));
    EXPECT_EQ(fold_for_search("—"), fold_for_search("―"));
    EXPECT_EQ(fold_for_search("a\x80"), "a\xef\xbf\xbd");
    EXPECT_EQ(to_nfc_folded("ÄB"), "äb");
    EXPECT_FALSE(to_nfc("\xff"));
}

TEST(EncodedWord, ExamplesOfRfc2047) {
    EXPECT_EQ(decode_header_text("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>"),
              "Keith Moore <moore@cs.utk.edu>");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?="), "Keld Jørn Simonsen");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?Q?a?="), "a");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?Q?a?= b"), "a b");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="), "ab");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?Q?a?=  \r\n   =?ISO-8859-1?Q?b?="), "ab");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?Q?a_b?="), "a b");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?="), "a b");
    EXPECT_EQ(decode_header_text("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
                                 " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
              "If you can read this you understand the example.");
    EXPECT_EQ(decode_header_text("=?utf-8*ja?B?5pel5pys?="), "日本");
}

TEST(EncodedWord, JapaneseAndBroken) {
    EXPECT_EQ(decode_header_text("=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?="), "日本語");
    EXPECT_EQ(decode_header_text(
                  "Re: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\r\n =?iso-2022-jp?B?GyRCOGwbKEI=?="),
              "Re: 日本語");
    // The escape left open at the end of the first word, and a character cut in two.
    EXPECT_EQ(decode_header_text("=?ISO-2022-JP?B?GyRCRnxLXA==?= =?ISO-2022-JP?B?OGwbKEI=?="),
              "日本語");
    EXPECT_EQ(decode_header_text("=?UTF-8?B?5pel5pw=?= =?UTF-8?B?rOiqng==?="), "日本語");
    EXPECT_EQ(decode_header_text("=?UTF-8?Q?=E6=97=A5=E6?= =?utf-8?Q?=9C=AC?="), "日本");
    EXPECT_EQ(decode_header_text("=?Shift_JIS?B?k/qWe4zq?="), "日本語");
    EXPECT_EQ(decode_header_text("=?EUC-JP?Q?=C6=FC=CB=DC?="), "日本");
    EXPECT_EQ(decode_header_text("\x1b$BF|K\\8l\x1b(B"), "日本語");
    EXPECT_EQ(decode_header_text("\x93\xfa\x96{\x8c\xea"), "日本語");
    EXPECT_EQ(decode_header_text("=?UTF-8?B?5pel5pys"), "=?UTF-8?B?5pel5pys");
    EXPECT_EQ(decode_header_text("=?UTF-8?X?abc?="), "=?UTF-8?X?abc?=");
    EXPECT_EQ(decode_header_text("=??B?abc?="), "=??B?abc?=");
    EXPECT_EQ(decode_header_text("=?utf-8?B?=?= x"), " x");
    EXPECT_EQ(decode_header_text("=?utf-8?B?5pel =?utf-8?B?5pys?="), "=?utf-8?B?5pel 本");
    EXPECT_EQ(decode_header_text("\"=?utf-8?B?5pel?=\""), "\"日\"");
    EXPECT_EQ(decode_header_text("=?UTF-8?Q?a b=20?="), "a b ");
    EXPECT_EQ(decode_header_text("=?UTF-8?Q?a=0D=0Ab?="), "a  b");
    EXPECT_EQ(decode_header_text("=?"), "=?");
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += "=?a?B?";
    EXPECT_EQ(decode_header_text(many).size(), many.size());
}

TEST(TransferEncoding, Base64) {
    const auto decode = [](std::string_view s) {
        return decode_transfer(s, TransferEncoding::base64);
    };
    EXPECT_EQ(decode("aGVsbG8="), "hello");
    EXPECT_EQ(decode("aGVs\r\nbG8=\r\n"), "hello");
    EXPECT_EQ(decode("aGVsbG8"), "hello");
    EXPECT_EQ(decode("aGVsbG8=aGVsbG8="), "hellohello");
    EXPECT_EQ(decode("a!G V*sbG8="), "hello");
    EXPECT_EQ(decode(""), "");
    EXPECT_EQ(decode("a"), "");
}

TEST(TransferEncoding, QuotedPrintable) {
    const auto decode = [](std::string_view s) {
        return decode_transfer(s, TransferEncoding::quoted_printable);
    };
    EXPECT_EQ(decode("a=3Db"), "a=b");
    EXPECT_EQ(decode("a=3db=\r\nc"), "a=bc");
    EXPECT_EQ(decode("a= \t\r\nb"), "ab");
    EXPECT_EQ(decode("a \t\r\nb"), "a\r\nb");
    EXPECT_EQ(decode("a b"), "a b");
    EXPECT_EQ(decode("a=\nb"), "ab");
    EXPECT_EQ(decode("a=zz"), "a=zz");
    EXPECT_EQ(decode("a=4"), "a=4");
    EXPECT_EQ(decode("a="), "a");
    EXPECT_EQ(decode("==41"), "=A");
    EXPECT_EQ(decode("a\rb"), "a\rb");
}

TEST(TransferEncoding, InPieces) {
    const std::string text = "a=3Db =\r\nc=E3=81=82  \r\nd=\r\n";
    const std::string base64 = "aGVs\r\nbG8gd29ybGQ=";
    for (std::size_t n = 1; n < 6; ++n) {
        TransferDecoder qp(TransferEncoding::quoted_printable), b(TransferEncoding::base64);
        std::string qp_out, b_out;
        for (std::size_t i = 0; i < text.size(); i += n)
            qp.feed(std::string_view(text).substr(i, n), qp_out);
        for (std::size_t i = 0; i < base64.size(); i += n)
            b.feed(std::string_view(base64).substr(i, n), b_out);
        qp.finish(qp_out);
        b.finish(b_out);
        EXPECT_EQ(qp_out, "a=b cあ\r\nd");
        EXPECT_EQ(b_out, "hello world");
    }
    EXPECT_EQ(parse_transfer_encoding(" BASE64 "), TransferEncoding::base64);
    EXPECT_EQ(parse_transfer_encoding("Quoted-Printable (x)"), TransferEncoding::quoted_printable);
    EXPECT_EQ(parse_transfer_encoding("8bit"), TransferEncoding::identity);
}

TEST(Params, ContentType) {
    auto t = parse_content_type(" Text/HTML; charset=utf-8 ; Format = \"flo;wed\\\"\" (c); x=");
    EXPECT_TRUE(t.is("text", "html"));
    EXPECT_EQ(find_param(t.params, "charset"), "utf-8");
    EXPECT_EQ(find_param(t.params, "format"), "flo;wed\"");
    t = parse_content_type("text/plain; charset=us-ascii (Plain text)");
    EXPECT_EQ(find_param(t.params, "charset"), "us-ascii");
    t = parse_content_type("multipart/mixed;\r\n\tboundary=\"a b\"");
    EXPECT_EQ(find_param(t.params, "boundary"), "a b");
    t = parse_content_type("application/x; name=foo bar.pdf; a=b");
    EXPECT_EQ(find_param(t.params, "name"), "foo bar.pdf");
    EXPECT_EQ(find_param(t.params, "a"), "b");
    for (const char* bad :
         {"", "text", "text/", "/plain", "te xt/plain", "text; charset=x", "text plain"})
        EXPECT_TRUE(parse_content_type(bad).is("text", "plain")) << bad;
}

TEST(Params, Rfc2231) {
    const auto name = [](std::string_view v) {
        return decode_param(parse_disposition(v).params, "filename");
    };
    EXPECT_EQ(name("attachment; filename=a.txt"), "a.txt");
    EXPECT_EQ(name("attachment; filename*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"),
              "This is ***fun***");
    EXPECT_EQ(
        name(
            "attachment; filename*0*=utf-8''%E6%97; filename*1*=%A5%E6%9C%AC; filename*2=\".txt\""),
        "日本.txt");
    EXPECT_EQ(name("attachment; filename*1*=%A5; filename*0*=utf-8''%E6%97"), "日");
    EXPECT_EQ(name("attachment; filename*0=abc; filename*2=def"), "abc");
    EXPECT_EQ(name("attachment; filename*=iso-2022-jp''%1B$BF%7CK%5C%1B%28B.txt"), "日本.txt");
    EXPECT_EQ(name("attachment; filename=\"=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=.txt\""),
              "日本語.txt");
    EXPECT_EQ(name("attachment; filename=\"\x93\xfa\x96{\x8c\xea.txt\""), "日本語.txt");
    EXPECT_EQ(name("attachment"), "");
    EXPECT_EQ(name("attachment; filename*=broken%zz"), "broken%zz");
    EXPECT_EQ(name("attachment; filename*99999999999=a; filename=b"), "b");
}

}  // namespace
}  // namespace tayori::mail

#include "common/mail/seven_bit.h"

#include <gmock/gmock.h>

#include "common/mail/transfer_encoding.h"

namespace tayori::mail {
namespace {

struct Encoded {
    std::string text;
    bool impossible;
};

Encoded encode(std::string_view mail, std::size_t piece) {
    SevenBitEncoder encoder;
    std::string out;
    for (std::size_t at = 0; at < mail.size(); at += piece) encoder.feed(mail.substr(at, piece), out);
    encoder.finish(out);
    return {out, encoder.impossible()};
}

TEST(SevenBit, HowMailsLookBehindIt) {
    struct Row {
        std::string mail;
        std::string wanted;
    };
    const Row rows[] = {
        // A text that says what it is.
        {"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nMIME-Version: 1.0\r\n\r\n\xc3\xa9 = a \r\nb\r\n",
         "Content-Type: text/plain; charset=utf-8\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
         "=C3=A9 =3D a=20\r\nb\r\n"},
        // One that says nothing.
        {"Subject: x\r\n\r\n\xe9",
         "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
         "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9"},
        // Bytes.
        {"MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\x89PNG\r\n",
         "MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\n"},
        // Parts: what is encoded stays byte for byte, and so do delimiters, preamble and epilogue.
        {"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\npre\r\n--b\r\n"
         "Content-Type: text/html\r\n\r\n\xe9\r\n\r\n--b\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\n"
         "R0lG\r\n--b\r\nContent-Type: image/gif\r\n\r\n\x80\x81\r\n--b--\r\nepilogue\r\n",
         "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n"
         "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n\r\n--b\r\n"
         "Content-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\n"
         "R0lG\r\n--b\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\ngIE=\r\n--b--\r\nepilogue\r\n"},
        // A mail within a mail.
        {"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: in\r\n"
         "Content-Type: text/plain\r\n\r\n\xe9\r\n",
         "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: text/plain\r\n"
         "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n"},
    };
    for (const auto& row : rows) {
        for (const std::size_t piece : {1u, 7u, 100'000u}) {
            const auto out = encode(row.mail, piece);
            EXPECT_EQ(out.text, row.wanted) << "by " << piece;
            EXPECT_FALSE(out.impossible);
        }
    }
}

TEST(SevenBit, LongLinesAreBrokenAndReadBackAsTheyWere) {
    std::string body;
    for (int i = 0; i < 40'000; ++i) body += i % 7 == 0 ? "\xe3\x81\x82" : i % 5 == 0 ? " " : "x";
    body += "\r\n\t\r\n";
    const auto out = encode("Content-Type: text/plain\r\n\r\n" + body, 333);
    const auto at = out.text.find("\r\n\r\n") + 4;
    const auto encoded = out.text.substr(at);
    for (std::size_t line = 0; line < encoded.size();) {
        const auto end = encoded.find("\r\n", line);
        ASSERT_LE(end - line, 76u);
        line = end + 2;
    }
    EXPECT_EQ(decode_transfer(encoded, TransferEncoding::quoted_printable), body);
}

TEST(SevenBit, WhatCanNotBeDone) {
    for (const std::string mail : {"Subject: \xe9\r\n\r\nx\r\n",
                                   "Content-Type: message/delivery-status\r\n\r\n\xe9\r\n",
                                   "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; name=\xe9\r\n\r\nx\r\n--b--\r\n"})
        EXPECT_TRUE(encode(mail, 5).impossible) << mail;
}

}  // namespace
}  // namespace tayori::mail

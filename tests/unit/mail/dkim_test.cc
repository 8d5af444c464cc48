#include "common/mail/dkim.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/crypto/signing_key.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string relaxed(std::string_view body, std::size_t piece = std::string::npos) {
    std::string out;
    RelaxedBody canonical([&out](std::string_view bytes) { out.append(bytes); });
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) canonical.push(body.substr(0, piece));
    canonical.finish();
    return out;
}

TEST(Dkim, BodyOfTheExample) {
    // RFC 6376 §3.4.5.
    EXPECT_EQ(relaxed(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
}

TEST(Dkim, Bodies) {
    struct Row {
        std::string_view body, canonical;
    };
    const Row rows[] = {
        {"", ""},
        {"\r\n\r\n", ""},
        {" \t\r\n\t\r\n", ""},            // white space only is empty (§3.4.4)
        {"a", "a\r\n"},                    // the line end that is missing
        {"a\r\n", "a\r\n"},
        {"a\r\n\r\nb\r\n\r\n", "a\r\n\r\nb\r\n"},
        {"a \t ", "a\r\n"},
        {"a\r\n  \r\n b", "a\r\n\r\n b\r\n"},
        {"a\nb\n\n", "a\r\nb\r\n"},        // bare LF
        {"a\rb\r\n\r", "a b\r\n"},         // bare CR
        {"a\r\r\nb", "a\r\nb\r\n"},
        {"\x1b$B4A\x1b(B\r\n\xe6\x97\xa5\r\n", "\x1b$B4A\x1b(B\r\n\xe6\x97\xa5\r\n"},
        {std::string_view("a\0 b", 4), std::string_view("a\0 b\r\n", 6)},
    };
    for (const auto& row : rows)
        for (std::size_t piece = 1; piece <= row.body.size() + 1; ++piece) EXPECT_EQ(relaxed(row.body, piece), row.canonical) << row.body;
}

TEST(Dkim, ManyBlankLinesTakeNoRoom) {
    std::size_t bytes = 0;
    RelaxedBody canonical([&](std::string_view piece) {
        EXPECT_LE(piece.size(), 64u * 1024);
        bytes += piece.size();
    });
    const std::string lines(1 << 20, '\n');
    canonical.push(lines);
    EXPECT_EQ(bytes, 0u);
    canonical.push("end");
    canonical.finish();
    EXPECT_EQ(bytes, 2 * lines.size() + 5);
}

TEST(Dkim, Fields) {
    // RFC 6376 §3.4.5.
    EXPECT_EQ(relaxed_field("A", " X"), "a:X\r\n");
    EXPECT_EQ(relaxed_field("B ", " Y\t\r\n\tZ  "), "b:Y Z\r\n");
    EXPECT_EQ(relaxed_field("SUBJect", "  a\n  b \t c\r\n "), "subject:a b c\r\n");
    EXPECT_EQ(relaxed_field("X", ""), "x:\r\n");
    EXPECT_EQ(relaxed_field("X", "\xe6\x97\xa5\r\n \xa5"), "x:\xe6\x97\xa5 \xa5\r\n");
}

// RFC 8463 §A.
constexpr std::string_view kDinner =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
constexpr std::string_view kDinnerBody = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";
const std::vector<std::string> kDinnerNames = {"from", "to", "subject", "date", "message-id", "from", "subject", "date"};
constexpr std::string_view kRsaKey =
    "MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1"
    "Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQABAoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa"
    "8W7Y3rhX3FJqmJSPuC8N9vQm6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZezHorimOaChRL2it47iuWxzxSiRMv"
    "4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8GcuSe0ga2xAkEA8C7P"
    "ipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxyWvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxdWFV6"
    "Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1alicIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYH"
    "ZKKfIcsto7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOeuEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL";

crypto::SigningKey key_of(std::string_view text) {
    std::string der;
    EXPECT_TRUE(base64_decode(text, der));
    return crypto::SigningKey::from_private(der).value();
}

TEST(Dkim, BothSignaturesOfRfc8463) {
    crypto::Sha256 hash;
    RelaxedBody body([&hash](std::string_view bytes) { hash.update(bytes); });
    body.push(kDinnerBody);
    body.finish();
    EXPECT_EQ(base64_encode(hash.finish()), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");

    const auto ed25519 = key_of("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
    EXPECT_EQ(base64_encode(ed25519.public_bytes()), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    const auto first = dkim_header_hash(kDinner, kDinnerNames,
                                        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                                        " d=football.example.com; i=@football.example.com;\r\n"
                                        " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
                                        " subject : date : message-id : from : subject : date;\r\n"
                                        " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                                        " b=");
    EXPECT_EQ(base64_encode(ed25519.sign_digest(first).value()),
              "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");

    const auto rsa = key_of(kRsaKey);
    const auto second = dkim_header_hash(kDinner, kDinnerNames,
                                         "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
                                         " d=football.example.com; i=@football.example.com;\r\n"
                                         " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
                                         " date : message-id : from : subject : date;\r\n"
                                         " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                                         " b=");
    EXPECT_EQ(base64_encode(rsa.sign_digest(second).value()),
              "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
              "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=");
}

TEST(Dkim, OfSeveralFieldsTheLastOneComesFirst) {
    const std::vector<std::string> one = {"X"};
    const std::vector<std::string> two = {"X", "x"};
    const std::vector<std::string> three = {"X", "X", "X"};
    const std::string_view field = "DKIM-Signature: b=";
    EXPECT_EQ(dkim_header_hash("X: 1\r\nX: 2\r\n", one, field), dkim_header_hash("X: 2\r\n", one, field));
    EXPECT_EQ(dkim_header_hash("X: 1\r\nX: 2\r\n", two, field), crypto::sha256("x:2\r\nx:1\r\ndkim-signature:b="));
    // What is named and missing hashes nothing, until somebody adds it.
    EXPECT_EQ(dkim_header_hash("X: 1\r\nX: 2\r\n", three, field), dkim_header_hash("X: 1\r\nX: 2\r\n", two, field));
    EXPECT_NE(dkim_header_hash("X: 0\r\nX: 1\r\nX: 2\r\n", three, field), dkim_header_hash("X: 1\r\nX: 2\r\n", three, field));
}

TEST(Dkim, NamesAreOversigned) {
    EXPECT_THAT(dkim_names("From: a@x.test\r\n"),
                ElementsAre("From", "From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID"));
    EXPECT_THAT(dkim_names("List-Id: l\r\nreceived: x\r\nTO: b\r\nTo: c\r\nFrom: a\r\nMime-Version: 1.0\r\nReferences: <r>\r\n"),
                ElementsAre("From", "From", "Reply-To", "To", "To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version",
                            "MIME-Version", "References", "References", "List-Id"));
}

TEST(Dkim, Authors) {
    const auto author = [](std::string_view header) { return author_domain(header).value_or("none"); };
    EXPECT_EQ(author("From: Anna <anna@Example.TEST>\r\n"), "example.test");
    EXPECT_EQ(author("To: b@y.test\r\nFrom: =?ISO-2022-JP?B?GyRCO0NFRBsoQg==?=\r\n <a@x.test>\r\n"), "x.test");
    EXPECT_EQ(author("From: a@x.test, b@y.test\r\n"), "x.test");
    EXPECT_EQ(author("From: team: ;\r\n"), "none");
    EXPECT_EQ(author("From: a@xn--wgv71a.test\r\n"), "日本.test");
    EXPECT_EQ(author("From: a@x.test\r\nfrom: b@x.test\r\n"), "none");
    EXPECT_EQ(author("From: a@[192.0.2.1]\r\n"), "none");
    EXPECT_EQ(author("Sender: a@x.test\r\n"), "none");
    EXPECT_EQ(author(""), "none");
}

const DkimKeyName kKey{"football.example.com", "s1", DkimAlgorithm::rsa_sha256};

UnsignedField field_of(std::string_view message, std::size_t piece = std::string::npos) {
    DkimMail mail;
    for (; !message.empty(); message.remove_prefix(std::min(piece, message.size()))) mail.push(message.substr(0, piece));
    mail.finish();
    return mail.field_for(kKey, {1528637909, 1529242709}).value();
}

TEST(Dkim, TheFieldIsFolded) {
    const auto field = field_of(cat(kDinner, "\r\n", kDinnerBody));
    EXPECT_EQ(field.text,
              "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
              "\td=football.example.com; s=s1; t=1528637909; x=1529242709; h=From:From:\r\n"
              "\tReply-To:To:To:Cc:Subject:Subject:Date:Date:Message-ID:Message-ID;\r\n"
              "\tbh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=");
    const auto line = signed_field(field.text, std::string(256, 'x'));
    EXPECT_TRUE(line.ends_with("\r\n"));
    std::string_view rest = line;
    while (!rest.empty()) {
        const auto end = rest.find("\r\n");
        ASSERT_LE(end, kSignatureColumns + 1);  // a colon may stand at the end
        rest.remove_prefix(end + 2);
    }
}

TEST(Dkim, PiecesDoNotMatter) {
    const std::string messages[] = {cat(kDinner, "\r\n", kDinnerBody), cat(kDinner, "\r\n"), std::string(kDinner),
                                    "From: a@x.test\n\nbare\nline ends\n", "\r\nbody alone", "From: a@x.test\r\n\r\n\r\n\r\n"};
    for (const auto& message : messages) {
        const auto whole = field_of(message);
        for (std::size_t piece = 1; piece < message.size(); ++piece) {
            const auto cut = field_of(message, piece);
            EXPECT_EQ(cut.text, whole.text) << message << " in pieces of " << piece;
            EXPECT_EQ(cut.sha256, whole.sha256);
        }
    }
    // Bare LF goes out as CRLF.
    EXPECT_EQ(field_of("From: a@x.test\nTo: b\n\none\ntwo").sha256, field_of("From: a@x.test\r\nTo: b\r\n\r\none\r\ntwo\r\n").sha256);
}

TEST(Dkim, WhatIsNotSigned) {
    const auto signs = [](std::string_view message) {
        DkimMail mail;
        mail.push(message);
        mail.finish();
        return mail.author().has_value();
    };
    EXPECT_TRUE(signs("From: a@x.test\r\n\r\nFrom: b@y.test\r\n"));
    EXPECT_FALSE(signs("Subject: from nobody\r\n\r\nbody"));
    EXPECT_FALSE(signs(cat("From: a@x.test\r\nX: ", std::string(kHeaderBytesMax, 'x'), "\r\n\r\nbody")));
    std::string many = "From: a@x.test\r\n";
    for (std::size_t i = 0; i < kDkimFieldsMax; ++i) many += "To: b@y.test\r\n";
    EXPECT_FALSE(signs(many));
}

}  // namespace
}  // namespace tayori::mail

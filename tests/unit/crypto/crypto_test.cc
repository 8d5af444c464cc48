#include "common/crypto/crypto.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/crypto/certificate.h"
#include "common/crypto/signing_key.h"

namespace tayori::crypto {
namespace {

TEST(Crypto, Digests) {
    EXPECT_EQ(hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_encode(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex_encode(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Crypto, Hmac) {
    // RFC 4231 §4.3.
    EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    // RFC 2195 §2.
    EXPECT_EQ(hex_encode(hmac_md5("tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>")),
              "b913a602c7eda7a495b4e6e7334d3890");
    EXPECT_EQ(hmac_sha256("", "").size(), 32u);
}

TEST(Crypto, Pbkdf2GivesTheScramKeysOfRfc7677) {
    std::string salt;
    ASSERT_TRUE(base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==", salt));
    const auto salted = pbkdf2_hmac_sha256("pencil", salt, 4096);
    const auto server_key = hmac_sha256(salted, "Server Key");
    // RFC 7677 §3: the exchange there ends in this server signature.
    const std::string auth =
        "n=user,r=rOprNGfwEbeRWgbNEkqO,"
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    EXPECT_EQ(base64_encode(hmac_sha256(server_key, auth)), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(Crypto, RandomAndCompare) {
    EXPECT_EQ(random_bytes(20).size(), 20u);
    EXPECT_NE(random_bytes(20), random_bytes(20));
    EXPECT_NE(random_u64(), random_u64());
    EXPECT_TRUE(constant_time_equal("abc", "abc"));
    EXPECT_FALSE(constant_time_equal("abc", "abd"));
    EXPECT_FALSE(constant_time_equal("abc", "ab"));
    EXPECT_TRUE(constant_time_equal("", ""));
}

TEST(Crypto, Sha256InPieces) {
    Sha256 hash;
    hash.update("a");
    hash.update("");
    hash.update("bc");
    EXPECT_EQ(hash.finish(), sha256("abc"));
}

TEST(SigningKey, KeptAndReadAgain) {
    auto rsa = SigningKey::make_rsa(2048);
    auto ed25519 = SigningKey::make_ed25519();
    ASSERT_TRUE(rsa && ed25519);
    EXPECT_EQ(rsa->bits(), 2048u);
    EXPECT_EQ(ed25519->bits(), 256u);
    EXPECT_EQ(ed25519->public_bytes().size(), 32u);
    const auto digest = sha256("a mail");
    for (const auto* key : {&*rsa, &*ed25519}) {
        const auto again = SigningKey::from_private(key->private_der());
        ASSERT_TRUE(again);
        EXPECT_EQ(again->kind(), key->kind());
        EXPECT_EQ(again->public_bytes(), key->public_bytes());
        EXPECT_EQ(again->sign_digest(digest).value(), key->sign_digest(digest).value());  // neither kind has chance in it
        EXPECT_NE(again->sign_digest(digest).value(), key->sign_digest(sha256("another")).value());
        EXPECT_FALSE(key->sign_digest("short"));
    }
    EXPECT_EQ(SigningKey::make_rsa(1024).error().kind, Kind::invalid);  // RFC 8301 §3.2
    EXPECT_EQ(SigningKey::make_rsa(8192).error().kind, Kind::invalid);
    EXPECT_EQ(SigningKey::from_private("no key").error().kind, Kind::corrupt);
}

TEST(Certificate, SelfSigned) {
    auto pair = make_self_signed({.common_name = "mail.example.com", .names = {"mail.example.com", "127.0.0.1", "::1"}, .days = 30});
    ASSERT_TRUE(pair) << pair.error().detail;
    auto facts = read_certificate(pair->certificate);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->subject_common_name, "mail.example.com");
    EXPECT_THAT(facts->names, testing::ElementsAre("mail.example.com", "127.0.0.1", "::1"));
    EXPECT_TRUE(facts->self_signed);
    EXPECT_NEAR(static_cast<double>(facts->not_after_unix_s - facts->not_before_unix_s), 30 * 86400 + 3600, 5);
    EXPECT_EQ(facts->sha256_fingerprint.size(), 64u);
    EXPECT_THAT(pair->key, testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
}

TEST(Certificate, AuthoritySigns) {
    auto authority = make_authority("Tayori internal", 3650);
    ASSERT_TRUE(authority);
    auto pair = make_signed(*authority, {.common_name = "smtpd", .names = {"smtpd"}, .for_client = true});
    ASSERT_TRUE(pair) << pair.error().text << pair.error().detail;
    EXPECT_FALSE(read_certificate(pair->certificate)->self_signed);
    auto stranger = make_authority("Other", 10);
    EXPECT_EQ(make_signed({authority->certificate, stranger->key}, {.common_name = "x"}).error().kind, Kind::invalid);
}

TEST(Certificate, RefusesWhatIsNoName) {
    EXPECT_EQ(make_self_signed({.common_name = "x", .names = {"a,DNS:b"}}).error().kind, Kind::invalid);
    EXPECT_EQ(make_self_signed({.common_name = "x", .names = {""}}).error().kind, Kind::invalid);
    EXPECT_EQ(make_self_signed({.common_name = "x", .days = 0}).error().kind, Kind::invalid);
    EXPECT_EQ(read_certificate("nonsense").error().kind, Kind::invalid);
    EXPECT_EQ(read_certificate("").error().kind, Kind::invalid);
}

}  // namespace
}  // namespace tayori::crypto

#include "spoold/directory/password.h"

#include <gtest/gtest.h>

#include "site.h"
#include "spoold/directory/scram.h"

namespace tayori::spool::test {
namespace {

TEST(Password, IsPreparedAsRfc4013Says) {
    // The examples of RFC 4013 §3 that have an outcome.
    EXPECT_EQ(prepare_password("I\u00ADX"), "IX");
    EXPECT_EQ(prepare_password("user"), "user");
    EXPECT_EQ(prepare_password("USER"), "USER");
    EXPECT_EQ(prepare_password("\u00AA"), "a");
    EXPECT_EQ(prepare_password("\u2168"), "IX");
    // Full-width letters from a Japanese keyboard are the same password.
    EXPECT_EQ(prepare_password("\uFF50\uFF41\uFF53\uFF53"), "pass");
    // What can't be prepared stays as it is.
    EXPECT_EQ(prepare_password("caf\xE9"), "caf\xE9");
}

TEST(Password, IsVerified) {
    const auto stored = make_password("pen\u00ADcil", 4096);
    EXPECT_TRUE(verify_password(stored, "pencil"));
    EXPECT_FALSE(verify_password(stored, "Pencil"));
    EXPECT_FALSE(verify_password(stored, ""));
    EXPECT_FALSE(verify_password({}, ""));
}

TEST(Password, HashesOfOtherServersAreVerifiedAsTheyAre) {
    const std::string cases[] = {
        "{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "{CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "{BLF-CRYPT}$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK",
        "{MD5-CRYPT}$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1",
        "{PLAIN-MD5}86fb269d190d2c85f6e0468ceca42a20",
        "{plain-md5}86FB269D190D2C85F6E0468CECA42A20",
        "{HMAILSERVER-SHA256}a1b2c340e00d75a55b307a86054684823b9c1cfcc5b5dd73c37aa58efe9300c2c1654d",
        "{LDAP-MD5}hvsmnRkNLIX24EaM7KQqIA==",
        "{SMD5}r+A+0fFFrIaaKdcamuXco3NhbHQ=",
        "{SHA}00hq6RNueFa8QiEjhep5cJRHWAI=",
        "{SSHA}M8XN+MyCuGNn0qVHAt++nhI4sBNzYWx0",
        "{SHA256}wFNeS+K3n/2TKRMFQ2v4iTFOSj+uwF7P/Lt98xrZ5Ro=",
        "{SSHA256}fyUYMYIAdig64RCDgNqEo6qs9XBocDXenApAUjQ5i3xzYWx0",
        "{SHA512}9s3ioPgZMUzd5V/CJ9jX2uPSjMVWIioKitZtkcytSq1glPUXohgjYMmqz2o9wyMWLLb9jN/+2w/gOPVehf+1tg==",
        "{SSHA512}ldLvgdIhXVvKMdlpn0t6hrr84HldDX6o91MelK6vfmk5BjksE8namB2xaXJXapCrf286m/txZCYgD0XTUlcDCHNhbHQ=",
    };
    for (const auto& text : cases) {
        const auto stored = import_password(text);
        ASSERT_TRUE(stored) << text;
        EXPECT_TRUE(verify_password(*stored, "Hello world!")) << text;
        EXPECT_FALSE(verify_password(*stored, "Hello world")) << text;
    }
    const auto keys = scram_keys("pencil", "0123456789abcdef", 4096);
    const auto scram = import_password(cat("{SCRAM-SHA-256}4096,", base64_encode("0123456789abcdef"), ',',
                                           base64_encode(keys.stored_key), ',', base64_encode(keys.server_key)));
    ASSERT_TRUE(scram);
    EXPECT_TRUE(verify_password(*scram, "pencil"));
}

TEST(Password, RefusesHashesThatItCannotUse) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "invalid"},
        {"$6$salt$hash", "invalid"},
        {"{CRYPT}", "invalid"},
        {"{CRYPT}$9$x", "invalid"},
        {"{WHIRLPOOL}abc", "unsupported"},
        {"{PLAIN-MD5}86fb269d190d2c85f6e0468ceca42a2", "invalid"},
        {"{PLAIN-MD5}86fb269d190d2c85f6e0468ceca42a2x", "invalid"},
        {"{HMAILSERVER-SHA256}", "invalid"},
        {"{HMAILSERVER-SHA256}40e00d75a55b307a86054684823b9c1cfcc5b5dd73c37aa58efe9300c2c1654d", "invalid"},
        {"{SHA}M8XN+MyCuGNn0qVHAt++nhI4sBNzYWx0", "invalid"},
        {"{SSHA}00hq6RNueFa8QiEjhep5cJRHWAI=", "invalid"},
        {"{SSHA}not base64", "invalid"},
        {"{SCRAM-SHA-256}1,2,3", "invalid"},
        {"{SCRAM-SHA-256}0,c2FsdA==,YQ==,YQ==", "invalid"},
        {"{BLF-CRYPT}$2y$31$0123456789012345678901uIJuS0vMuaaaaaaaaaaaaaaaaaaaaaaaaaa", "invalid"},
        {"{CRYPT}$6$rounds=99999999$saltstring$x", "invalid"},
    };
    for (const auto& [text, kind] : cases) EXPECT_EQ(kind_of(import_password(text)), kind) << text;
}

TEST(Password, SecretsOfDevicesAreTypedAsOneLikes) {
    const auto secret = make_app_secret();
    EXPECT_EQ(secret.size(), 23U);
    EXPECT_NE(secret, make_app_secret());
    const auto stored = make_app_password(secret);
    EXPECT_TRUE(verify_app_password(stored, normalize_app_secret(secret)));
    EXPECT_TRUE(verify_app_password(stored, normalize_app_secret(to_upper(secret))));
    std::string blanks = secret;
    for (char& c : blanks)
        if (c == '-') c = ' ';
    EXPECT_EQ(normalize_app_secret(blanks), normalize_app_secret(secret));
    EXPECT_EQ(normalize_app_secret("short"), "");
    EXPECT_EQ(normalize_app_secret(secret + "a"), "");
}

TEST(Password, IsChecked) {
    EXPECT_TRUE(check_password("x"));
    EXPECT_EQ(kind_of(check_password("")), "invalid");
    EXPECT_EQ(kind_of(check_password(std::string(kPasswordBytesMax + 1, 'x'))), "invalid");
    EXPECT_EQ(kind_of(check_password("a\nb")), "invalid");
    EXPECT_EQ(kind_of(check_password(std::string_view("a\0b", 3))), "invalid");
}

}  // namespace
}  // namespace tayori::spool::test

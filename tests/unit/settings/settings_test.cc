#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/settings/table.h"

namespace tayori::settings {
namespace {

Result<Settings> of(std::string_view toml, const Environment& environment = {}) {
    return load_text(toml, "tayori.toml", environment);
}

std::string problem(std::string_view toml, const Environment& environment = {}) {
    const auto settings = of(toml, environment);
    return settings ? "no problem" : settings.error().text;
}

TEST(Settings, NamesFileLineAndWhatWouldBeRight) {
    struct Case {
        std::string_view toml;
        std::string_view expected;
    };
    const Case cases[] = {
        {"[smtpd]\nbare_newline = \"maybe\"\n",
         "tayori.toml:2: smtpd.bare_newline = \"maybe\": write \"reject\" or \"normalize\""},
        {"[smtpd]\n\nbare_newlin = \"reject\"\n",
         "tayori.toml:3: unknown key smtpd.bare_newlin; did you mean smtpd.bare_newline?"},
        {"[zzzz]\nqqqqqqqqqqqq = 1\n", "tayori.toml:2: unknown key zzzz.qqqqqqqqqqqq; docs/settings.md lists them all"},
        {"hostname = \"a\"\n", "tayori.toml:1: unknown key hostname; did you mean site.hostname?"},
        {"[smtpd]\nmessage_bytes_max = 1\n",
         "tayori.toml:2: smtpd.message_bytes_max = \"1\": write bytes from 64KiB to 1GiB"},
        {"[smtpd]\nmessage_bytes_max = -5\n",
         "tayori.toml:2: smtpd.message_bytes_max = \"-5\": \"-5\" is no number; write bytes from 64KiB to 1GiB"},
        {"[smtpd]\nmessage_bytes_max = \"10 parsecs\"\n",
         "tayori.toml:2: smtpd.message_bytes_max = \"10 parsecs\": \"10 parsecs\" has an unknown unit: write a number and "
         "B, KiB, MiB, GiB, TiB; write bytes from 64KiB to 1GiB"},
        {"[imapd]\nlisten = \"0.0.0.0:143\"\n", "tayori.toml:2: imapd.listen: write a list, [\"…\", \"…\"]"},
        {"[imapd]\nlisten = [\"nonsense\"]\n",
         "tayori.toml:2: imapd.listen = [\"nonsense\"]: \"nonsense\" is no address: write HOST:PORT, [IPV6]:PORT or "
         "unix:PATH"},
        {"[imapd]\nworkers = [2]\n", "tayori.toml:2: imapd.workers: write one value, not a list"},
        {"[imapd]\nworkers = 1.5\n",
         "tayori.toml:2: imapd.workers: write a text, a number, true or false, or a list of texts"},
        {"[pop3d]\nproxy_networks = [\"10.0.0.0/33\"]\n",
         "tayori.toml:2: pop3d.proxy_networks = [\"10.0.0.0/33\"]: \"10.0.0.0/33\" is no network: write 192.0.2.0/24 or "
         "2001:db8::/32"},
        {"[pop3d]\n[pop3d.deep]\nx = 1\n",
         "tayori.toml:2: pop3d.deep: write a text, a number, true or false, or a list of texts"},
    };
    for (const auto& c : cases) EXPECT_EQ(problem(c.toml), c.expected);
}

TEST(Settings, TellsEveryProblemAtOnce) {
    EXPECT_EQ(problem("[smtpd]\nworkers = 0\n[imapd]\nworkers = 0\n"),
              "tayori.toml:2: smtpd.workers = \"0\": write a number from 1 to 64\n"
              "tayori.toml:4: imapd.workers = \"0\": write a number from 1 to 64");
}

TEST(Settings, SyntaxErrorsHaveALine) {
    EXPECT_TRUE(problem("[smtpd]\nworkers = = 2\n").starts_with("tayori.toml:2: ")) << problem("[smtpd]\nworkers = = 2\n");
}

TEST(Settings, ReadsEveryKind) {
    const auto settings = of(R"(
        [site]
        hostname = "mail.example.test"
        data_dir = "/srv/mail"
        [auth]
        allow_plaintext = "never"
        [smtpd]
        listen = ["127.0.0.1:2525", "[::1]:2525"]
        trusted_networks = ["192.0.2.0/24"]
        message_bytes_max = "25MiB"
        command_timeout_s = "10min"
        [spoold]
        address = "unix:run/other.sock")");
    ASSERT_TRUE(settings) << settings.error().text;
    EXPECT_EQ(settings->site.hostname, "mail.example.test");
    EXPECT_EQ(settings->auth.allow_plaintext, PlaintextPolicy::never);
    EXPECT_EQ(settings->smtpd.message_bytes_max, 25 * kMiB);
    EXPECT_EQ(settings->smtpd.command_timeout_s, std::chrono::minutes(10));
    ASSERT_EQ(settings->smtpd.listen.size(), 2U);
    EXPECT_EQ(settings->smtpd.listen[1], (Endpoint{"::1", 2525, ""}));
    EXPECT_TRUE(contains(settings->smtpd.trusted_networks, "192.0.2.77"));
    EXPECT_EQ(settings->resolve(settings->spoold.address).path, "/srv/mail/run/other.sock");
    EXPECT_EQ(settings->path("tls/tls.crt"), "/srv/mail/tls/tls.crt");
    EXPECT_EQ(settings->path("/etc/ssl/a.crt"), "/etc/ssl/a.crt");
}

TEST(Settings, EnvironmentStandsOverTheFile) {
    const auto settings = of("[smtpd]\nworkers = 2\n", {{"TAYORI__SMTPD__WORKERS", "3"},
                                                        {"TAYORI__IMAPD__LISTEN", "127.0.0.1:1143, [::1]:1143"},
                                                        {"TAYORI__POP3D__LISTEN", ""},
                                                        {"TAYORI_DATA", "not ours"}});
    ASSERT_TRUE(settings) << settings.error().text;
    EXPECT_EQ(settings->smtpd.workers, 3U);
    ASSERT_EQ(settings->imapd.listen.size(), 2U);
    EXPECT_EQ(settings->imapd.listen[1].host, "::1");
    EXPECT_TRUE(settings->pop3d.listen.empty());
    EXPECT_EQ(problem("", {{"TAYORI__SMTPD__WORKER", "3"}}),
              "environment TAYORI__SMTPD__WORKER: unknown key smtpd.worker; did you mean smtpd.workers?");
}

TEST(Settings, WhatIsShownLoadsAgain) {
    const auto text = show(Settings{}, Which::all);
    const auto again = of(text);
    ASSERT_TRUE(again) << again.error().text;
    Settings with_name;
    with_name.site.hostname = again->site.hostname;
    EXPECT_EQ(show(*again, Which::all), show(with_name, Which::all));
    EXPECT_EQ(show(Settings{}, Which::changed), "");
}

TEST(Settings, EveryKeyIsDeclaredOnceAndExplained) {
    const auto& all = table();
    for (const auto& setting : all.settings) {
        EXPECT_EQ(all.find(setting.key), &setting) << setting.key << " is declared twice";
        EXPECT_FALSE(setting.description.empty()) << setting.key;
    }
}

TEST(Network, ContainsBothFamilies) {
    EXPECT_TRUE(parse_network("192.0.2.0/25")->contains("192.0.2.127"));
    EXPECT_FALSE(parse_network("192.0.2.0/25")->contains("192.0.2.128"));
    EXPECT_TRUE(parse_network("192.0.2.0/25")->contains("::ffff:192.0.2.1"));
    EXPECT_TRUE(parse_network("2001:db8::/33")->contains("2001:db8:7fff::1"));
    EXPECT_FALSE(parse_network("2001:db8::/33")->contains("2001:db8:8000::1"));
    EXPECT_TRUE(parse_network("::/0")->contains("10.0.0.1"));
    EXPECT_FALSE(parse_network("::/0")->contains("no address"));
}

TEST(HttpUrl, IsTakenApart) {
    const struct {
        const char* text;
        const char* origin;
        const char* path;
    } good[] = {
        {"", "", ""},
        {"https://S3.example.net", "https://s3.example.net", ""},
        {"HTTPS://s3.example.net:443/", "https://s3.example.net", ""},
        {"http://s3.example.net:80", "http://s3.example.net", ""},
        {"http://s3.example.net:443", "http://s3.example.net:443", ""},
        {"http://127.0.0.1:9000/Storage/v1/s3/", "http://127.0.0.1:9000", "/Storage/v1/s3"},
        {"https://[2001:db8::1]:9000", "https://[2001:db8::1]:9000", ""},
        {"https://[2001:db8::1]:443", "https://[2001:db8::1]", ""},
        {"https://[2001:db8::1]", "https://[2001:db8::1]", ""},
    };
    for (const auto& one : good) {
        const auto url = parse_http_url(one.text);
        ASSERT_TRUE(url) << one.text;
        EXPECT_EQ(url->origin, one.origin);
        EXPECT_EQ(url->path, one.path);
    }
    for (const auto* wrong : {"s3.example.net", "ftp://x", "https://", "https:///x", "https://:80", "https://x:0", "https://x:99999",
                              "https://x:80:80", "https://user@x", "https://x/?a", "https://x/#a", "https://x y", "https://x\r\ny",
                              "https://[", "https://[]", "https://[::1]x", "https://x/%41"}) {
        EXPECT_FALSE(parse_http_url(wrong)) << wrong;
    }
}

TEST(Settings, KeysThatMustBeTogether) {
    const std::string s3 = "[backup]\ntarget = \"s3\"\n[backup_s3]\n";
    EXPECT_TRUE(load_text(s3 + "bucket = \"mail\"\n", "t", {}));
    EXPECT_TRUE(load_text("", "t", {}));
    const std::pair<std::string, const char*> wrong[] = {
        {"", "t: backup_s3.bucket: name it, as backup.target is \"s3\""},
        {"bucket = \"a/b\"\n", "t:4: backup_s3.bucket: write letters, digits and -._ only"},
        {"bucket = \"a\"\nregion = \"\"\n", "t:5: backup_s3.region: name it"},
        {"bucket = \"a\"\nprefix = \"/x\"\n", "t:5: backup_s3.prefix: begin without \"/\""},
        {"bucket = \"a\"\nprefix = \"x/../y\"\n", "t:5: backup_s3.prefix: write no \"..\""},
        {"bucket = \"a\"\nprefix = \"x?\"\n", "t:5: backup_s3.prefix: write letters"},
        {"bucket = \"a\"\nkms_key = \"x\"\n", "t:5: backup_s3.kms_key: it is for"},
        {"bucket = \"a\"\nstorage_class = \"x\\r\\ny: z\"\n", "t:5: backup_s3.storage_class: write letters"},
    };
    for (const auto& [text, expected] : wrong) {
        const auto loaded = load_text(s3 + text, "t", {});
        ASSERT_FALSE(loaded) << text;
        EXPECT_THAT(loaded.error().text, testing::StartsWith(expected));
    }
    const auto other = load_text("", "t", {{"TAYORI__BACKUP__TARGET", "s3"}, {"TAYORI__BACKUP_S3__BUCKET", "!"}});
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().text, testing::StartsWith("environment TAYORI__BACKUP_S3__BUCKET: backup_s3.bucket: write letters"));
}

TEST(Amount, ShowsTheShortestExactForm) {
    EXPECT_EQ(show_amount(50 * kMiB, Unit::bytes), "50MiB");
    EXPECT_EQ(show_amount(1025, Unit::bytes), "1025B");
    EXPECT_EQ(show_amount(1800, Unit::seconds), "30min");
    EXPECT_EQ(show_amount(0, Unit::seconds), "0s");
    EXPECT_FALSE(parse_amount("99999999999TiB", Unit::bytes));
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Documentation, IsUpToDate) {
    const std::string path = TAYORI_SOURCE_DIR "/docs/settings.md";
    if (std::getenv("TAYORI_REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << documentation();
    EXPECT_EQ(read_file(path), documentation()) << "TAYORI_REWRITE=1 unit_settings writes docs/settings.md";
}

TEST(Documentation, TheDeliveredFileIsRight) {
    const auto settings = load(TAYORI_SOURCE_DIR "/tayori.toml", {});
    EXPECT_TRUE(settings) << settings.error().text;
}

}  // namespace
}  // namespace tayori::settings

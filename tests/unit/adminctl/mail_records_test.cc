// The texts of the DNS about mail: what each says, and which part is wrong.
#include <gmock/gmock.h>

#include "adminctl/outside/address.h"
#include "adminctl/outside/dkim.h"
#include "adminctl/outside/dmarc.h"
#include "adminctl/outside/hosts.h"
#include "adminctl/outside/mta_sts.h"
#include "adminctl/outside/ports.h"
#include "adminctl/outside/spf_record.h"
#include "adminctl/outside/tags.h"

namespace tayori::admin {
namespace {

using testing::ElementsAre;

constexpr std::string_view kKey1024 =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCpMtYrHM0mRxnOdNYBvF4P3W/D+IwLyBZWB0U+kXbg67u5QzBbMiOuy4I1JqK7lE+aQJXtmpEmDL+"
    "UxMvlIeAy6XOMCzO6cO0yPJeJ90NISjNcKuF8c7mEeMe6e8+lO1iT6N/lL+CPBbxM4epq4zKA5qoINfjzbVa5dfkydGJ4nwIDAQAB";

TEST(Tags, AreReadAndTheWrongPartIsNamed) {
    struct {
        std::string_view text;
        std::string_view wrong;  // empty: right
    } const kCases[] = {
        {"v=DMARC1; p=none", ""},  {" v = DMARC1 ;\tp=none ; ", ""}, {"v=A;p=", ""},
        {"v=A;;p=b", ";;"},        {"v=A; p", "p"},                  {"v=A; 1p=x", "1p=x"},
        {"v=A; p=x; p=y", "p=y"},  {"v=A; a b=x", "a b=x"},          {";", ";;"},
    };
    for (const auto& one : kCases) {
        std::string wrong;
        EXPECT_EQ(parse_tags(one.text, wrong).has_value(), one.wrong.empty()) << one.text;
        if (!one.wrong.empty()) {
            EXPECT_EQ(wrong, one.wrong);
        }
    }
    std::string wrong;
    const auto tags = parse_tags("a= 1 2 ; b=c=d", wrong);
    ASSERT_TRUE(tags);
    EXPECT_EQ(*find_tag(*tags, "a"), "1 2");
    EXPECT_EQ(*find_tag(*tags, "b"), "c=d");
    EXPECT_EQ(find_tag(*tags, "c"), nullptr);
}

TEST(SpfRecord, Syntax) {
    struct {
        std::string_view text;
        std::string_view wrong;
    } const kCases[] = {
        {"v=spf1", ""},
        {"v=spf1  mx   ~all ", ""},
        {"v=spf1 A MX:Example.JP PTR ?ALL", ""},
        {"v=spf1 a:example.jp/24//64 mx/0 -all", ""},
        {"v=spf1 exists:%{ir}.%{v}._spf.%{d2} include:%{d}", ""},
        {"v=spf1 redirect=_spf.example.jp exp=e.example.jp", ""},
        {"v=spf1 other=anything moo.cow-far_out=man", ""},
        {"v=spf1 ip4:192.0.2.1/33", "ip4:192.0.2.1/33"},
        {"v=spf1 ip4:192.0.2", "ip4:192.0.2"},
        {"v=spf1 ip4:2001:db8::1", "ip4:2001:db8::1"},
        {"v=spf1 ip6:192.0.2.1", "ip6:192.0.2.1"},
        {"v=spf1 ip4", "ip4"},
        {"v=spf1 ip5:192.0.2.1 -all", "ip5:192.0.2.1"},
        {"v=spf1 include -all", "include"},
        {"v=spf1 include: -all", "include:"},
        {"v=spf1 include:localhost", "include:localhost"},
        {"v=spf1 all:example.jp", "all:example.jp"},
        {"v=spf1 a:example.jp/", "a:example.jp/"},
        {"v=spf1 a//129", "a//129"},
        {"v=spf1 mx:example.123", "mx:example.123"},
        {"v=spf1 exists:%{x}.example.jp", "exists:%{x}.example.jp"},
        {"v=spf1 exists:%{i.example.jp", "exists:%{i.example.jp"},
        {"v=spf1 -redirect=example.jp", "-redirect=example.jp"},
        {"v=spf1 redirect=a.jp redirect=b.jp", "redirect=b.jp"},
        {"v=spf1 exp=a.jp exp=b.jp", "exp=b.jp"},
        {"v=spf1 mx, -all", "mx,"},
        {"v=spf1 - all", "-"},
    };
    for (const auto& one : kCases) {
        std::string wrong;
        EXPECT_EQ(parse_spf(one.text, wrong).has_value(), one.wrong.empty()) << one.text << " wrong: " << wrong;
        if (!one.wrong.empty()) {
            EXPECT_EQ(wrong, one.wrong) << one.text;
        }
    }
    EXPECT_TRUE(is_spf("V=SPF1"));
    EXPECT_FALSE(is_spf("v=spf1mx"));
    EXPECT_FALSE(is_spf("v=spf2.0/pra"));
}

TEST(SpfRecord, StringsThatLostASpace) {
    EXPECT_TRUE(is_wrongly_split_spf({"v=spf1 ip4:192.0.2.1", "ip4:192.0.2.2 -all"}));
    EXPECT_TRUE(is_wrongly_split_spf({"v=spf1", "mx -all"}));
    EXPECT_FALSE(is_wrongly_split_spf({"v=spf1 ip4:192.0.2.1 ", "ip4:192.0.2.2 -all"}));
    EXPECT_FALSE(is_wrongly_split_spf({"v=spf1 ip4:192.0.", "2.2 -all"}));
    EXPECT_FALSE(is_wrongly_split_spf({"v=spf1 nonsense -all"}));
    EXPECT_FALSE(is_wrongly_split_spf({}));
}

TEST(SpfRecord, Macros) {
    const SpfSender sender{"email.example.com", "mx.example.org", *parse_ip("192.0.2.3")};
    const SpfSender six{"email.example.com", "mx.example.org", *parse_ip("2001:db8::cb01")};
    struct {
        std::string_view text, becomes;
    } const kCases[] = {
        // RFC 7208 §7.4, with "postmaster" for the local part.
        {"%{s}", "postmaster@email.example.com"}, {"%{o}", "email.example.com"},  {"%{d}", "email.example.com"},
        {"%{d4}", "email.example.com"},           {"%{d3}", "email.example.com"}, {"%{d2}", "example.com"},
        {"%{d1}", "com"},                         {"%{dr}", "com.example.email"}, {"%{d2r}", "example.email"},
        {"%{l}", "postmaster"},                   {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
        {"%%%_%-", "% %20"},                      {"%{h}", "mx.example.org"},     {"a%b", "a%b"},
    };
    for (const auto& one : kCases) EXPECT_EQ(expand_spf_macros(one.text, sender, sender.domain), one.becomes) << one.text;
    EXPECT_EQ(expand_spf_macros("%{ir}.%{v}", six, six.domain),
              "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6");
}

TEST(Dkim, Keys) {
    const auto text = [](std::string_view before, std::string_view key = kKey1024) {
        return std::string(before) + "p=" + std::string(key);
    };
    struct {
        std::string text;
        DkimFault fault;
    } const kCases[] = {
        {text("v=DKIM1; k=rsa; "), DkimFault::none},
        {text(""), DkimFault::none},
        {text("v=DKIM1; h=sha1:sha256; s=*; t=s; n=notes; x=unknown; "), DkimFault::none},
        {text("v=DKIM1; k=ed25519; ", "Yw2eSfIYbEOZWLH5Pw0cVSCQz9QNjhcTDvhUkCRWXZU="), DkimFault::none},
        {text("v=DKIM1; k=ed25519; "), DkimFault::key},
        {text("v=DKIM1; ", "Yw2eSfIYbEOZWLH5Pw0cVSCQz9QNjhcTDvhUkCRWXZU="), DkimFault::key},
        {text("v=DKIM1; ", kKey1024.substr(0, 100)), DkimFault::key},
        {text("v=DKIM1; ", "not base64!"), DkimFault::key},
        {text("v=DKIM1; ", ""), DkimFault::revoked},
        {text("v=DKIM2; "), DkimFault::version},
        {text("k=rsa; v=DKIM1; "), DkimFault::version},
        {text("v=DKIM1; k=dsa; "), DkimFault::key_type},
        {text("v=DKIM1; h=sha1; "), DkimFault::no_sha256},
        {text("v=DKIM1; s=tlsrpt; "), DkimFault::not_for_mail},
        {"v=DKIM1; k=rsa", DkimFault::syntax},
        {"v=DKIM1; k=rsa; nonsense", DkimFault::syntax},
        {"", DkimFault::syntax},
    };
    for (const auto& one : kCases) EXPECT_EQ(parse_dkim_key(one.text).fault, one.fault) << one.text;
    EXPECT_EQ(parse_dkim_key(text("v=DKIM1; ")).key_bits, 1024U);
    EXPECT_EQ(parse_dkim_key(text("v=DKIM1; ", "MIGf MA0G\tCSqG" + std::string(kKey1024.substr(12)))).key, kKey1024);
    EXPECT_TRUE(parse_dkim_key(text("t=s:y; ")).testing);
    EXPECT_FALSE(parse_dkim_key(text("t=s; ")).testing);
}

TEST(Dmarc, Records) {
    struct {
        std::string_view text, wrong;
    } const kCases[] = {
        {"v=DMARC1; p=none", ""},
        {"v=DMARC1;p=reject;sp=quarantine;adkim=s;aspf=r;pct=50;fo=0:1:d:s;ri=3600;rf=afrf", ""},
        {"v=DMARC1; p=Quarantine; rua=mailto:a@x.jp!10m, mailto:b@x.jp; ruf=mailto:c@x.jp", ""},
        {"v=DMARC1; p=none; rua=https://x.jp/report", ""},
        {"v=DMARC1", "p="},
        {"v=DMARC1,p=none", "v=DMARC1,p=none"},
        {"p=none; v=DMARC1", "p=none"},
        {"v=dmarc1; p=none", "v=dmarc1"},
        {"v=DMARC1; p=refuse", "p=refuse"},
        {"v=DMARC1; p=none; pct=101", "pct=101"},
        {"v=DMARC1; p=none; pct=", "pct="},
        {"v=DMARC1; p=none; adkim=x", "adkim=x"},
        {"v=DMARC1; p=none; fo=2", "fo=2"},
        {"v=DMARC1; p=none; rua=a@x.jp", "rua=a@x.jp"},
        {"v=DMARC1; p=none; rua=mailto:x.jp", "rua=mailto:x.jp"},
        {"v=DMARC1; p=none; rua=mailto:a@x.jp mailto:b@x.jp", "rua=mailto:a@x.jp mailto:b@x.jp"},
        {"v=DMARC1; p=none p=none", "p=none p=none"},
    };
    for (const auto& one : kCases) {
        std::string wrong;
        EXPECT_EQ(parse_dmarc(one.text, wrong).has_value(), one.wrong.empty()) << one.text << " wrong: " << wrong;
        if (!one.wrong.empty()) {
            EXPECT_EQ(wrong, one.wrong) << one.text;
        }
    }
    std::string wrong;
    const auto all = parse_dmarc("v=DMARC1; p=reject; adkim=s; pct=20; rua=mailto:a@x.jp!10m,mailto:b@y.jp", wrong);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->policy, "reject");
    EXPECT_TRUE(all->strict_dkim);
    EXPECT_FALSE(all->strict_spf);
    EXPECT_EQ(all->percent, 20U);
    EXPECT_THAT(all->reports, ElementsAre("a@x.jp", "b@y.jp"));
    EXPECT_TRUE(parse_tls_rpt("v=TLSRPTv1; rua=mailto:a@x.jp,https://x.jp/r", wrong));
    EXPECT_FALSE(parse_tls_rpt("v=TLSRPTv1", wrong));
    EXPECT_FALSE(parse_tls_rpt("v=TLSRPTv1; rua=a@x.jp", wrong));
    EXPECT_EQ(wrong, "rua=a@x.jp");
}

TEST(MtaSts, RecordAndPolicy) {
    std::string wrong;
    EXPECT_EQ(parse_mta_sts("v=STSv1; id=20261127T1;", wrong), "20261127T1");
    for (const std::string_view text : {"v=STSv1", "v=STSv1; id=", "v=STSv1; id=a-b", "id=1; v=STSv1", "v=STSv2; id=1",
                                        "v=STSv1; id=123456789012345678901234567890123"})
        EXPECT_FALSE(parse_mta_sts(text, wrong)) << text;
    const auto policy = parse_mta_sts_policy(
        "version: STSv1\r\nmode: enforce\r\nmx: Mail.example.jp\r\nmx: *.example.net\r\nmax_age: 86400\r\nother: x\r\n", wrong);
    ASSERT_TRUE(policy) << wrong;
    EXPECT_EQ(policy->mode, "enforce");
    EXPECT_EQ(policy->age_max_s, 86400U);
    EXPECT_TRUE(policy_allows(*policy, "mail.example.jp"));
    EXPECT_TRUE(policy_allows(*policy, "a.example.net"));
    EXPECT_FALSE(policy_allows(*policy, "a.b.example.net"));
    EXPECT_FALSE(policy_allows(*policy, "example.net"));
    EXPECT_FALSE(policy_allows(*policy, "other.example.jp"));
    struct {
        std::string_view text, wrong;
    } const kCases[] = {
        {"", "version:"},
        {"version: STSv1\nmx: a.jp\nmax_age: 1", "mode:"},
        {"version: STSv1\nmode: enforce\nmax_age: 1", "mx:"},
        {"version: STSv1\nmode: enforce\nmx: a.jp", "max_age:"},
        {"version: STSv1\nmode: strict", "mode: strict"},
        {"version: STSv1\nmode: none\nmax_age: 31557601", "max_age: 31557601"},
        {"version: STSv1\nmx: a..*", "mx: a..*"},
        {"<html>", "<html>"},
    };
    for (const auto& one : kCases) {
        EXPECT_FALSE(parse_mta_sts_policy(one.text, wrong)) << one.text;
        EXPECT_EQ(wrong, one.wrong);
    }
    EXPECT_TRUE(parse_mta_sts_policy("version: STSv1\nmode: none\nmax_age: 1", wrong));
}

TEST(Addresses, InternalAndGenericOnes) {
    for (const auto* text : {"10.1.2.3", "127.0.0.1", "172.31.0.1", "192.168.1.1", "169.254.0.1", "100.64.0.1", "0.0.0.0",
                             "192.0.2.1", "224.0.0.1", "::1", "::", "fe80::1", "fd00::1", "2001:db8::1", "::ffff:8.8.8.8"})
        EXPECT_TRUE(is_internal(*parse_ip(text))) << text;
    for (const auto* text : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1"})
        EXPECT_FALSE(is_internal(*parse_ip(text))) << text;
    EXPECT_TRUE(is_generic_name("203-0-113-7.isp.example", "203.0.113.7"));
    EXPECT_TRUE(is_generic_name("7.113.0.203.static.isp.example", "203.0.113.7"));
    EXPECT_TRUE(is_generic_name("p203000113007.isp.example", "203.0.113.7"));
    EXPECT_TRUE(is_generic_name("cb007107.isp.example", "203.0.113.7"));
    EXPECT_TRUE(is_generic_name("host7.dynamic.isp.example", "203.0.113.7"));
    EXPECT_FALSE(is_generic_name("mail.example.jp", "203.0.113.7"));
    EXPECT_FALSE(is_generic_name("mx7.example.jp", "203.0.113.7"));
    EXPECT_FALSE(is_generic_name("dynamics.example.jp", "203.0.113.7"));
}

TEST(ZoneLines, CanBePasted) {
    EXPECT_EQ(mx_line("x.jp", "mail.x.jp", 300), "x.jp. 300 IN MX 10 mail.x.jp.");
    EXPECT_EQ(address_line("mail.x.jp", "2001:db8::1"), "mail.x.jp. IN AAAA 2001:db8::1");
    EXPECT_EQ(txt_line("x.jp", "a\"b\\c"), "x.jp. IN TXT \"a\\\"b\\\\c\"");
    EXPECT_EQ(txt_line("x.jp", ""), "x.jp. IN TXT \"\"");
    EXPECT_EQ(txt_line("x.jp", std::string(256, 'a')), "x.jp. IN TXT \"" + std::string(255, 'a') + "\" \"a\"");
}

TEST(Ports, Changes) {
    const auto moved = mail_ports_with({"imaps=10993", "pop3=none"}, 1000);
    ASSERT_TRUE(moved);
    ASSERT_EQ(moved->size(), 6U);
    EXPECT_EQ(moved->front().port, 1025);
    EXPECT_EQ(moved->back().port, 10993);
    for (const auto* wrong : {"imaps", "imaps=", "imaps=x", "imaps=0", "imaps=70000", "nntp=119", "=25"})
        EXPECT_FALSE(mail_ports_with({wrong})) << wrong;
    EXPECT_EQ(greeting_host("220 Mail.example.jp ESMTP Tayori"), "mail.example.jp");
    EXPECT_EQ(greeting_host("220-mail.example.jp"), "mail.example.jp");
    EXPECT_EQ(greeting_host("554 no"), "");
}

}  // namespace
}  // namespace tayori::admin

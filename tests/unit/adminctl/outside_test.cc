#include <gmock/gmock.h>

#include "adminctl/migrate/checklist.h"
#include "adminctl/outside/resolver.h"
#include "adminctl/outside/spf.h"
#include "common/base/text.h"
#include "table_resolver.h"

namespace tayori::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Spf, Verdicts) {
    TableResolver dns;
    dns.add("x.test", DnsType::mx, "mx.x.test");
    dns.add("mx.x.test", DnsType::a, "192.0.2.9");
    dns.add("x.test", DnsType::a, "192.0.2.77");
    dns.add("pass.test", DnsType::txt, "v=spf1 ip4:192.0.2.0/28 -all");
    dns.add("loop.test", DnsType::txt, "v=spf1 include:loop.test -all");
    dns.add("3.2.0.192.in-addr._spf.x.test", DnsType::a, "127.0.0.2");
    dns.add("9.2.0.192.in-addr.arpa", DnsType::ptr, "mx.x.test");
    dns.broken.insert("dead.test");
    struct {
        std::string record;
        std::string address;
        SpfVerdict verdict;
    } const kCases[] = {
        {"v=spf1 ip4:192.0.2.1 -all", "192.0.2.1", SpfVerdict::pass},
        {"v=spf1 ip4:192.0.2.1 -all", "192.0.2.2", SpfVerdict::fail},
        {"V=SPF1 IP4:192.0.2.0/24 ~all", "192.0.2.200", SpfVerdict::pass},
        {"v=spf1 ip4:192.0.2.0/25 ~all", "192.0.2.200", SpfVerdict::softfail},
        {"v=spf1 ip6:2001:db8::/32 -all", "2001:db8::7", SpfVerdict::pass},
        {"v=spf1 ip6:2001:db8::/32 -all", "192.0.2.1", SpfVerdict::fail},
        {"v=spf1 mx -all", "192.0.2.9", SpfVerdict::pass},
        {"v=spf1 a -all", "192.0.2.77", SpfVerdict::pass},
        {"v=spf1 a/24//64 -all", "192.0.2.1", SpfVerdict::pass},
        {"v=spf1 a:mx.x.test ?all", "192.0.2.9", SpfVerdict::pass},
        {"v=spf1 include:pass.test -all", "192.0.2.15", SpfVerdict::pass},
        {"v=spf1 include:pass.test -all", "192.0.2.16", SpfVerdict::fail},
        {"v=spf1 redirect=pass.test", "192.0.2.3", SpfVerdict::pass},
        {"v=spf1 redirect=pass.test", "192.0.2.33", SpfVerdict::fail},
        {"v=spf1", "192.0.2.1", SpfVerdict::neutral},
        {"v=spf1 include:loop.test -all", "192.0.2.1", SpfVerdict::broken},
        {"v=spf1 include:none.test -all", "192.0.2.1", SpfVerdict::broken},
        {"v=spf1 ip4:nonsense -all", "192.0.2.1", SpfVerdict::broken},
        {"v=spf1 wrong -all", "192.0.2.1", SpfVerdict::broken},
        {"v=spf1 exists:%{i}.x.test -all", "192.0.2.1", SpfVerdict::fail},
        {"v=spf1 exists:%{ir}.%{v}._spf.%{d} -all", "192.0.2.3", SpfVerdict::pass},
        {"v=spf1 exists:%{ir}.%{v}._spf.%{d} -all", "192.0.2.4", SpfVerdict::fail},
        {"v=spf1 ptr -all", "192.0.2.9", SpfVerdict::pass},
        {"v=spf1 ptr:other.test -all", "192.0.2.9", SpfVerdict::fail},
        {"v=spf1 redirect=none.test", "192.0.2.1", SpfVerdict::broken},
        {"v=spf1 -all redirect=none.test", "192.0.2.1", SpfVerdict::fail},
        {"v=spf1 a:v1.test a:v2.test -all", "192.0.2.1", SpfVerdict::fail},
        {"v=spf1 a:v1.test a:v2.test a:v3.test -all", "192.0.2.1", SpfVerdict::broken},
        {"v=spf1 ip4:192.0.2.1 -all wrong", "192.0.2.1", SpfVerdict::broken},
        {"v=spf1 ip4:192.0.2.1 unknown=modifier -all", "192.0.2.1", SpfVerdict::pass},
        {"v=spf1 a:dead.test -all", "192.0.2.1", SpfVerdict::unknown},
        {"v=spf10 all", "192.0.2.1", SpfVerdict::none},
        {"google-site-verification=1", "192.0.2.1", SpfVerdict::none},
    };
    for (const auto& one : kCases) {
        dns.records[{"x.test", DnsType::txt}] = {{300, 0, "other text"}, {300, 0, one.record}};
        dns.asked = 0;
        EXPECT_EQ(check_spf(dns, "x.test", one.address).verdict, one.verdict) << one.record << ' ' << one.address;
        EXPECT_LT(dns.asked, 30U) << one.record;
    }
    dns.records[{"x.test", DnsType::txt}] = {{300, 0, "v=spf1 -all"}, {300, 0, "v=spf1 +all"}};
    EXPECT_EQ(check_spf(dns, "x.test", "192.0.2.1").verdict, SpfVerdict::broken);
}

TEST(Spf, TheRecordToPublish) {
    EXPECT_EQ(spf_with("", "192.0.2.1"), "v=spf1 ip4:192.0.2.1 mx ~all");
    EXPECT_EQ(spf_with("v=spf1 mx -all", "2001:db8::1"), "v=spf1 ip6:2001:db8::1 mx -all");
    EXPECT_EQ(spf_with("v=spf1 wrong mx -all", "192.0.2.1"), "v=spf1 ip4:192.0.2.1 mx -all");
}

TEST(Dns, ReverseNames) {
    EXPECT_EQ(reverse_name("192.0.2.10"), "10.2.0.192.in-addr.arpa");
    EXPECT_EQ(reverse_name("2001:db8::1"), "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    EXPECT_EQ(reverse_name("nonsense"), "");
}

// Header, one question for x.test, and an answer whose name points back to it.
std::string packet(DnsType type, const std::string& data, std::uint16_t answers = 1) {
    const auto number = [](std::size_t n) {
        return std::string{static_cast<char>(n >> 8 & 255U), static_cast<char>(n & 255U)};
    };
    std::string out = number(7) + number(0x8180) + number(1) + number(answers) + number(0) + number(0);
    out += std::string("\1x\4test\0", 8) + number(static_cast<std::size_t>(type)) + number(1);
    out += std::string("\xc0\x0c", 2) + number(static_cast<std::size_t>(type)) + number(1) + number(0) + number(600) +
           number(data.size()) + data;
    return out;
}

TEST(Dns, Answers) {
    const auto mx = read_dns_answer(packet(DnsType::mx, std::string("\0\x0a\2MX\xc0\x0c", 7)), DnsType::mx);
    ASSERT_TRUE(mx) << mx.error().text;
    ASSERT_EQ(mx->size(), 1U);
    EXPECT_EQ((*mx)[0].text, "mx.x.test");
    EXPECT_EQ((*mx)[0].preference, 10);
    EXPECT_EQ((*mx)[0].ttl_s, 600U);
    EXPECT_EQ(read_dns_answer(packet(DnsType::a, "\xc0\x01\x02\x03"), DnsType::a)->at(0).text, "192.1.2.3");
    EXPECT_EQ(read_dns_answer(packet(DnsType::txt, std::string("\3abc\2de")), DnsType::txt)->at(0).text, "abcde");
    EXPECT_TRUE(read_dns_answer(packet(DnsType::a, "\1\2\3\4"), DnsType::txt)->empty());  // of another type
    for (const auto& [type, data] : std::vector<std::pair<DnsType, std::string>>{{DnsType::a, "\1\2\3"},
                                                                                 {DnsType::txt, "\7ab"},
                                                                                 {DnsType::mx, "\1"},
                                                                                 {DnsType::ptr, "\xc0"},
                                                                                 {DnsType::ptr,
                                                                                  "\x05"
                                                                                  "ab"}})
        EXPECT_FALSE(read_dns_answer(packet(type, data), type)) << data;
    const auto whole = packet(DnsType::txt, std::string("\3abc"), 2);
    for (std::size_t bytes = 0; bytes <= whole.size(); ++bytes)
        EXPECT_FALSE(read_dns_answer(std::string_view(whole).substr(0, bytes), DnsType::txt));
}

std::vector<std::string> verdicts(const std::vector<CheckLine>& lines) {
    std::vector<std::string> out;
    for (const auto& line : lines)
        out.push_back(cat(line.code, line.verdict == CheckVerdict::ok     ? " ok"
                                     : line.verdict == CheckVerdict::todo ? " todo"
                                                                          : " wrong"));
    return out;
}

TEST(Checklist, DnsBeforeAndAfterTheSwitch) {
    TableResolver dns;
    SiteFacts facts;
    facts.domain = "x.test";
    facts.host = "mail.x.test";
    facts.addresses = {"192.0.2.10"};
    dns.add("x.test", DnsType::mx, "old.x.test", 10, 86400);
    const auto before = check_dns(dns, facts, legacy::Language::english);
    EXPECT_THAT(verdicts(before), ElementsAre("address todo", "mx todo", "mx-ttl todo", "ptr todo", "spf todo"));
    EXPECT_EQ(before[0].publish, "mail.x.test. 300 IN A 192.0.2.10");
    EXPECT_EQ(before[1].publish, "x.test. 300 IN MX 10 mail.x.test.");
    EXPECT_THAT(before[2].is, HasSubstr("86400"));
    EXPECT_EQ(before[3].publish, "10.2.0.192.in-addr.arpa. IN PTR mail.x.test.");
    EXPECT_EQ(before[4].publish, "x.test. IN TXT \"v=spf1 ip4:192.0.2.10 mx ~all\"");

    dns.records[{"x.test", DnsType::mx}] = {{300, 10, "mail.x.test"}};
    dns.add("mail.x.test", DnsType::a, "192.0.2.10");
    dns.add("10.2.0.192.in-addr.arpa", DnsType::ptr, "mail.x.test");
    dns.add("x.test", DnsType::txt, "v=spf1 mx -all");
    facts.addresses.clear();  // those of the host
    EXPECT_THAT(verdicts(check_dns(dns, facts, legacy::Language::japanese)),
                ElementsAre("address ok", "mx ok", "mx-ttl ok", "ptr ok", "spf ok"));

    dns.broken = {"x.test"};
    EXPECT_THAT(verdicts(check_dns(dns, facts, legacy::Language::english)),
                ElementsAre("address ok", "mx wrong", "ptr ok", "spf wrong"));
}

TEST(Checklist, TheSite) {
    SiteFacts facts;
    facts.domain = "x.test";
    facts.now_s = 1'000'000;
    facts.age_max_s = 3600;
    EXPECT_THAT(verdicts(check_site(facts, legacy::Language::english)), ElementsAre("domain wrong"));
    facts.known = spool::v1::Domain();
    EXPECT_THAT(verdicts(check_site(facts, legacy::Language::english)),
                ElementsAre("domain wrong", "postmaster todo", "imports ok"));
    facts.known->set_accounts(2);
    facts.has_postmaster = true;
    spool::v1::ImportAccount account;
    account.set_address("a@x.test");
    account.set_state(spool::v1::IMPORT_STATE_COMPLETE);
    account.set_finished_s(facts.now_s - 60);
    facts.imported = facts.live = {account};
    EXPECT_THAT(verdicts(check_site(facts, legacy::Language::english)),
                ElementsAre("domain ok", "postmaster ok", "imports ok", "delta ok"));
    account.set_state(spool::v1::IMPORT_STATE_OPEN);
    account.set_finished_s(1);
    facts.imported.push_back(account);
    facts.live.push_back(account);
    const auto lines = check_site(facts, legacy::Language::english);
    EXPECT_THAT(verdicts(lines), ElementsAre("domain ok", "postmaster ok", "imports todo", "delta todo"));
    EXPECT_THAT(checklist_text(lines, legacy::Language::english), HasSubstr("2 of 4 points are open."));
    EXPECT_THAT(checklist_text(lines, legacy::Language::japanese), HasSubstr("2 件が残っています (全 4 件)。"));
    EXPECT_THAT(checklist_json(lines), HasSubstr("{\"verdict\":\"todo\",\"code\":\"delta\""));
}

}  // namespace
}  // namespace tayori::admin

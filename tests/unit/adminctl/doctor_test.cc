// What the doctor finds in tables, and how it says so. The faults one by one are in tests/system/test_doctor.py.
#include <gmock/gmock.h>

#include <set>

#include "adminctl/doctor/exam.h"
#include "common/base/text.h"
#include "table_resolver.h"

namespace tayori::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kNowS = 1'795'000'000;

Patient patient_for(const std::string& host) {
    Patient out;
    out.domain = "x.test";
    out.host = host;
    out.looks = Looks::dns_only;
    out.now_s = kNowS;
    out.is_here = Known::yes;
    return out;
}

TableResolver sound_table() {
    TableResolver dns;
    dns.add("x.test", DnsType::mx, "mail.x.test", 10);
    dns.add("mail.x.test", DnsType::a, "8.8.4.4");
    dns.add("4.4.8.8.in-addr.arpa", DnsType::ptr, "mail.x.test");
    dns.add("x.test", DnsType::txt, "v=spf1 mx -all");
    dns.add("_dmarc.x.test", DnsType::txt, "v=DMARC1; p=reject; rua=mailto:a@x.test");
    dns.add("_imaps._tcp.x.test", DnsType::srv, "mail.x.test");
    return dns;
}

std::vector<std::string> told(const Diagnosis& diagnosis) {
    std::vector<std::string> out;
    for (const auto& finding : diagnosis.findings) out.push_back(cat(severity_word(finding.severity), ' ', finding.id));
    return out;
}

TEST(Doctor, FindsNothingInASoundDomainAndSaysWhatItCantKnow) {
    auto dns = sound_table();
    EXPECT_THAT(told(examine(patient_for("mail.x.test"), dns, {})), ElementsAre("unknown dkim.unknown"));
    auto stranger = patient_for("");
    stranger.is_here = Known::unknown;
    const auto diagnosis = examine(stranger, dns, {});
    EXPECT_THAT(told(diagnosis), ElementsAre("unknown site.unknown", "unknown senders.unknown", "unknown dkim.unknown"));
    EXPECT_EQ(problems_of(diagnosis), 0U);
}

TEST(Doctor, SaysWhyTheDnsFails) {
    struct {
        std::string_view trouble;
        bool bogus;
        std::string_view told;
    } const kCases[] = {{kDnsServfail, true, "error dnssec.bogus"},
                        {kDnsServfail, false, "error dns.servfail"},
                        {kDnsRefused, false, "error dns.refused"},
                        {kDnsSilent, false, "error dns.silent"}};
    for (const auto& one : kCases) {
        auto dns = sound_table();
        dns.broken = {"x.test"};
        dns.trouble = one.trouble;
        dns.bogus = one.bogus;
        EXPECT_THAT(told(examine(patient_for("mail.x.test"), dns, {})), ElementsAre(one.told));
    }
}

TEST(Doctor, ComparesPublishedKeysWithOurs) {
    auto dns = sound_table();
    const std::string ours = "v=DKIM1; k=ed25519; p=Yw2eSfIYbEOZWLH5Pw0cVSCQz9QNjhcTDvhUkCRWXZU=";
    auto patient = patient_for("mail.x.test");
    patient.keys = {{"s1", ours}};
    auto missing = examine(patient, dns, {});
    ASSERT_THAT(told(missing), ElementsAre("error dkim.missing"));
    EXPECT_EQ(missing.findings[0].publish, cat("s1._domainkey.x.test. IN TXT \"", ours, '"'));
    dns.add("s1._domainkey.x.test", DnsType::txt, "k=ed25519;p=Yw2eSfIYbEOZWLH5Pw0c VSCQz9QNjhcTDvhUkCRWXZU=");
    EXPECT_THAT(told(examine(patient, dns, {})), IsEmpty());
    dns.records[{"s1._domainkey.x.test", DnsType::txt}].front().text =
        "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    EXPECT_THAT(told(examine(patient, dns, {})), ElementsAre("error dkim.other_key"));
}

TEST(Doctor, SpeaksBothLanguages) {
    auto dns = sound_table();
    dns.records[{"x.test", DnsType::txt}][0].text = "v=spf1 ip4:192.0.2.1 -all\x1b[2J";
    const auto diagnosis = examine(patient_for("mail.x.test"), dns, {});
    const auto english = diagnosis_text(diagnosis, legacy::Language::english);
    EXPECT_THAT(english, HasSubstr("ERROR   spf.syntax  SPF x.test\n"));
    EXPECT_THAT(english, HasSubstr("1 problem found."));
    EXPECT_EQ(english.find('\x1b'), std::string::npos);
    const auto japanese = diagnosis_text(diagnosis, legacy::Language::japanese);
    EXPECT_THAT(japanese, HasSubstr("異常    spf.syntax  SPF x.test\n"));
    EXPECT_THAT(japanese, HasSubstr("1 件の問題が見つかりました。"));
    const auto json = diagnosis_json(diagnosis, legacy::Language::english);
    EXPECT_THAT(json, HasSubstr("\"problems\":1"));
    EXPECT_THAT(json, HasSubstr("{\"severity\":\"error\",\"id\":\"spf.syntax\",\"subject\":\"SPF x.test\""));
}

TEST(Doctor, EachMessageIsWholeAndThereOnce) {
    std::set<std::string_view> ids;
    for (const auto table : {dns_messages(), mail_messages(), server_messages()}) {
        for (const auto& message : table) {
            EXPECT_TRUE(ids.insert(message.id).second) << message.id;
            for (const auto text : {message.is, message.should, message.is_japanese, message.should_japanese})
                EXPECT_FALSE(text.empty()) << message.id;
            // The same values in both languages.
            for (const auto* place : {"{0}", "{1}", "{2}"})
                EXPECT_EQ(message.is.find(place) == std::string_view::npos,
                          message.is_japanese.find(place) == std::string_view::npos)
                    << message.id << place;
        }
    }
}

}  // namespace
}  // namespace tayori::admin

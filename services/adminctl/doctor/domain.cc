// The domain itself and its MX.
#include <algorithm>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/address.h"
#include "adminctl/outside/hosts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::uint32_t kTtlHighS = 86'400;
constexpr std::uint32_t kTtlLowS = 60;
constexpr std::uint32_t kMoveTtlS = 3'600;  // as the check list of a switch wants it
constexpr std::uint32_t kMoveTtlWantedS = 300;
constexpr std::string_view kProbe = "tayori-doctor";  // a name below the domain that nobody has

std::string mail_host_of(const Patient& patient) {
    return patient.host.empty() ? cat("mail.", patient.domain) : patient.host;
}

void look_for_wildcard(Exam& exam) {
    const auto name = cat(kProbe, '.', exam.patient().domain);
    for (const auto type : {DnsType::txt, DnsType::mx}) {
        const auto found = exam.ask(name, type);
        if (!found.records.empty())
            exam.find("dns.wildcard", cat(dns_type_name(type), " *.", exam.patient().domain),
                      {joined_texts(found.records)});
    }
}

void look_at_target(Exam& exam, const DnsRecord& mx) {
    const auto& domain = exam.patient().domain;
    const auto subject = cat("MX ", domain, " ", mx.preference, ' ', mx.text);
    if (parse_ip(mx.text))
        return exam.find("mx.literal", subject, {mx.text},
                         cat(mx_line(domain, mail_host_of(exam.patient())), "\n",
                             address_line(mail_host_of(exam.patient()), mx.text)));
    const auto alias = exam.ask(mx.text, DnsType::cname);
    if (!alias.records.empty())
        exam.find("mx.cname", subject, {mx.text, alias.records[0].text}, mx_line(domain, alias.records[0].text));
    const auto v4 = exam.ask(mx.text, DnsType::a);
    const auto v6 = exam.ask(mx.text, DnsType::aaaa);
    if (!v4.heard || !v6.heard) return;
    MailHost host{mx.text, {}};
    for (const auto* answer : {&v4, &v6})
        for (const auto& record : answer->records) host.addresses.push_back(record.text);
    if (host.addresses.empty()) {
        std::string publish;
        if (mx.text == exam.patient().host)
            for (const auto& address : exam.patient().addresses)
                append(publish, publish.empty() ? "" : "\n", address_line(mx.text, address));
        return exam.find(v4.exists ? "mx.no_address" : "mx.dangling", subject, {mx.text}, publish);
    }
    for (const auto& address : host.addresses)
        if (exam.is_internal_address(address)) exam.find("mx.internal_address", subject, {mx.text, address});
    exam.sound(subject, joined_texts(host.addresses));
    exam.mail_hosts.push_back(std::move(host));
}

bool points_here(const Exam& exam, const std::vector<DnsRecord>& records, const std::vector<std::string>& ours) {
    const auto is_ours = [&](const std::string& address) {
        return std::find(ours.begin(), ours.end(), address) != ours.end();
    };
    return std::any_of(records.begin(), records.end(),
                       [&](const DnsRecord& mx) { return mx.text == exam.patient().host; }) ||
           std::any_of(exam.mail_hosts.begin(), exam.mail_hosts.end(), [&](const MailHost& host) {
               return std::any_of(host.addresses.begin(), host.addresses.end(), is_ours);
           });
}

void look_at_place(Exam& exam, const std::vector<DnsRecord>& records) {
    const auto& patient = exam.patient();
    if (patient.host.empty() || exam.mail_hosts.empty()) return;
    auto ours = patient.addresses;
    if (ours.empty()) ours = exam.addresses(patient.host);
    const bool here = points_here(exam, records, ours);
    if (!here && patient.is_here != Known::no)
        exam.find("mx.elsewhere", cat("MX ", patient.domain), {joined_texts(records), patient.host},
                  mx_line(patient.domain, patient.host));
    if (here && patient.is_here == Known::no)
        exam.find("domain.not_here", patient.domain, {patient.host}, cat("adminctl domain add ", patient.domain));
}

void look_at_ttl(Exam& exam, const std::vector<DnsRecord>& records) {
    std::uint32_t longest = 0;
    for (const auto& record : records) longest = std::max(longest, record.ttl_s);
    const auto subject = cat("TTL MX ", exam.patient().domain);
    if (exam.patient().moving && longest > kMoveTtlS)
        return exam.find("mx.ttl_before_move", subject, {cat(longest)},
                         records[0].text.empty() ? "" : mx_line(exam.patient().domain, records[0].text, kMoveTtlWantedS));
    if (longest > kTtlHighS) exam.find("mx.ttl_high", subject, {cat(longest)});
    // Through a cache a TTL runs down to 0: one answer that is low tells nothing unless it comes from the zone's own server.
    if (longest > 0 && longest < kTtlLowS) exam.find("mx.ttl_low", subject, {cat(longest)});
}

}  // namespace

bool examine_domain(Exam& exam) {
    const auto& domain = exam.patient().domain;
    const auto mx = exam.ask(domain, DnsType::mx);
    if (!mx.heard) return false;
    if (!mx.exists) {
        exam.find("domain.missing", domain);
        return false;
    }
    const auto alias = exam.ask(domain, DnsType::cname);
    if (!alias.records.empty()) {
        std::string publish = mx_line(domain, mail_host_of(exam.patient()));
        for (const auto& address : exam.addresses(domain)) append(publish, "\n", address_line(domain, address));
        exam.find("domain.cname", cat("CNAME ", domain), {alias.records[0].text}, publish);
    }
    if (exam.patient().is_here == Known::unknown) exam.find("site.unknown", domain);
    look_for_wildcard(exam);
    return true;
}

void examine_mx(Exam& exam) {
    const auto& domain = exam.patient().domain;
    const auto subject = cat("MX ", domain);
    auto records = exam.ask(domain, DnsType::mx).records;
    if (records.empty()) {
        auto own = exam.addresses(domain);
        const auto publish = mx_line(domain, mail_host_of(exam.patient()));
        if (own.empty()) return exam.find("mx.missing", subject, {}, publish);
        exam.find("mx.implicit", subject, {joined_texts(own)}, publish);
        exam.mail_hosts.push_back({domain, std::move(own)});
        return look_at_place(exam, records);
    }
    const auto nulls = std::count_if(records.begin(), records.end(), [](const DnsRecord& mx) { return mx.text.empty(); });
    exam.takes_no_mail = static_cast<std::size_t>(nulls) == records.size();
    if (exam.takes_no_mail)
        return exam.find("mx.null", subject, {}, mx_line(domain, mail_host_of(exam.patient())));
    if (nulls > 0) exam.find("mx.null_and_others", subject);
    std::erase_if(records, [](const DnsRecord& mx) { return mx.text.empty(); });
    for (std::size_t i = 0; i < std::min(records.size(), kMailHostsMax); ++i) look_at_target(exam, records[i]);
    look_at_place(exam, records);
    look_at_ttl(exam, records);
}

}  // namespace tayori::admin

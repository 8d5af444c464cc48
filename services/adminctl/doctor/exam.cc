#include "adminctl/doctor/exam.h"

#include <algorithm>

#include "adminctl/outside/address.h"
#include "adminctl/outside/hosts.h"
#include "common/base/text.h"

namespace tayori::admin {

Exam::Answer Exam::ask(const std::string& name, DnsType type) {
    auto records = resolver_.ask(name, type);
    if (records) return {true, true, std::move(*records)};
    if (records.error().kind == Kind::not_found) return {true, false, {}};
    const auto subject = cat(dns_type_name(type), ' ', name);
    if (records.error().kind == Kind::invalid) find("dns.bad_name", subject, {name});
    else if (records.error().detail == kDnsServfail && resolver_.answers_unvalidated(name, type))
        find("dnssec.bogus", subject);
    else if (records.error().detail == kDnsServfail) find("dns.servfail", subject);
    else if (records.error().detail == kDnsRefused) find("dns.refused", subject);
    else find("dns.silent", subject, {records.error().text});
    return {};
}

std::vector<std::string> Exam::addresses(const std::string& name) {
    std::vector<std::string> out;
    for (const auto type : {DnsType::a, DnsType::aaaa})
        for (auto& record : ask(name, type).records) out.push_back(std::move(record.text));
    return out;
}

std::vector<DnsRecord> Exam::texts(const std::string& name, bool (*wanted)(std::string_view)) {
    auto out = ask(name, DnsType::txt).records;
    std::erase_if(out, [&](const DnsRecord& record) { return !wanted(record.text); });
    return out;
}

void Exam::find(std::string_view id, std::string subject, std::vector<std::string> values, std::string publish) {
    find_as(message_of(id).severity, id, std::move(subject), std::move(values), std::move(publish));
}

void Exam::find_as(Severity severity, std::string_view id, std::string subject, std::vector<std::string> values,
                   std::string publish) {
    auto& all = diagnosis_.findings;
    const bool told = std::any_of(all.begin(), all.end(),
                                  [&](const Finding& one) { return one.id == id && one.subject == subject; });
    if (!told) all.push_back({severity, std::string(id), std::move(subject), std::move(values), std::move(publish)});
}

bool Exam::is_internal_address(const std::string& address) const {
    const auto ip = parse_ip(address);
    return ip && is_internal(*ip) && !settings::contains(patient_.allowed, address);
}

Diagnosis examine(const Patient& patient, Resolver& resolver, const std::vector<OtherView>& others) {
    Exam exam(patient, resolver);
    if (examine_domain(exam)) {
        examine_mx(exam);
        examine_host(exam);
        examine_reverse(exam);
        examine_spf(exam);
        examine_dkim(exam);
        examine_dmarc(exam);
        examine_sts(exam);
        examine_tls_rpt(exam);
        examine_srv(exam);
        if (patient.looks == Looks::dns_and_ports) examine_servers(exam);
    }
    compare_views(exam, others);
    return exam.take();
}

}  // namespace tayori::admin

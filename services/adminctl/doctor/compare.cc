// Do other resolvers say the same? Inside a site they often do not (split DNS), and right after a change they do not yet.
#include <algorithm>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/address.h"
#include "adminctl/outside/spf_record.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

using Question = std::pair<std::string, DnsType>;

std::vector<Question> compared_questions(const Exam& exam) {
    const auto& patient = exam.patient();
    std::vector<Question> out = {{patient.domain, DnsType::mx}, {patient.domain, DnsType::txt}};
    std::vector<std::string> hosts;
    for (const auto& host : exam.mail_hosts) hosts.push_back(host.name);
    if (!patient.host.empty() && std::find(hosts.begin(), hosts.end(), patient.host) == hosts.end())
        hosts.push_back(patient.host);
    for (const auto& host : hosts)
        for (const auto type : {DnsType::a, DnsType::aaaa}) out.emplace_back(host, type);
    return out;
}

// As a set that can be compared: of texts only SPF, the others are not about mail.
Result<std::vector<std::string>> view_of(Resolver& resolver, const Question& question) {
    auto records = resolver.ask(question.first, question.second);
    std::vector<std::string> out;
    if (!records && records.error().kind != Kind::not_found) return fail(std::move(records.error()));
    for (const auto& record : records ? *records : std::vector<DnsRecord>()) {
        if (question.second == DnsType::txt && !is_spf(record.text)) continue;
        out.push_back(question.second == DnsType::mx ? cat(record.preference, ' ', record.text) : record.text);
    }
    return out;
}

bool all_internal(const std::vector<std::string>& texts) {
    return !texts.empty() && std::all_of(texts.begin(), texts.end(), [](const std::string& text) {
        const auto ip = parse_ip(text);
        return ip && is_internal(*ip);
    });
}

}  // namespace

void compare_views(Exam& exam, const std::vector<OtherView>& others) {
    const auto questions = compared_questions(exam);
    for (const auto& other : others) {
        for (const auto& question : questions) {
            const auto here = view_of(exam.resolver(), question);
            if (!here) continue;  // told already
            const auto there = view_of(*other.resolver, question);
            if (!there) {
                exam.find("resolver.silent", other.name, {other.name, there.error().text});
                break;  // each further question would wait as long
            }
            if (*here == *there) continue;
            const bool split = all_internal(*there) != all_internal(*here);
            exam.find(split ? "dns.split" : "dns.differs",
                      cat(dns_type_name(question.second), ' ', question.first, " (", other.name, ')'),
                      {joined_texts(*here), other.name, joined_texts(*there)});
        }
    }
}

}  // namespace tayori::admin

// MTA-STS and the reports of TLS.
#include <algorithm>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/dmarc.h"
#include "adminctl/outside/hosts.h"
#include "adminctl/outside/mta_sts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kPolicyPath = "/.well-known/mta-sts.txt";

bool looks_like_sts(std::string_view text) { return to_lower(text).find("stsv1") != std::string::npos; }
bool looks_like_tls_rpt(std::string_view text) { return to_lower(text).find("tlsrptv1") != std::string::npos; }

std::string policy_file(const Exam& exam, std::string_view mode) {
    auto out = cat("version: STSv1\nmode: ", mode, "\n");
    for (const auto& host : exam.mail_hosts) append(out, "mx: ", host.name, "\n");
    return out + "max_age: 604800\n";
}

void look_at_sts_policy(Exam& exam, const std::string& subject) {
    const auto& patient = exam.patient();
    const auto host = cat("mta-sts.", patient.domain);
    const auto addresses = exam.addresses(host);
    if (addresses.empty()) return exam.find("sts.no_policy", subject, {host, ""}, policy_file(exam, "testing"));
    if (patient.looks == Looks::dns_only) return exam.find("sts.policy_unseen", subject, {host});
    const auto page = fetch_page({host, std::string(kPolicyPath), addresses[0], patient.https_port, patient.ca_file,
                                  kStsPolicyBytesMax});
    constexpr long kFound = 200;
    if (page.verdict == PortVerdict::certificate) return exam.find("sts.policy_certificate", subject, {host, page.why});
    if (page.verdict != PortVerdict::good || page.status != kFound)
        return exam.find("sts.no_policy", subject, {host, page.verdict == PortVerdict::good ? cat("HTTP ", page.status) : page.why},
                         policy_file(exam, "testing"));
    std::string wrong;
    const auto policy = parse_mta_sts_policy(page.body, wrong);
    if (!policy) return exam.find("sts.policy_syntax", subject, {wrong}, policy_file(exam, "testing"));
    bool listed = true;
    for (const auto& mx : exam.mail_hosts) {
        if (policy->mode == "none" || policy_allows(*policy, mx.name)) continue;
        listed = false;
        exam.find("sts.mx_not_listed", cat(subject, ' ', mx.name), {mx.name, joined_texts(policy->mx)},
                  policy_file(exam, policy->mode));
    }
    if (policy->mode != "enforce") exam.find("sts.not_enforced", subject, {policy->mode});
    else if (listed) exam.sound(subject, cat(policy->mode, ": ", joined_texts(policy->mx)));
}

}  // namespace

void examine_sts(Exam& exam) {
    const auto& domain = exam.patient().domain;
    const auto name = cat("_mta-sts.", domain);
    const auto subject = cat("MTA-STS ", domain);
    const auto meant = exam.texts(name, looks_like_sts);
    if (meant.empty()) return;  // nobody has to have one
    const auto records = exam.texts(name, is_mta_sts);
    if (records.size() > 1) return exam.find("sts.two_records", subject, {joined_texts(records)}, txt_line(name, records[0].text));
    const auto& text = records.empty() ? meant[0].text : records[0].text;
    std::string wrong;
    if (!parse_mta_sts(text, wrong))
        return exam.find("sts.syntax", subject, {text, wrong}, txt_line(name, cat("v=STSv1; id=", exam.patient().now_s)));
    look_at_sts_policy(exam, subject);
}

void examine_tls_rpt(Exam& exam) {
    const auto& domain = exam.patient().domain;
    const auto name = cat("_smtp._tls.", domain);
    const auto subject = cat("TLS-RPT ", domain);
    const auto meant = exam.texts(name, looks_like_tls_rpt);
    if (meant.empty()) return;
    const auto records = exam.texts(name, is_tls_rpt);
    if (records.size() > 1) return exam.find("tlsrpt.two_records", subject, {joined_texts(records)}, txt_line(name, records[0].text));
    const auto& text = records.empty() ? meant[0].text : records[0].text;
    std::string wrong;
    if (!parse_tls_rpt(text, wrong))
        return exam.find("tlsrpt.syntax", subject, {text, wrong},
                         txt_line(name, cat("v=TLSRPTv1; rua=mailto:postmaster@", domain)));
    exam.sound(subject, text);
}

}  // namespace tayori::admin

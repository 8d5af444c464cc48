// DKIM keys and the DMARC policy.
#include <algorithm>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/dkim.h"
#include "adminctl/outside/dmarc.h"
#include "adminctl/outside/hosts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::uint32_t kAllMailPercent = 100;

std::string_view dkim_id(DkimFault fault) {
    switch (fault) {
        case DkimFault::revoked:
            return "dkim.revoked";
        case DkimFault::key_type:
            return "dkim.key_type";
        case DkimFault::key:
            return "dkim.broken_key";
        case DkimFault::no_sha256:
            return "dkim.no_sha256";
        case DkimFault::not_for_mail:
            return "dkim.not_for_mail";
        case DkimFault::syntax:
        case DkimFault::version:
        case DkimFault::none:
            break;
    }
    return "dkim.syntax";
}

void look_at_key(Exam& exam, const KeyInUse& ours) {
    const auto name = cat(ours.selector, "._domainkey.", exam.patient().domain);
    const auto subject = cat("DKIM ", name);
    const auto publish = ours.record.empty() ? std::string() : txt_line(name, ours.record);
    const auto answer = exam.ask(name, DnsType::txt);
    if (!answer.heard) return;
    if (answer.records.empty()) return exam.find("dkim.missing", subject, {name}, publish);
    if (answer.records.size() > 1) return exam.find("dkim.two_records", subject, {joined_texts(answer.records)}, publish);
    const auto& text = answer.records[0].text;
    const auto key = parse_dkim_key(text);
    if (key.fault != DkimFault::none) return exam.find(dkim_id(key.fault), subject, {text, key.part}, publish);
    if (!ours.record.empty() && parse_dkim_key(ours.record).key != key.key)
        return exam.find("dkim.other_key", subject, {text}, publish);
    exam.dkim_passes = exam.dkim_passes || key.key_type != "rsa" || key.key_bits >= kDkimBitsMin;
    if (key.testing) exam.find("dkim.testing", subject, {text});
    if (key.key_type == "rsa" && key.key_bits < kDkimBitsWanted)
        return exam.find_as(key.key_bits < kDkimBitsMin ? Severity::error : Severity::warning, "dkim.short_key", subject,
                            {cat(key.key_bits), cat(kDkimBitsWanted)});
    if (!key.testing) exam.sound(subject, text);
}

// "v=DMARC1,p=none": meant to be one, and none.
bool looks_like_dmarc(std::string_view text) { return to_lower(text).find("dmarc1") != std::string::npos; }

// The nearest domain, from here up, with a record, or with what was meant to be one: the policy of an organisation holds below it.
std::string policy_domain(Exam& exam) {
    std::string_view at = exam.patient().domain;
    for (;;) {
        const auto name = cat("_dmarc.", at);
        const auto answer = exam.ask(name, DnsType::txt);
        if (!answer.heard) return {};
        if (std::any_of(answer.records.begin(), answer.records.end(),
                        [](const DnsRecord& record) { return looks_like_dmarc(record.text); }))
            return std::string(at);
        const auto dot = at.find('.');
        if (dot == std::string_view::npos || at.find('.', dot + 1) == std::string_view::npos) return {};
        at.remove_prefix(dot + 1);
    }
}

bool is_at_or_below(std::string_view name, std::string_view domain) {
    return name == domain || (name.size() > domain.size() && name.ends_with(domain) &&
                              name[name.size() - domain.size() - 1] == '.');
}

// Whoever gets reports of another domain has to say that he wants them (RFC 7489 §7.1).
void look_at_reports(Exam& exam, const std::string& subject, const std::string& domain, const DmarcRecord& policy) {
    for (const auto& address : policy.reports) {
        const auto to = to_lower(std::string_view(address).substr(address.find('@') + 1));
        if (is_at_or_below(to, domain) || is_at_or_below(domain, to)) continue;
        const auto consent = cat(domain, "._report._dmarc.", to);
        if (exam.texts(consent, is_dmarc).empty())
            exam.find("dmarc.reports_refused", subject, {address, consent}, txt_line(consent, "v=DMARC1"));
    }
}

void look_at_policy(Exam& exam, const std::string& domain, const std::string& text) {
    const auto subject = cat("DMARC ", domain);
    std::string wrong;
    const auto policy = parse_dmarc(text, wrong);
    if (!policy) return exam.find("dmarc.syntax", subject, {text, wrong});
    const bool above = domain != exam.patient().domain;
    const auto& applied = above && !policy->subdomain_policy.empty() ? policy->subdomain_policy : policy->policy;
    if (applied == "none") exam.find("dmarc.policy_none", subject, {text});
    if (policy->percent < kAllMailPercent && applied != "none") exam.find("dmarc.partial", subject, {text, cat(policy->percent)});
    if (policy->reports.empty())
        exam.find("dmarc.no_reports", subject, {text},
                  txt_line(cat("_dmarc.", domain), cat(trim(text), text.ends_with(';') ? " " : "; ", "rua=mailto:postmaster@", domain)));
    look_at_reports(exam, subject, domain, *policy);
    const bool could_see = !exam.senders_are_guessed && !exam.senders.empty() && !exam.patient().keys.empty();
    if (applied != "none" && could_see && !exam.spf_passes && !exam.dkim_passes)
        exam.find("dmarc.nothing_passes", subject, {text, applied});
    exam.sound(subject, text);
}

}  // namespace

void examine_dkim(Exam& exam) {
    if (exam.patient().keys.empty()) exam.find("dkim.unknown", cat("DKIM ", exam.patient().domain));
    for (const auto& key : exam.patient().keys) look_at_key(exam, key);
}

void examine_dmarc(Exam& exam) {
    const auto& own = exam.patient().domain;
    const auto own_name = cat("_dmarc.", own);
    if (!exam.ask(own_name, DnsType::txt).heard) return;
    const auto domain = policy_domain(exam);
    const auto subject = cat("DMARC ", domain.empty() ? own : domain);
    const auto wanted = cat("v=DMARC1; p=none; rua=mailto:postmaster@", own);
    if (domain.empty()) return exam.find("dmarc.missing", subject, {}, txt_line(own_name, wanted));
    const auto name = cat("_dmarc.", domain);
    const auto records = exam.texts(name, is_dmarc);
    if (records.empty()) {
        const auto meant = exam.texts(name, looks_like_dmarc);
        return exam.find("dmarc.syntax", subject, {joined_texts(meant), joined_texts(meant)}, txt_line(name, wanted));
    }
    if (records.size() > 1) return exam.find("dmarc.two_records", subject, {joined_texts(records)}, txt_line(name, records[0].text));
    look_at_policy(exam, domain, records[0].text);
}

}  // namespace tayori::admin

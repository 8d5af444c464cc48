#include "adminctl/outside/spf.h"

#include <algorithm>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/hosts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

std::string new_record(const Exam& exam) {
    if (exam.takes_no_mail && exam.senders_are_guessed) return "v=spf1 -all";
    std::string out = "v=spf1";
    if (!exam.senders_are_guessed)
        for (const auto& address : exam.senders)
            append(out, address.find(':') == std::string::npos ? " ip4:" : " ip6:", address);
    return out + " mx ~all";
}

// All that the records of `domain` allow, as one.
std::string merged_record(Exam& exam) {
    std::vector<std::string> terms;
    for (const auto& record : exam.texts(exam.patient().domain, is_spf)) {
        std::string wrong;
        for (const auto& term : parse_spf(cat("v=spf1", right_spf_terms(record.text)), wrong).value_or(std::vector<SpfTerm>()))
            if (term.mechanism != SpfMechanism::all && std::find(terms.begin(), terms.end(), term.text) == terms.end())
                terms.push_back(term.text);
    }
    std::string out = "v=spf1";
    for (const auto& term : terms) append(out, ' ', term);
    return out + " ~all";
}

std::string split_repaired(Exam& exam) {
    for (const auto& record : exam.ask(exam.patient().domain, DnsType::txt).records) {
        if (!is_wrongly_split_spf(record.strings)) continue;
        std::string out;
        for (const auto& part : record.strings) append(out, out.empty() ? "" : " ", part);
        return out;
    }
    return {};
}

void tell_fault(Exam& exam, const std::string& subject, const SpfResult& found) {
    const auto& domain = exam.patient().domain;
    switch (found.fault) {
        case SpfFault::two_records:
            return exam.find("spf.two_records", subject, {}, txt_line(domain, merged_record(exam)));
        case SpfFault::split:
            return exam.find("spf.split", subject, {found.record, found.where}, txt_line(domain, split_repaired(exam)));
        case SpfFault::too_many_lookups:
            return exam.find("spf.too_many_lookups", subject, {found.record, cat(kSpfLookupsMax), found.where});
        case SpfFault::too_many_void:
            return exam.find("spf.too_many_void", subject, {found.record, cat(kSpfVoidMax), found.where});
        case SpfFault::no_include:
            return exam.find("spf.include_missing", subject, {found.record, found.where});
        case SpfFault::broken_include:
            return exam.find("spf.include_broken", subject, {found.record, found.where});
        case SpfFault::syntax:
        case SpfFault::none:
            break;
    }
    exam.find("spf.syntax", subject, {found.record, found.where},
              txt_line(domain, cat("v=spf1", right_spf_terms(found.record))));
}

// What is allowed to be written and still should not be. True: nothing.
bool look_at_terms(Exam& exam, const std::string& subject, const std::string& record) {
    std::string wrong;
    const auto terms = parse_spf(record, wrong);
    if (!terms) return true;
    const SpfTerm* all = nullptr;
    bool redirect = false;
    bool good = true;
    const auto complain = [&](std::string_view id, const std::string& term, std::string publish = {}) {
        exam.find(id, subject, {record, term}, std::move(publish));
        good = false;
    };
    for (const auto& term : *terms) {
        if (all != nullptr && term.mechanism != SpfMechanism::other_modifier) complain("spf.after_all", term.text);
        if (term.mechanism == SpfMechanism::all && all == nullptr) all = &term;
        if (term.mechanism == SpfMechanism::ptr) complain("spf.ptr", term.text);
        redirect = redirect || term.mechanism == SpfMechanism::redirect;
    }
    if (all == nullptr && !redirect) complain("spf.open_end", {}, txt_line(exam.patient().domain, cat(record, " ~all")));
    if (all != nullptr && (all->sign == '+' || all->sign == '?')) {
        auto closed = record;
        closed.replace(closed.rfind(all->text), all->text.size(), "~all");
        complain(all->sign == '+' ? "spf.all_passes" : "spf.open_end", all->text, txt_line(exam.patient().domain, closed));
    }
    return good;
}

}  // namespace

void examine_spf(Exam& exam) {
    const auto& domain = exam.patient().domain;
    const auto subject = cat("SPF ", domain);
    if (!exam.ask(domain, DnsType::txt).heard) return;
    const auto found = walk_spf(exam.resolver(), domain);
    if (found.verdict == SpfVerdict::none) {
        const auto old = exam.ask(domain, DnsType::spf);
        const auto publish = txt_line(domain, old.records.empty() ? new_record(exam) : old.records[0].text);
        return exam.find(old.records.empty() ? "spf.missing" : "spf.only_type99", subject, {}, publish);
    }
    if (found.verdict == SpfVerdict::broken) return tell_fault(exam, subject, found);
    if (found.verdict == SpfVerdict::unknown) return exam.find("spf.no_answer", subject, {found.record, found.where});
    bool good = look_at_terms(exam, subject, found.record);
    for (const auto& address : exam.senders_are_guessed ? std::vector<std::string>() : exam.senders) {
        const bool passes = check_spf(exam.resolver(), domain, address).verdict == SpfVerdict::pass;
        exam.spf_passes = exam.spf_passes || passes;
        good = good && passes;
        if (!passes)
            exam.find("spf.not_us", cat(subject, ' ', address), {found.record, address},
                      txt_line(domain, spf_with(found.record, address)));
    }
    if (good) exam.sound(subject, found.record);
}

}  // namespace tayori::admin

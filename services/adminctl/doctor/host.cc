// Our host's name and addresses, and the names of the addresses that mail goes out from.
#include <algorithm>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/address.h"
#include "adminctl/outside/hosts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kSendersMax = 16;

// A name with at least two labels of letters, digits and hyphens (RFC 5321 §2.3.5).
bool is_host_name(std::string_view name) {
    if (parse_ip(name) || name.find('.') == std::string_view::npos || name.ends_with(".localdomain") ||
        name.ends_with(".local"))
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
}

bool is_listed(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

std::string lines_for(const std::string& host, const std::vector<std::string>& addresses) {
    std::string out;
    for (const auto& address : addresses) append(out, out.empty() ? "" : "\n", address_line(host, address));
    return out;
}

void look_at_reverse(Exam& exam, const std::string& address) {
    const auto subject = cat("PTR ", address);
    const auto& host = exam.patient().host;
    const auto as = [&](std::string_view id) {
        return exam.senders_are_guessed ? Severity::warning : message_of(id).severity;
    };
    std::string wanted = exam.host_is_usable ? host : "";
    for (const auto& one : exam.mail_hosts)
        if (wanted.empty() && is_listed(one.addresses, address)) wanted = one.name;
    const auto publish = wanted.empty() ? std::string() : ptr_line(address, wanted);
    const auto answer = exam.ask(reverse_name(address), DnsType::ptr);
    if (!answer.heard) return;
    if (answer.records.empty()) return exam.find_as(as("ptr.missing"), "ptr.missing", subject, {address}, publish);
    std::string confirmed;
    bool is_host = false;
    for (const auto& record : answer.records) {
        if (!is_listed(exam.addresses(record.text), address)) continue;
        if (confirmed.empty() || record.text == host) confirmed = record.text;
        is_host = is_host || record.text == host;
    }
    const auto names = joined_texts(answer.records);
    if (confirmed.empty())
        return exam.find_as(as("ptr.not_confirmed"), "ptr.not_confirmed", subject, {names, address},
                            address_line(answer.records[0].text, address));
    if (is_generic_name(confirmed, address))
        return exam.find_as(as("ptr.generic"), "ptr.generic", subject, {names}, publish);
    if (exam.host_is_usable && !is_host) return exam.find("ptr.other_name", subject, {names, host}, publish);
    exam.sound(subject, names);
}

}  // namespace

void examine_host(Exam& exam) {
    const auto& patient = exam.patient();
    exam.senders = patient.addresses;
    if (patient.host.empty()) {
        if (!exam.senders.empty()) return;
        exam.find("senders.unknown", patient.domain);
        exam.senders_are_guessed = true;
        for (const auto& host : exam.mail_hosts)
            exam.senders.insert(exam.senders.end(), host.addresses.begin(), host.addresses.end());
        return;
    }
    if (!is_host_name(patient.host)) return exam.find("helo.not_a_name", cat("HELO ", patient.host), {patient.host});
    const auto subject = cat("A/AAAA ", patient.host);
    const auto found = exam.addresses(patient.host);
    if (exam.senders.empty()) exam.senders = found;
    std::vector<std::string> missing;
    for (const auto& address : patient.addresses)
        if (!is_listed(found, address)) missing.push_back(address);
    const bool is_mx = std::any_of(exam.mail_hosts.begin(), exam.mail_hosts.end(),
                                   [&](const MailHost& host) { return host.name == patient.host; });
    if (found.empty())
        return exam.find("address.missing", subject, {patient.host}, lines_for(patient.host, patient.addresses));
    exam.host_is_usable = true;
    if (!missing.empty())
        exam.find("address.differs", subject, {joined_texts(found), joined_texts(missing)},
                  lines_for(patient.host, missing));
    for (const auto& address : found)
        if (!is_mx && exam.is_internal_address(address)) exam.find("address.internal", subject, {address});
    if (missing.empty()) exam.sound(subject, joined_texts(found));
}

void examine_reverse(Exam& exam) {
    std::erase_if(exam.senders, [&](const std::string& address) { return exam.is_internal_address(address); });
    if (exam.senders.size() > kSendersMax) exam.senders.resize(kSendersMax);
    for (const auto& address : exam.senders) look_at_reverse(exam, address);
}

}  // namespace tayori::admin

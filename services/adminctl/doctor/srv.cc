// The records by which mail clients find the servers (RFC 6186 §3, RFC 8314 §5.1).
#include <algorithm>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/hosts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

// Clients take what is encrypted from the first octet before what has to ask for it.
struct ClientService {
    std::string_view name;
    std::uint16_t priority;
};
constexpr ClientService kClientServices[] = {{"submissions", 0}, {"submission", 10}, {"imaps", 0},
                                             {"imap", 10},       {"pop3s", 20},      {"pop3", 30}};

const MailPort* port_named(const Patient& patient, std::string_view name) {
    const auto at = std::find_if(patient.ports.begin(), patient.ports.end(), [&](const MailPort& port) { return port.name == name; });
    return at == patient.ports.end() ? nullptr : &*at;
}

std::string service_name(const ClientService& service, const std::string& domain) {
    return cat('_', service.name, "._tcp.", domain);
}

std::string srv_lines(const Patient& patient) {
    std::string out;
    for (const auto& service : kClientServices) {
        const auto* port = port_named(patient, service.name);
        if (port == nullptr) continue;
        append(out, out.empty() ? "" : "\n",
               zone_line(service_name(service, patient.domain), "SRV",
                         cat(service.priority, " 1 ", port->port, ' ', patient.host, '.')));
    }
    return out;
}

void look_at_service(Exam& exam, const ClientService& service, const DnsRecord& record) {
    const auto& patient = exam.patient();
    const auto name = service_name(service, patient.domain);
    const auto subject = cat("SRV ", name);
    if (record.text.empty()) return exam.sound(subject, ".");  // "not offered here", said as it should be
    const auto alias = exam.ask(record.text, DnsType::cname);
    if (!alias.records.empty())
        return exam.find("srv.cname", subject, {record.text, alias.records[0].text},
                         zone_line(name, "SRV", cat(record.preference, ' ', record.weight, ' ', record.port, ' ', alias.records[0].text, '.')));
    const auto addresses = exam.addresses(record.text);
    if (addresses.empty()) return exam.find("srv.no_address", subject, {record.text});
    const auto* usual = port_named(patient, service.name);
    if (exam.host_is_usable && record.text != patient.host)
        exam.find("srv.other_host", subject, {record.text, patient.host},
                  zone_line(name, "SRV", cat(service.priority, " 1 ", record.port, ' ', patient.host, '.')));
    else exam.sound(subject, cat(record.text, ' ', record.port));
    if (usual == nullptr) return;
    auto port = *usual;
    port.port = record.port;
    for (const auto& address : addresses) exam.more_ports.push_back({port, address, record.text, patient.ca_file});
}

}  // namespace

void examine_srv(Exam& exam) {
    std::size_t found = 0;
    for (const auto& service : kClientServices) {
        for (const auto& record : exam.ask(service_name(service, exam.patient().domain), DnsType::srv).records) {
            ++found;
            look_at_service(exam, service, record);
        }
    }
    if (found == 0 && exam.host_is_usable)
        exam.find("srv.missing", cat("SRV ", exam.patient().domain), {}, srv_lines(exam.patient()));
}

}  // namespace tayori::admin

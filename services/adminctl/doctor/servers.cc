// The servers themselves: ports, greetings, TLS, certificates.
#include <algorithm>
#include <map>

#include "adminctl/doctor/exam.h"
#include "adminctl/outside/hosts.h"
#include "adminctl/values.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::int64_t kExpiresSoonS = 14 * 86'400;

bool is_smtp(const PortQuestion& question) { return question.port.name == "smtp"; }

void add_question(std::vector<PortQuestion>& all, PortQuestion question) {
    const bool there = std::any_of(all.begin(), all.end(), [&](const PortQuestion& one) {
        return one.address == question.address && one.port.port == question.port.port;
    });
    if (!there && all.size() < kPortQuestionsMax) all.push_back(std::move(question));
}

// Port 25 of who takes the domain's mail; all of our own host; what SRV records promise.
std::vector<PortQuestion> questions_of(Exam& exam) {
    std::vector<PortQuestion> out;
    const auto& patient = exam.patient();
    for (const auto& port : patient.ports) {
        if (port.name != "smtp") continue;
        for (const auto& host : exam.mail_hosts)
            for (const auto& address : host.addresses) add_question(out, {port, address, host.name, patient.ca_file});
    }
    if (!patient.host.empty()) {
        for (const auto& address : exam.addresses(patient.host))
            for (const auto& port : patient.ports) add_question(out, {port, address, patient.host, patient.ca_file});
    }
    for (const auto& question : exam.more_ports) add_question(out, question);
    std::erase_if(out, [&](const PortQuestion& question) { return exam.is_internal_address(question.address); });
    return out;
}

// One finding for what several ports of a server have in common, a certificate for example.
class Gathered {
  public:
    void add(std::string_view id, const PortQuestion& question, std::vector<std::string> values) {
        const auto kind = is_smtp(question) ? "25" : "";  // certificates there weigh less
        auto& entry = entries_[{std::string(id), cat(question.address, ' ', kind)}];
        append(entry.ports, entry.ports.empty() ? "" : ", ", question.port.port, ' ', question.port.name);
        entry.question = &question;
        if (entry.values.empty()) entry.values = std::move(values);
    }
    void tell(Exam& exam) const {
        for (const auto& [key, entry] : entries_) {
            const auto& [id, place] = key;
            // Servers send to others whatever their certificate is, unless MTA-STS or DANE is there.
            const bool mild = (id.starts_with("cert.") || id.starts_with("tls.")) && is_smtp(*entry.question);
            exam.find_as(mild ? Severity::warning : message_of(id).severity, id,
                         cat(entry.question->host, " [", entry.question->address, "] ", entry.ports), entry.values);
        }
    }

  private:
    struct Entry {
        std::string ports;
        const PortQuestion* question = nullptr;
        std::vector<std::string> values;
    };
    std::map<std::pair<std::string, std::string>, Entry> entries_;
};

// Is the name in the greeting one of this address's?
bool is_name_of(Exam& exam, const std::string& name, const PortQuestion& question) {
    if (name == question.host || name == exam.patient().host) return true;
    const auto names = names_of(exam.resolver(), question.address);
    if (names && std::find(names->begin(), names->end(), name) != names->end()) return true;
    const auto addresses = addresses_of(exam.resolver(), name);
    return addresses && std::find(addresses->begin(), addresses->end(), question.address) != addresses->end();
}

void look_at_certificate(const Exam& exam, const PortQuestion& question, const PortResult& result, Gathered& out) {
    const auto& seen = result.certificate;
    const auto now_s = exam.patient().now_s;
    const bool trusted = result.verdict == PortVerdict::good;
    const bool expired = seen.seen && seen.expires_s <= now_s;
    if (seen.wrong_name) out.add("cert.wrong_name", question, {seen.names, question.host});
    if (trusted && seen.seen && seen.expires_s - now_s < kExpiresSoonS)
        out.add("cert.expires_soon", question, {show_time(seen.expires_s)});
    if (trusted) return;
    if (expired) out.add("cert.expired", question, {show_time(seen.expires_s)});
    if (seen.self_signed) out.add("cert.self_signed", question, {seen.names, question.host});
    if (!expired && !seen.self_signed && !seen.wrong_name) out.add("cert.untrusted", question, {seen.issuer, result.why});
}

void look_at_port(Exam& exam, const PortQuestion& question, const PortResult& result, Gathered& out) {
    if (is_smtp(question) && result.greeting.starts_with("220")) {
        const auto name = greeting_host(result.greeting);
        if (!is_name_of(exam, name, question)) out.add("banner.other_host", question, {result.greeting, question.host});
    }
    const bool refuses = result.greeting.starts_with('5') || result.greeting.starts_with('4') ||
                         result.greeting.starts_with("-ERR") || result.greeting.starts_with("* BYE");
    switch (result.verdict) {
        case PortVerdict::unreachable:
            return out.add("port.closed", question, {result.why});
        case PortVerdict::no_greeting:
            return out.add(refuses ? "banner.refuses" : "banner.none", question,
                           {result.greeting.empty() ? result.why : result.greeting});
        case PortVerdict::no_tls:
            return out.add(result.only_old_tls ? "tls.old" : "tls.missing", question, {result.why});
        case PortVerdict::certificate:
        case PortVerdict::good:
            break;
    }
    look_at_certificate(exam, question, result, out);
    if (result.verdict == PortVerdict::good)
        exam.sound(cat(question.host, " [", question.address, "] ", question.port.port, ' ', question.port.name), result.greeting);
}

}  // namespace

void examine_servers(Exam& exam) {
    const auto questions = questions_of(exam);
    const auto results = check_ports_at_once(questions);
    Gathered gathered;
    for (std::size_t i = 0; i < questions.size(); ++i) look_at_port(exam, questions[i], results[i], gathered);
    gathered.tell(exam);
}

}  // namespace tayori::admin

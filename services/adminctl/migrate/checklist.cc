#include "adminctl/migrate/checklist.h"

#include <algorithm>

#include "adminctl/migrate/words.h"
#include "adminctl/outside/hosts.h"
#include "adminctl/outside/spf.h"
#include "adminctl/values.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

using legacy::Language;
using Lines = std::vector<CheckLine>;

// An error of the DNS in the place of what was looked for.
CheckLine unanswered(std::string code, std::string subject, const Error& error, Language language) {
    const bool no_name = error.kind == Kind::not_found;
    return {no_name ? CheckVerdict::todo : CheckVerdict::wrong,
            std::move(code),
            std::move(subject),
            no_name ? words(language, Word::no_such_name) : pick(language, error.text, "DNS が応答しません"),
            {},
            {}};
}

void check_imports(const SiteFacts& facts, Language language, Lines& out) {
    std::vector<std::string> open;
    for (const auto& account : facts.imported)
        if (account.state() != spool::v1::IMPORT_STATE_COMPLETE) open.push_back(account.address());
    if (open.empty()) {
        out.push_back({CheckVerdict::ok,
                       "imports",
                       words(language, Word::imports),
                       cat(facts.imported.size(), words(language, Word::complete)),
                       {},
                       {}});
    } else {
        out.push_back({CheckVerdict::todo, "imports", words(language, Word::imports),
                       cat(words(language, Word::unfinished), joined_texts(open)), words(language, Word::all_complete),
                       "adminctl migrate delta …"});
    }
    if (facts.live.empty()) return;
    const auto oldest = std::min_element(facts.live.begin(), facts.live.end(),
                                         [](const auto& a, const auto& b) { return a.finished_s() < b.finished_s(); });
    const bool recent = facts.now_s - oldest->finished_s() <= facts.age_max_s;
    out.push_back({recent ? CheckVerdict::ok : CheckVerdict::todo, "delta", words(language, Word::last_delta),
                   cat(show_time(oldest->finished_s()), " (", oldest->address(), ")"),
                   recent ? "" : cat(words(language, Word::younger_than), facts.age_max_s / 3600, " h"),
                   recent ? "" : "adminctl migrate delta …"});
}

class DnsChecks {
  public:
    DnsChecks(Resolver& resolver, SiteFacts& facts, Language language)
        : resolver_(resolver), facts_(facts), language_(language) {}

    Lines run() {
        host_addresses();
        mx();
        for (const auto& address : facts_.addresses) ptr(address);
        for (const auto& address : facts_.addresses) spf(address);
        return std::move(lines_);
    }

  private:
    void host_addresses() {
        auto asked = addresses_of(resolver_, facts_.host);
        if (!asked)
            return lines_.push_back(unanswered("address", cat("A/AAAA ", facts_.host), asked.error(), language_));
        const auto& found = *asked;
        auto wanted = facts_.addresses;
        if (wanted.empty()) facts_.addresses = found;
        auto sorted = found;
        std::sort(sorted.begin(), sorted.end());
        std::sort(wanted.begin(), wanted.end());
        const bool good = !found.empty() && (wanted.empty() || wanted == sorted);
        std::string publish;
        for (const auto& address : good ? std::vector<std::string>() : wanted)
            append(publish, publish.empty() ? "" : "\n", address_line(facts_.host, address, kWantedTtlS));
        lines_.push_back({good ? CheckVerdict::ok : CheckVerdict::todo, "address", cat("A/AAAA ", facts_.host),
                          found.empty() ? words(language_, Word::none) : joined_texts(found), good ? "" : joined_texts(wanted),
                          publish});
    }

    void mx() {
        const auto subject = cat("MX ", facts_.domain);
        auto records = resolver_.ask(facts_.domain, DnsType::mx);
        if (!records && records.error().kind != Kind::not_found)
            return lines_.push_back(unanswered("mx", subject, records.error(), language_));
        std::string is;
        std::uint32_t ttl = 0;
        bool all_here = true;
        for (const auto& record : records ? *records : std::vector<DnsRecord>()) {
            append(is, is.empty() ? "" : ", ", record.preference, ' ', record.text);
            ttl = std::max(ttl, record.ttl_s);
            all_here = all_here && record.text == facts_.host;
        }
        const bool switched = !is.empty() && all_here;
        const auto publish = mx_line(facts_.domain, facts_.host, kWantedTtlS);
        lines_.push_back({switched ? CheckVerdict::ok : CheckVerdict::todo, "mx", subject,
                          is.empty() ? words(language_, Word::none) : is, switched ? "" : cat("10 ", facts_.host),
                          switched ? "" : publish});
        if (is.empty()) return;
        const bool quick = switched || ttl <= kSwitchTtlS;
        lines_.push_back({quick ? CheckVerdict::ok : CheckVerdict::todo, "mx-ttl", cat("TTL MX ", facts_.domain),
                          cat(ttl, " s"), quick ? "" : cat(words(language_, Word::ttl_before), kWantedTtlS, " s"), ""});
    }

    void ptr(const std::string& address) {
        const auto subject = cat("PTR ", address);
        const auto names = names_of(resolver_, address);
        if (!names) return lines_.push_back(unanswered("ptr", subject, names.error(), language_));
        const bool good = std::find(names->begin(), names->end(), facts_.host) != names->end();
        lines_.push_back({good ? CheckVerdict::ok : CheckVerdict::todo, "ptr", subject,
                          names->empty() ? words(language_, Word::none) : joined_texts(*names),
                          good ? "" : cat(facts_.host, words(language_, Word::at_provider)),
                          good ? "" : ptr_line(address, facts_.host)});
    }

    void spf(const std::string& address) {
        const auto found = check_spf(resolver_, facts_.domain, address);
        const auto subject = cat("SPF ", facts_.domain, ' ', address);
        const auto record = found.record.empty() ? words(language_, Word::none) : found.record;
        const auto publish = txt_line(facts_.domain, spf_with(found.record, address));
        switch (found.verdict) {
            case SpfVerdict::pass:
                return lines_.push_back({CheckVerdict::ok, "spf", subject, record, {}, {}});
            case SpfVerdict::unknown:
                return lines_.push_back({CheckVerdict::wrong,
                                         "spf",
                                         subject,
                                         cat(record, ": ", found.why),
                                         words(language_, Word::spf_by_hand),
                                         {}});
            case SpfVerdict::broken:
                return lines_.push_back({CheckVerdict::wrong, "spf", subject, cat(record, ": ", found.why),
                                         words(language_, Word::spf_allows), publish});
            default:
                return lines_.push_back(
                    {CheckVerdict::todo, "spf", subject, record, words(language_, Word::spf_allows), publish});
        }
    }

    Resolver& resolver_;
    SiteFacts& facts_;
    const Language language_;
    Lines lines_;
};

CheckLine port_line(const PortQuestion& question, const PortResult& result, Language language) {
    CheckLine line;
    line.code = cat("port-", question.port.name);
    line.subject = cat(question.address, ' ', question.port.port, ' ', question.port.name);
    if (result.verdict == PortVerdict::good) {
        line.is = words(language, Word::answers);
        return line;
    }
    line.verdict = CheckVerdict::wrong;
    line.is = result.why;
    switch (result.verdict) {
        case PortVerdict::certificate:
            line.should = cat(words(language, Word::certificate_for), question.host);
            break;
        case PortVerdict::no_tls:
            line.should = "TLS";
            break;
        case PortVerdict::no_greeting:
            line.should = words(language, Word::greeting);
            break;
        default:
            line.should = words(language, Word::reachable);
            break;
    }
    return line;
}

}  // namespace

std::vector<CheckLine> check_site(const SiteFacts& facts, Language language) {
    Lines out;
    if (!facts.known) {
        out.push_back({CheckVerdict::wrong, "domain", cat(words(language, Word::domain), facts.domain),
                       words(language, Word::not_here), words(language, Word::here),
                       cat("adminctl domain add ", facts.domain)});
        return out;
    }
    const bool accounts = facts.known->accounts() > 0;
    out.push_back({accounts ? CheckVerdict::ok : CheckVerdict::wrong,
                   "domain",
                   cat(words(language, Word::domain), facts.domain),
                   cat(facts.known->accounts(), words(language, Word::accounts)),
                   accounts ? "" : words(language, Word::accounts_needed),
                   {}});
    const bool postmaster = facts.has_postmaster || !facts.known->catch_all().empty();
    out.push_back({postmaster ? CheckVerdict::ok : CheckVerdict::todo, "postmaster", cat("postmaster@", facts.domain),
                   words(language, postmaster ? Word::here : Word::not_here),
                   postmaster ? "" : words(language, Word::somebody_reads),
                   postmaster ? "" : cat("adminctl alias add postmaster@", facts.domain, " …")});
    check_imports(facts, language, out);
    return out;
}

std::vector<CheckLine> check_dns(Resolver& resolver, SiteFacts& facts, Language language) {
    return DnsChecks(resolver, facts, language).run();
}

std::vector<CheckLine> check_ports(const SiteFacts& facts, const std::vector<MailPort>& ports,
                                   const std::string& ca_file, Language language) {
    std::vector<PortQuestion> questions;
    for (const auto& address : facts.addresses)
        for (const auto& port : ports) questions.push_back({port, address, facts.host, ca_file});
    const auto results = check_ports_at_once(questions);
    Lines out;
    for (std::size_t i = 0; i < questions.size(); ++i) out.push_back(port_line(questions[i], results[i], language));
    return out;
}

}  // namespace tayori::admin

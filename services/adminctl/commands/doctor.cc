// adminctl doctor: why does mail from outside not come, why is ours refused?
#include "adminctl/doctor/exam.h"

#include <algorithm>
#include <ctime>

#include "adminctl/context.h"
#include "adminctl/doctor/finding.h"
#include "adminctl/import/text.h"
#include "adminctl/outside/address.h"
#include "common/mail/address.h"

namespace tayori::admin {
namespace {

constexpr std::uint16_t kHttpsPort = 443;
constexpr unsigned kPortBaseMax = 60'000;

struct DoctorOptions {
    std::string domain, host, ca, language;
    std::vector<std::string> addresses, resolvers, selectors, ports, allowed;
    unsigned port_base = 0;
    bool no_ports = false;
    bool no_system = false;
    bool moving = false;
};

// The keys that this site signs with, and those that are named.
std::vector<KeyInUse> keys_in_use(Context& context, const DoctorOptions& options, const std::string& domain, Known is_here) {
    std::vector<KeyInUse> out;
    auto client = context.client();
    if (is_here == Known::yes && client) {
        v1::ListDkimRequest request;
        request.set_domain(domain);
        // What can't be asked is not known: then selectors are, or nothing is.
        if (auto list = (*client)->list_dkim(request)) {
            for (const auto& key : list->keys())
                if (key.state() == v1::DkimEntry::STATE_SIGNING) out.push_back({to_lower(key.selector()), key.record()});
        }
    }
    for (const auto& named : options.selectors) {
        const auto selector = to_lower(named);
        const auto is_known = [&](const KeyInUse& key) { return key.selector == selector; };
        if (std::none_of(out.begin(), out.end(), is_known)) out.push_back({selector, {}});
    }
    return out;
}

Known ask_site(Context& context, const std::string& domain) {
    // Settings that can't be read are no reason to say nothing of a domain.
    if (context.spoold.empty() && !context.load_settings()) return Known::unknown;
    auto client = context.client();
    if (!client) return Known::unknown;
    const auto domains = (*client)->list_domains({});
    if (!domains) return Known::unknown;
    const auto& all = domains->domains();
    const bool here = std::any_of(all.begin(), all.end(), [&](const v1::Domain& one) {
        return mail::ascii_domain(one.name()).value_or(one.name()) == domain;
    });
    return here ? Known::yes : Known::no;
}

// Our own server, where nobody named one: its name, and the services that it does not offer.
void take_settings(const Context& context, Patient& patient) {
    const auto settings = context.load_settings();
    if (!settings) return;
    patient.host = to_lower(settings->site.hostname);
    const std::pair<std::string_view, bool> offered[] = {
        {"smtp", !settings->smtpd.listen.empty()},
        {"submission", !settings->smtpd.listen_submission.empty()},
        {"submissions", !settings->smtpd.listen_submissions.empty()},
        {"pop3", !settings->pop3d.listen.empty()},
        {"pop3s", !settings->pop3d.listen_tls.empty()},
        {"imap", !settings->imapd.listen.empty()},
        {"imaps", !settings->imapd.listen_tls.empty()}};
    for (const auto& [name, is] : offered)
        if (!is) std::erase_if(patient.ports, [&](const MailPort& port) { return port.name == name; });
}

Result<Patient> patient_of(Context& context, const DoctorOptions& options) {
    Patient out;
    // As the DNS has them: "例え.jp" is "xn--r8jz45g.jp" there.
    auto domain = mail::ascii_domain(options.domain);
    if (!domain) return fail(std::move(domain.error()));
    auto host = mail::ascii_domain(options.host);
    if (!host) return fail(std::move(host.error()));
    out.domain = std::move(*domain);
    out.host = std::move(*host);
    out.addresses = options.addresses;
    for (const auto& address : out.addresses)
        if (!parse_ip(address)) return fail(Kind::invalid, cat("\"", address, "\" is no IP address."));
    for (const auto& text : options.allowed) {
        auto network = settings::parse_network(text);
        if (!network) return fail(std::move(network.error()));
        out.allowed.push_back(std::move(*network));
    }
    auto ports = mail_ports_with(options.ports, static_cast<std::uint16_t>(options.port_base));
    if (!ports) return fail(std::move(ports.error()));
    out.ports = std::move(*ports);
    out.https_port = static_cast<std::uint16_t>(options.port_base + kHttpsPort);
    out.ca_file = options.ca;
    out.looks = options.no_ports ? Looks::dns_only : Looks::dns_and_ports;
    out.moving = options.moving;
    out.now_s = std::time(nullptr);
    out.is_here = ask_site(context, out.domain);
    out.keys = keys_in_use(context, options, out.domain, out.is_here);
    if (out.host.empty() && out.is_here == Known::yes) take_settings(context, out);
    return out;
}

Result<std::unique_ptr<Resolver>> resolver_named(const std::string& server) {
    auto made = make_resolver(server);
    if (!made) return made;
    return make_cached_resolver(std::move(*made), kQuestionsMax);
}

Result<ExitStatus> doctor(Context& context, const DoctorOptions& options) {
    const auto language = parse_language(options.language);
    if (!language) return fail(language.error());
    const auto patient = patient_of(context, options);
    if (!patient) return fail(patient.error());
    auto first = resolver_named(options.resolvers.empty() ? "" : options.resolvers[0]);
    if (!first) return fail(std::move(first.error()));
    std::vector<OtherView> others;
    for (std::size_t i = 1; i < options.resolvers.size(); ++i) {
        auto made = resolver_named(options.resolvers[i]);
        if (!made) return fail(std::move(made.error()));
        others.push_back({options.resolvers[i], std::move(*made)});
    }
    if (!options.resolvers.empty() && !options.no_system) {
        auto system = resolver_named("");
        if (!system) return fail(std::move(system.error()));
        others.push_back({"system", std::move(*system)});
    }
    const auto diagnosis = examine(*patient, **first, others);
    Context::print(context.json ? diagnosis_json(diagnosis, *language) : diagnosis_text(diagnosis, *language));
    return problems_of(diagnosis) == 0 ? ExitStatus::ok : ExitStatus::problems;
}

}  // namespace

void add_doctor_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<DoctorOptions>();
    auto* made = command(app, context, "doctor", "why does mail from outside not come, why is ours refused? Looks itself",
                         [&context, options] { return doctor(context, *options); });
    made->add_option("DOMAIN", options->domain, "ours, or any other")->required();
    made->add_option("--host", options->host,
                     "the mail server's name; else site.hostname of the settings, where the domain is this site's");
    made->add_option("--address", options->addresses,
                     "an address that mail goes out from, as often as there are; else those of the host")
        ->allow_extra_args(false);
    made->add_option("--resolver", options->resolvers,
                     "IP[:PORT] of the DNS server to ask; each further one, and the machine's own, is compared with it")
        ->allow_extra_args(false);
    made->add_flag("--no-system", options->no_system, "do not compare with the machine's own resolver");
    made->add_option("--selector", options->selectors, "of a DKIM key, as often as there are")
        ->allow_extra_args(false);
    made->add_flag("--moving", options->moving, "the MX is to change soon: is its TTL short?");
    made->add_flag("--no-ports", options->no_ports, "ask the DNS only");
    made->add_option("--port", options->ports, "NAME=PORT where it is another than usual: imaps=10993; NAME=none")
        ->allow_extra_args(false);
    made->add_option("--port-base", options->port_base, "all ports higher by so much, as with ./tayori up")
        ->check(CLI::Range(0U, kPortBaseMax));
    made->add_option("--ca", options->ca, "who signed the certificates; else the system's list")->check(CLI::ExistingFile);
    made->add_option("--allow-internal", options->allowed,
                     "a network, as 192.168.0.0/16, whose addresses are right although nobody outside reaches them")
        ->allow_extra_args(false);
    made->add_option("--lang", options->language, "en or ja; else as the terminal's");
}

}  // namespace tayori::admin

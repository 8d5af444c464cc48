// adminctl migrate checklist: is everything ready for the switch of a domain's MX to this site?
#include <algorithm>
#include <ctime>

#include "adminctl/context.h"
#include "adminctl/import/text.h"
#include "adminctl/migrate/checklist.h"
#include "adminctl/migrate/source.h"
#include "adminctl/outside/address.h"

namespace tayori::admin {
namespace {

constexpr unsigned kAgeMaxH = 24 * 365;

struct ChecklistOptions {
    std::string domain, host, resolver, ca, language;
    std::vector<std::string> addresses;
    std::vector<std::string> ports;  // "imaps=10993"
    unsigned age_max_h = 24;
};
using ChecklistOptionsPtr = std::shared_ptr<ChecklistOptions>;

Result<SiteFacts> facts_of(Context& context, const ChecklistOptions& options) {
    SiteFacts facts;
    facts.domain = to_lower(options.domain);
    facts.host = to_lower(options.host);
    facts.addresses = options.addresses;
    for (const auto& address : facts.addresses) {
        if (!parse_ip(address)) return fail(Kind::invalid, cat("\"", address, "\" is no IP address."));
    }
    if (facts.host.empty()) {
        auto settings = context.load_settings();
        if (!settings) return fail(std::move(settings.error()));
        facts.host = to_lower(settings->site.hostname);
    }
    facts.now_s = std::time(nullptr);
    facts.age_max_s = std::int64_t{options.age_max_h} * 3600;
    return facts;
}

Result<void> ask_directory(Context& context, SiteFacts& facts) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto domains = (*client)->list_domains({});
    if (!domains) return fail(std::move(domains.error()));
    for (const auto& domain : domains->domains())
        if (domain.name() == facts.domain) facts.known = domain;
    const auto postmaster = cat("postmaster@", facts.domain);
    v1::ListAccountsRequest accounts;
    accounts.set_domain(facts.domain);
    auto listed = (*client)->list_accounts(accounts, [&](const v1::Account& account) {
        const auto& aliases = account.aliases();
        facts.has_postmaster = facts.has_postmaster || account.address() == postmaster ||
                               std::find(aliases.begin(), aliases.end(), postmaster) != aliases.end();
        return true;
    });
    if (!listed) return listed;
    v1::ListAliasesRequest aliases;
    aliases.set_domain(facts.domain);
    return (*client)->list_aliases(aliases, [&](const v1::Alias& alias) {
        facts.has_postmaster = facts.has_postmaster || alias.address() == postmaster;
        return true;
    });
}

Result<void> ask_imports(Context& context, SiteFacts& facts) {
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    std::vector<v1::Import> imports;
    auto listed = (*client)->list_imports({}, [&](const v1::Import& import) {
        if (import.state() != v1::IMPORT_STATE_UNDONE) imports.push_back(import);
        return true;
    });
    if (!listed) return listed;
    const auto ending = cat('@', facts.domain);
    for (const auto& import : imports) {
        v1::ImportRequest request;
        request.set_import_id(import.import_id());
        auto read = (*client)->list_accounts(request, [&](const v1::ImportAccount& account) {
            if (account.state() == v1::IMPORT_STATE_UNDONE || !account.address().ends_with(ending)) return true;
            facts.imported.push_back(account);
            if (import.kind() == kLiveKind) facts.live.push_back(account);
            return true;
        });
        if (!read) return read;
    }
    return {};
}

Result<ExitStatus> checklist(Context& context, const ChecklistOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto ports = mail_ports_with(options.ports);
    if (!ports) return fail(std::move(ports.error()));
    auto facts = facts_of(context, options);
    if (!facts) return fail(std::move(facts.error()));
    auto resolver = make_resolver(options.resolver);
    if (!resolver) return fail(std::move(resolver.error()));
    if (auto asked = ask_directory(context, *facts); !asked) return fail(std::move(asked.error()));
    if (auto asked = ask_imports(context, *facts); !asked) return fail(std::move(asked.error()));
    auto lines = check_site(*facts, *language);
    for (auto& line : check_dns(**resolver, *facts, *language)) lines.push_back(std::move(line));
    for (auto& line : check_ports(*facts, *ports, options.ca, *language)) lines.push_back(std::move(line));
    Context::print(context.json ? checklist_json(lines) : checklist_text(lines, *language));
    const bool ready =
        std::all_of(lines.begin(), lines.end(), [](const CheckLine& line) { return line.verdict == CheckVerdict::ok; });
    return ready ? ExitStatus::ok : ExitStatus::problems;
}

}  // namespace

void add_migrate_checklist(CLI::App& migrate, Context& context) {
    auto options = std::make_shared<ChecklistOptions>();
    auto* made =
        command(migrate, context, "checklist", "is everything ready for the switch of the domain's MX? Looks itself",
                [&context, options] { return checklist(context, *options); });
    made->add_option("DOMAIN", options->domain)->required();
    made->add_option("--host", options->host, "this site's name in the DNS; else site.hostname of the settings");
    made->add_option("--address", options->addresses,
                     "the site's address, as often as it has one; else those of the host in the DNS");
    made->add_option("--resolver", options->resolver, "IP[:PORT] of the DNS server to ask; else the machine's");
    made->add_option("--port", options->ports, "NAME=PORT where it is another than usual: imaps=10993; NAME=none");
    made->add_option("--ca", options->ca, "who signed the certificate; else the system's list")
        ->check(CLI::ExistingFile);
    made->add_option("--age", options->age_max_h, "hours since the last delta")
        ->check(CLI::Range(1U, kAgeMaxH))
        ->capture_default_str();
    made->add_option("--lang", options->language, "en or ja; else as the terminal's");
}

}  // namespace tayori::admin

// adminctl domain add|delete|set|list
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

std::string domain_text(const v1::Domain& domain) {
    return cat(printable(domain.name()), ": ", domain.accounts(), domain.accounts() == 1 ? " account" : " accounts",
               "; catch-all ", domain.catch_all().empty() ? "none" : printable(domain.catch_all()),
               "; quota of new accounts ", show_limit(domain.default_quota_bytes(), true), ", messages ",
               show_limit(domain.default_quota_messages(), false), "\n");
}

Result<ExitStatus> list_domains(Context& context) {
    return call<v1::ListDomainsResponse>(
        context, &rpc::AdminClient::list_domains, v1::ListDomainsRequest(), [](const v1::ListDomainsResponse& reply) {
            Table table;
            table.column("DOMAIN");
            table.column("ACCOUNTS", Align::right);
            table.column("CATCH-ALL");
            table.column("NEW ACCOUNTS GET", Align::right);
            for (const auto& domain : reply.domains())
                table.row({domain.name(), cat(domain.accounts()), domain.catch_all(),
                           show_limit(domain.default_quota_bytes(), true)});
            return table.empty() ? std::string("There is no domain yet: `adminctl domain add example.com`.\n")
                                 : table.text();
        });
}

struct DomainOptions {
    std::string name;
    std::optional<std::string> catch_all;
    std::optional<std::string> quota;
    std::optional<std::uint64_t> quota_messages;
};

Result<ExitStatus> set_domain(Context& context, const DomainOptions& options) {
    v1::SetDomainRequest request;
    request.set_name(options.name);
    if (options.catch_all) request.set_catch_all(*options.catch_all == "none" ? "" : *options.catch_all);
    if (options.quota) {
        auto bytes = parse_size(*options.quota);
        if (!bytes) return fail(std::move(bytes.error()));
        request.set_default_quota_bytes(*bytes);
    }
    if (options.quota_messages) request.set_default_quota_messages(*options.quota_messages);
    return call<v1::Domain>(context, &rpc::AdminClient::set_domain, request, domain_text);
}

}  // namespace

void add_domain_command(CLI::App& app, Context& context) {
    auto* domain = group(app, "domain", "the site's mail domains");
    auto options = std::make_shared<DomainOptions>();

    auto* add = command(*domain, context, "add", "adds a domain", [&context, options] {
        v1::AddDomainRequest request;
        request.set_name(options->name);
        return call<v1::Domain>(context, &rpc::AdminClient::add_domain, request, [](const v1::Domain& added) {
            return cat("Added ", printable(added.name()), ".\n");
        });
    });
    add->add_option("DOMAIN", options->name, "as in example.com")->required();

    auto* remove = command(*domain, context, "delete", "deletes a domain without accounts and aliases",
                           [&context, options] {
                               v1::DeleteDomainRequest request;
                               request.set_name(options->name);
                               return call<v1::DeleteDomainResponse>(
                                   context, &rpc::AdminClient::delete_domain, request,
                                   [&](const v1::DeleteDomainResponse&) { return cat("Deleted ", options->name, ".\n"); });
                           });
    remove->add_option("DOMAIN", options->name)->required();

    auto* set = command(*domain, context, "set", "changes what holds for a domain",
                        [&context, options] { return set_domain(context, *options); });
    set->add_option("DOMAIN", options->name)->required();
    set->add_option("--catch-all", options->catch_all, "ADDRESS that gets what nobody else does, or none");
    set->add_option("--quota", options->quota, "room of new accounts: 2G, 500M, none");
    set->add_option("--quota-messages", options->quota_messages, "messages of new accounts; 0 is no limit");

    command(*domain, context, "list", "lists the domains", [&context] { return list_domains(context); });
}

}  // namespace tayori::admin

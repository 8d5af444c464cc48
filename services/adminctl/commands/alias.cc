// adminctl alias add|delete|list
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& targets) {
    std::string out;
    for (const auto& target : targets) append(out, out.empty() ? "" : ", ", target);
    return out;
}

}  // namespace

void add_alias_command(CLI::App& app, Context& context) {
    auto* alias = group(app, "alias", "addresses that lead to others");
    struct Options {
        std::string address;
        std::vector<std::string> targets;
        std::string domain;
    };
    auto options = std::make_shared<Options>();

    auto* add = command(*alias, context, "add", "adds an alias", [&context, options] {
        v1::AddAliasRequest request;
        request.mutable_alias()->set_address(options->address);
        for (const auto& target : options->targets) request.mutable_alias()->add_targets(target);
        return call<v1::Alias>(context, &rpc::AdminClient::add_alias, request, [](const v1::Alias& added) {
            return cat(printable(added.address()), " leads to ", printable(joined(added.targets())), ".\n");
        });
    });
    add->add_option("ADDRESS", options->address)->required();
    add->add_option("TARGET", options->targets, "accounts, aliases, or addresses elsewhere")->required();

    auto* remove = command(*alias, context, "delete", "deletes an alias", [&context, options] {
        v1::DeleteAliasRequest request;
        request.set_address(options->address);
        return call<v1::DeleteAliasResponse>(
            context, &rpc::AdminClient::delete_alias, request,
            [&](const v1::DeleteAliasResponse&) { return cat("Deleted ", options->address, ".\n"); });
    });
    remove->add_option("ADDRESS", options->address)->required();

    auto* all = command(*alias, context, "list", "lists aliases", [&context, options] {
        v1::ListAliasesRequest request;
        request.set_domain(options->domain);
        Table table;
        table.column("ALIAS");
        table.column("LEADS TO");
        return list<v1::Alias>(context, &rpc::AdminClient::list_aliases, request, std::move(table),
                               [](Table& rows, const v1::Alias& item) {
                                   rows.row({item.address(), joined(item.targets())});
                               });
    });
    all->add_option("DOMAIN", options->domain, "only of this domain");
}

}  // namespace tayori::admin

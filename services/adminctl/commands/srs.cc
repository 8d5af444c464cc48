// adminctl srs show|rotate|rewrite|resolve
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

std::string srs_text(const v1::SrsState& state) {
    std::string out = cat("Mail that is forwarded comes from ",
                          state.domain().empty() ? std::string("the domain that forwards it") : printable(state.domain()),
                          "; such an address leads back for ", state.days(), " days.\n");
    Table table;
    table.column("KEY MADE");
    table.column("USE");
    bool first = true;
    for (const auto created_s : state.created_s()) {
        table.row({show_time(created_s), first ? "makes addresses" : "is accepted"});
        first = false;
    }
    out += table.text();
    if (state.next_s() != 0) append(out, "The next key is made ", show_time(state.next_s()), ".\n");
    return out;
}

}  // namespace

void add_srs_command(CLI::App& app, Context& context) {
    auto* srs = group(app, "srs", "senders' addresses of forwarded mail (SRS)");
    command(*srs, context, "show", "shows keys and how long addresses lead back", [&context] {
        return call<v1::SrsState>(context, &rpc::AdminClient::get_srs, v1::GetSrsRequest(), srs_text);
    });
    auto text = std::make_shared<std::pair<std::string, std::string>>();
    auto* made = command(*srs, context, "rewrite", "which address mail of a sender comes from when it is forwarded", [&context, text] {
        v1::GetSrsRequest request;
        request.set_sender(text->first);
        request.set_domain(text->second);
        return call<v1::SrsState>(context, &rpc::AdminClient::get_srs, request,
                                  [](const v1::SrsState& state) { return cat(printable(state.rewritten()), "\n"); });
    });
    made->add_option("SENDER", text->first, "as in bob@example.org")->required();
    made->add_option("DOMAIN", text->second, "of ours that forwards")->required();
    made = command(*srs, context, "resolve", "whom such an address leads back to", [&context, text] {
        v1::GetSrsRequest request;
        request.set_address(text->first);
        return call<v1::SrsState>(context, &rpc::AdminClient::get_srs, request, [](const v1::SrsState& state) {
            return cat(printable(state.leads_to().empty() ? state.why_not() : state.leads_to()), "\n");
        });
    });
    made->add_option("ADDRESS", text->first, "as in SRS0=…@example.com")->required();
    command(*srs, context, "rotate", "makes a new key now; addresses under the old ones still lead back", [&context] {
        return call<v1::SrsState>(context, &rpc::AdminClient::rotate_srs, v1::RotateSrsRequest(), srs_text);
    });
}

}  // namespace tayori::admin

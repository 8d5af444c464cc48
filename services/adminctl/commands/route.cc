// adminctl route set|delete|list: how mail to a domain is sent, where it does not go by the domain's MX.
#include "adminctl/context.h"
#include "adminctl/secret.h"

namespace tayori::admin {
namespace {

struct RouteWord {
    std::string_view word;
    int value;
};
constexpr RouteWord kKinds[] = {{"mx", v1::Route::KIND_MX},
                                {"relay", v1::Route::KIND_RELAY},
                                {"lmtp", v1::Route::KIND_LMTP},
                                {"refuse", v1::Route::KIND_REFUSE}};
constexpr RouteWord kTls[] = {{"may", v1::Route::TLS_MAY},
                              {"encrypt", v1::Route::TLS_ENCRYPT},
                              {"verify", v1::Route::TLS_VERIFY},
                              {"implicit", v1::Route::TLS_IMPLICIT},
                              {"none", v1::Route::TLS_NONE}};

template <std::size_t N>
std::vector<std::string> words_of(const RouteWord (&words)[N]) {
    std::vector<std::string> out;
    for (const auto& entry : words) out.emplace_back(entry.word);
    return out;
}

template <std::size_t N>
int value_of(const RouteWord (&words)[N], std::string_view word) {
    for (const auto& entry : words) if (entry.word == word) return entry.value;
    return 0;
}

template <std::size_t N>
std::string word_of(const RouteWord (&words)[N], int value) {
    for (const auto& entry : words) if (entry.value == value) return std::string(entry.word);
    return "-";
}

struct RouteOptions {
    std::string domain;
    std::string kind = "relay";
    std::string host;
    std::uint32_t port = 0;
    std::string tls;
    std::string user;
    bool password_stdin = false;
    std::string text;
    std::uint32_t connections_max = 0;
    std::uint32_t mails_per_minute = 0;
    std::uint32_t retry_first_s = 0;
    std::uint32_t retry_cap_s = 0;
    std::uint32_t max_age_s = 0;
};

std::string way_text(const v1::RouteEntry& entry) {
    const auto& route = entry.route();
    auto out = word_of(kKinds, route.kind());
    if (!route.host().empty()) append(out, " ", route.host(), route.port() == 0 ? "" : cat(":", route.port()));
    if (!route.user().empty()) append(out, " as ", route.user(), entry.has_password() ? "" : ", without password");
    if (!route.text().empty()) append(out, " \"", route.text(), "\"");
    return out;
}

std::string number_or_usual(std::uint32_t number) { return number == 0 ? "usual" : cat(number); }

std::string routes_text(const v1::RouteList& routes) {
    Table table;
    table.column("DOMAIN");
    table.column("WAY");
    table.column("TLS");
    table.column("CONNECTIONS", Align::right);
    table.column("MAILS/MIN", Align::right);
    for (const auto& entry : routes.routes())
        table.row({entry.domain(), way_text(entry), word_of(kTls, entry.route().tls()),
                   number_or_usual(entry.route().connections_max()), number_or_usual(entry.route().mails_per_minute())});
    return table.empty() ? std::string("No routes: mail goes by the MX of its domain.\n") : table.text();
}

Result<ExitStatus> set_route(Context& context, const RouteOptions& options) {
    v1::SetRouteRequest request;
    request.set_domain(options.domain);
    auto& route = *request.mutable_route();
    route.set_kind(static_cast<v1::Route::Kind>(value_of(kKinds, options.kind)));
    route.set_host(options.host);
    route.set_port(options.port);
    route.set_tls(static_cast<v1::Route::Tls>(value_of(kTls, options.tls)));
    route.set_user(options.user);
    route.set_text(options.text);
    route.set_connections_max(options.connections_max);
    route.set_mails_per_minute(options.mails_per_minute);
    route.set_retry_first_s(options.retry_first_s);
    route.set_retry_cap_s(options.retry_cap_s);
    route.set_max_age_s(options.max_age_s);
    if (!options.user.empty()) {
        auto password = options.password_stdin ? read_password_line() : ask_password(options.user);
        if (!password) return fail(std::move(password.error()));
        route.set_password(*password);
    }
    return call<v1::RouteEntry>(context, &rpc::AdminClient::set_route, request, [](const v1::RouteEntry& entry) {
        return cat("Mail to ", printable(entry.domain()), ": ", printable(way_text(entry)), ".\n");
    });
}

}  // namespace

void add_route_command(CLI::App& app, Context& context) {
    auto* route = group(app, "route", "how mail to other domains is sent");
    auto options = std::make_shared<RouteOptions>();

    auto* set = command(*route, context, "set", "sets the way for a domain", [&context, options] { return set_route(context, *options); });
    set->add_option("DOMAIN", options->domain, "example.net; .example.net for all below it; * for all others")->required();
    set->add_option("KIND", options->kind, "mx, relay (a smart host), lmtp, refuse")->required()->check(CLI::IsMember(words_of(kKinds)));
    set->add_option("--host", options->host, "of relay and lmtp; unix:/PATH for lmtp");
    set->add_option("--port", options->port, "else 25, 587 with --user, 465 with --tls implicit, 24 for lmtp")->check(CLI::Range(1, 65535));
    set->add_option("--tls", options->tls, "may (where it is offered), encrypt, verify (the certificate, too), implicit, none")
        ->check(CLI::IsMember(words_of(kTls)));
    set->add_option("--user", options->user, "logs in there; the password is asked for");
    set->add_flag("--password-stdin", options->password_stdin, "reads the password from standard input");
    set->add_option("--text", options->text, "of refuse: what senders are told");
    set->add_option("--connections", options->connections_max, "at most so many at once");
    set->add_option("--per-minute", options->mails_per_minute, "at most so many mails");
    set->add_option("--retry-first-s", options->retry_first_s, "seconds until the first repetition, doubled with each");
    set->add_option("--retry-cap-s", options->retry_cap_s, "and at most so many");
    set->add_option("--max-age-s", options->max_age_s, "seconds after which a mail has failed");

    auto* remove = command(*route, context, "delete", "mail goes the usual way again", [&context, options] {
        v1::DeleteRouteRequest request;
        request.set_domain(options->domain);
        return call<v1::RouteList>(context, &rpc::AdminClient::delete_route, request, routes_text);
    });
    remove->add_option("DOMAIN", options->domain)->required();

    command(*route, context, "list", "lists the routes", [&context] {
        return call<v1::RouteList>(context, &rpc::AdminClient::list_routes, v1::ListRoutesRequest(), routes_text);
    });
}

}  // namespace tayori::admin

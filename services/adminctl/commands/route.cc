// adminctl route set|delete|list
#include "adminctl/context.h"
#include "adminctl/secret.h"

namespace tayori::admin {
namespace {

struct RouteOptions {
    std::string domain;
    std::string relay;
    std::string lmtp;
    std::string refuse;
    std::string tls;
    std::string user;
    bool mx = false;
    bool password_stdin = false;
    bool password = false;
    std::uint32_t connections = 0;
    std::uint32_t per_minute = 0;
    std::uint32_t retry_first_s = 0;
    std::uint32_t retry_cap_s = 0;
    std::uint32_t max_age_s = 0;
};

constexpr std::pair<std::string_view, v1::Route::Tls> kTlsNames[] = {{"", v1::Route::TLS_UNSPECIFIED}, {"may", v1::Route::TLS_MAY},
                                                                     {"encrypt", v1::Route::TLS_ENCRYPT}, {"verify", v1::Route::TLS_VERIFY},
                                                                     {"implicit", v1::Route::TLS_IMPLICIT}, {"none", v1::Route::TLS_NONE}};

std::string tls_name(v1::Route::Tls tls) {
    for (const auto& [name, value] : kTlsNames) {
        if (value == tls) return std::string(name);
    }
    return "?";
}

// "host", "host:587", "[2001:db8::1]:25", "unix:/path".
Result<void> put_host(const std::string& text, v1::Route& route) {
    if (text.starts_with("unix:/")) {
        route.set_host(text);
        return {};
    }
    const auto colon = text.rfind(':');
    const auto bracket = text.rfind(']');
    const bool has_port = colon != std::string::npos && (bracket == std::string::npos ? text.find(':') == colon : colon > bracket);
    route.set_host(has_port ? text.substr(0, colon) : text);
    if (!has_port) return {};
    const auto port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos)
        return fail(Kind::invalid, cat("\"", port, "\" is no port."));
    route.set_port(static_cast<std::uint32_t>(std::stoul(port)));
    return {};
}

Result<v1::SetRouteRequest> route_request(const RouteOptions& options) {
    v1::SetRouteRequest request;
    request.set_domain(options.domain);
    auto& route = *request.mutable_route();
    const int ways = int{options.mx} + int{!options.relay.empty()} + int{!options.lmtp.empty()} + int{!options.refuse.empty()};
    if (ways != 1) return fail(Kind::invalid, "Say one of --mx, --relay HOST, --lmtp HOST and --refuse TEXT.");
    Result<void> host;
    if (options.mx) route.set_kind(v1::Route::KIND_MX);
    if (!options.relay.empty()) {
        route.set_kind(v1::Route::KIND_RELAY);
        host = put_host(options.relay, route);
    }
    if (!options.lmtp.empty()) {
        route.set_kind(v1::Route::KIND_LMTP);
        host = put_host(options.lmtp, route);
    }
    if (!host) return fail(std::move(host.error()));
    if (!options.refuse.empty()) {
        route.set_kind(v1::Route::KIND_REFUSE);
        route.set_text(options.refuse);
    }
    for (const auto& [name, value] : kTlsNames) {
        if (name == options.tls) route.set_tls(value);
    }
    route.set_user(options.user);
    if (options.password || options.password_stdin) {
        auto password = options.password_stdin ? read_password_line() : ask_password(options.user);
        if (!password) return fail(std::move(password.error()));
        route.set_password(*password);
    }
    route.set_connections_max(options.connections);
    route.set_mails_per_minute(options.per_minute);
    route.set_retry_first_s(options.retry_first_s);
    route.set_retry_cap_s(options.retry_cap_s);
    route.set_max_age_s(options.max_age_s);
    return request;
}

std::string way_of(const v1::Route& route) {
    const auto host = [&] { return route.port() == 0 ? route.host() : cat(route.host(), ":", route.port()); };
    switch (route.kind()) {
        case v1::Route::KIND_MX: return "by MX";
        case v1::Route::KIND_RELAY: return cat("relay ", host());
        case v1::Route::KIND_LMTP: return cat("LMTP ", host());
        case v1::Route::KIND_REFUSE: return cat("refused: ", route.text());
        default: return "?";
    }
}

std::string limits_of(const v1::Route& route) {
    std::string out;
    const auto add = [&out](std::string_view name, std::uint32_t n) {
        if (n != 0) append(out, out.empty() ? "" : ", ", n, " ", name);
    };
    add("connections", route.connections_max());
    add("mails a minute", route.mails_per_minute());
    add("s to the first retry", route.retry_first_s());
    add("s between retries", route.retry_cap_s());
    add("s in all", route.max_age_s());
    return out;
}

std::string routes_text(const v1::RouteList& routes) {
    Table table;
    for (const auto* title : {"DOMAIN", "WAY", "TLS", "USER", "LIMITS"}) table.column(title);
    for (const auto& one : routes.routes())
        table.row({printable(one.domain()), printable(way_of(one.route())), tls_name(one.route().tls()),
                   printable(cat(one.route().user(), one.has_password() ? " (with password)" : "")), limits_of(one.route())});
    return table.empty() ? "No routes: mail for other domains goes out by their MX.\n" : table.text();
}

void add_route_options(CLI::App& set, const std::shared_ptr<RouteOptions>& options) {
    set.add_option("DOMAIN", options->domain, "\"example.net\", \".example.net\" for all below it, or \"*\" for all others")->required();
    set.add_flag("--mx", options->mx, "by the MX of the domain");
    set.add_option("--relay", options->relay, "to a smart host: HOST or HOST:PORT");
    set.add_option("--lmtp", options->lmtp, "by LMTP: HOST:PORT or unix:/path");
    set.add_option("--refuse", options->refuse, "not at all, for this reason");
    set.add_option("--tls", options->tls, "may, encrypt (never plain), verify (and the right certificate), implicit (port 465), none")
        ->check(CLI::IsMember({"may", "encrypt", "verify", "implicit", "none"}));
    set.add_option("--user", options->user, "to log in with at the relay");
    set.add_flag("--password", options->password, "asks for the password");
    set.add_flag("--password-stdin", options->password_stdin, "reads the password from standard input");
    set.add_option("--connections", options->connections, "at most so many at once");
    set.add_option("--mails-per-minute", options->per_minute, "at most so many mails");
    set.add_option("--retry-first-s", options->retry_first_s, "seconds until the first retry, doubled with each");
    set.add_option("--retry-cap-s", options->retry_cap_s, "seconds between retries, at most");
    set.add_option("--max-age-s", options->max_age_s, "seconds after which a mail is given up");
}

}  // namespace

void add_route_command(CLI::App& app, Context& context) {
    auto* route = group(app, "route", "how mail for other domains goes out");
    auto options = std::make_shared<RouteOptions>();
    auto* set = command(*route, context, "set", "sets the way to a domain", [&context, options]() -> Result<ExitStatus> {
        auto request = route_request(*options);
        if (!request) return fail(std::move(request.error()));
        return call<v1::RouteEntry>(context, &rpc::AdminClient::set_route, *request, [](const v1::RouteEntry& entry) {
            return cat(printable(entry.domain()), ": ", printable(way_of(entry.route())), ".\n");
        });
    });
    add_route_options(*set, options);

    auto* remove = command(*route, context, "delete", "forgets the way to a domain", [&context, options] {
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

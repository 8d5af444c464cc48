#include "spoold/queue/routes.h"

#include <algorithm>
#include <charconv>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/mail/address.h"
#include "spoold/keys.h"
#include "tayori/spool/stored/v1/queue.pb.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredRoute;

constexpr std::uint32_t kSmtpPort = 25;
constexpr std::uint32_t kSubmissionPort = 587;
constexpr std::uint32_t kSubmissionsPort = 465;
constexpr std::uint32_t kLmtpPort = 24;
constexpr std::uint32_t kPortMax = 65535;
constexpr std::string_view kUnixPath = "unix:/";

RoutePtr route_to_domain(v1::Route::Kind kind, std::string_view domain) {
    auto route = std::make_shared<v1::Route>();
    route->set_kind(kind);
    route->set_domain(std::string(domain));
    if (kind == v1::Route::KIND_MX) route->set_tls(v1::Route::TLS_MAY);
    return route;
}

v1::RouteEntry entry_of(std::string_view domain, const StoredRoute& stored) {
    v1::RouteEntry entry;
    entry.set_domain(std::string(domain));
    *entry.mutable_route() = stored.route();
    entry.mutable_route()->clear_password();
    entry.set_has_password(!stored.sealed_password().empty());
    return entry;
}

// Who changes a limit of a route does not have to know its password.
void keep_password(store::Transaction& transaction, const std::string& domain, StoredRoute& stored) {
    const auto value = transaction.get(keys::route(domain));
    StoredRoute before;
    if (!value || !stored.sealed_password().empty() || !before.ParseFromString(*value)) return;
    if (before.route().user() == stored.route().user() && before.route().host() == stored.route().host())
        stored.set_sealed_password(before.sealed_password());
}

bool is_printable(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
    }
    return text.size() <= kRouteTextBytesMax;
}

}  // namespace

std::string destination_of(const v1::Route& route, std::string_view domain) {
    const auto host = [&route](std::string_view kind) {
        const auto user = route.user().empty() ? std::string() : cat(route.user(), "@");
        if (route.host().starts_with(kUnixPath)) return cat(kind, ":", user, route.host());
        return cat(kind, ":", user, route.host(), ":", route.port());
    };
    switch (route.kind()) {
        case v1::Route::KIND_RELAY: return host("relay");
        case v1::Route::KIND_LMTP: return host("lmtp");
        case v1::Route::KIND_LOCAL: return std::string(kLocalDestination);
        case v1::Route::KIND_REFUSE: return cat("refuse:", domain);
        default: return std::string(domain);
    }
}

void RouteTable::set(const std::string& domain, v1::Route route) {
    routes_[domain] = Way{destination_of(route, domain), std::make_shared<const v1::Route>(std::move(route))};
}

Way RouteTable::way_to(std::string_view domain) const {
    const auto of = [&](const std::string& rule) -> const Way* {
        const auto found = routes_.find(rule);
        return found == routes_.end() ? nullptr : &found->second;
    };
    const auto* way = of(std::string(domain));
    if (!domain.starts_with('[')) {
        for (auto dot = domain.find('.'); way == nullptr && dot != std::string_view::npos; dot = domain.find('.', dot + 1)) {
            way = of(std::string(domain.substr(dot)));
        }
    }
    if (way == nullptr) way = of("*");
    if (way == nullptr) return {std::string(domain), route_to_domain(v1::Route::KIND_MX, domain)};
    if (way->route->kind() != v1::Route::KIND_MX) return *way;
    // By MX after all, perhaps with limits and TLS of its own: each domain is a destination of its own.
    auto route = std::make_shared<v1::Route>(*way->route);
    route->set_domain(std::string(domain));
    return {std::string(domain), std::move(route)};
}

Result<void> complete_route(v1::Route& route) {
    const auto kind = route.kind();
    if (!v1::Route::Kind_IsValid(kind) || kind == v1::Route::KIND_UNSPECIFIED || kind == v1::Route::KIND_LOCAL)
        return fail(Kind::invalid, "A route is by MX, to a relay, by LMTP, or refuses.");
    if (!v1::Route::Tls_IsValid(route.tls())) return fail(Kind::invalid, "There is no such use of TLS.");
    if (!is_printable(route.host()) || !is_printable(route.user()) || !is_printable(route.password()) || !is_printable(route.text()))
        return fail(Kind::invalid, "A route's texts are short and of one line.");
    const bool to_host = kind == v1::Route::KIND_RELAY || kind == v1::Route::KIND_LMTP;
    const bool to_path = route.host().starts_with(kUnixPath);
    if (to_host && route.host().empty()) return fail(Kind::invalid, "The route names no host.");
    if (!to_host && !route.host().empty()) return fail(Kind::invalid, "Only a relay and LMTP have a host.");
    if (to_path && kind != v1::Route::KIND_LMTP) return fail(Kind::invalid, "Only LMTP goes to a path.");
    if (route.port() > kPortMax) return fail(Kind::invalid, "There is no such port.");
    if (!route.password().empty() && route.user().empty()) return fail(Kind::invalid, "A password needs a user.");
    if (!route.user().empty() && kind != v1::Route::KIND_RELAY) return fail(Kind::invalid, "Only a relay asks for a user.");
    route.clear_domain();
    if (route.tls() == v1::Route::TLS_UNSPECIFIED && kind == v1::Route::KIND_RELAY)
        route.set_tls(route.user().empty() ? v1::Route::TLS_MAY : v1::Route::TLS_VERIFY);
    if (route.tls() == v1::Route::TLS_UNSPECIFIED) route.set_tls(v1::Route::TLS_MAY);
    if (to_host && !to_path && route.port() == 0) {
        if (kind == v1::Route::KIND_LMTP) route.set_port(kLmtpPort);
        else if (route.tls() == v1::Route::TLS_IMPLICIT) route.set_port(kSubmissionsPort);
        else route.set_port(route.user().empty() ? kSmtpPort : kSubmissionPort);
    }
    return {};
}

Result<v1::Route> route_of(std::string_view via) {
    v1::Route route;
    const auto kind = via.substr(0, via.find(':'));
    if (kind == "relay") route.set_kind(v1::Route::KIND_RELAY);
    else if (kind == "lmtp") route.set_kind(v1::Route::KIND_LMTP);
    else return fail(Kind::invalid, "A way is \"relay:HOST\", \"relay:HOST:PORT\" or \"lmtp:HOST:PORT\".");
    auto host = via.substr(std::min(via.size(), kind.size() + 1));
    const auto colon = host.rfind(':');
    std::uint32_t port = 0;
    // The colons of an IPv6 address are within brackets.
    if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos && !host.starts_with(kUnixPath)) {
        const auto digits = host.substr(colon + 1);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size() || port == 0)
            return fail(Kind::invalid, cat("\"", digits, "\" is no port."));
        host = host.substr(0, colon);
    }
    route.set_host(std::string(host));
    route.set_port(port);
    if (auto complete = complete_route(route); !complete) return fail(std::move(complete.error()));
    return route;
}

Result<std::string> route_domain(std::string_view text) {
    if (text == "*") return std::string(text);
    const bool below = text.starts_with('.');
    if (below) text.remove_prefix(1);
    if (text.empty() || text.find('@') != std::string_view::npos || text.find(' ') != std::string_view::npos)
        return fail(Kind::invalid, "A route is for a domain, \".domain\" for all below it, or \"*\".");
    auto domain = mail::normalize_domain(text);
    if (!domain) return domain;
    return below ? cat(".", *domain) : std::move(*domain);
}

std::string domain_of_address(std::string_view address) {
    const auto at = address.rfind('@');
    const auto domain = at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
    return mail::normalize_domain(domain).value_or(to_lower(domain));
}

Routes::Routes(store::Store& store, crypto::Sealer& sealer, IsOurs is_ours)
    : store_(store), sealer_(sealer), is_ours_(std::move(is_ours)), table_(std::make_shared<const RouteTable>()) {}

Result<std::shared_ptr<const RouteTable>> Routes::read() const {
    auto table = std::make_shared<RouteTable>();
    const auto range = keys::routes();
    auto scanned = store_.snapshot()->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        StoredRoute stored;
        const std::string domain(keys::domain_of_route(key));
        if (!stored.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
            log_error("a route can't be read", {{"domain", domain}});
            return true;
        }
        if (!stored.sealed_password().empty()) {
            auto password = sealer_.open(stored.sealed_password(), cat("route ", domain));
            if (password) stored.mutable_route()->set_password(std::move(*password));
            else log_error("the password of a route can't be opened: set the route again",
                           {{"domain", domain}, {"cause", password.error().detail}});
        }
        table->set(domain, std::move(*stored.mutable_route()));
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return std::shared_ptr<const RouteTable>(std::move(table));
}

Result<void> Routes::load() {
    auto table = read();
    if (!table) return fail(std::move(table.error()));
    std::lock_guard lock(mutex_);
    table_ = std::move(*table);
    return {};
}

void Routes::reload() {
    if (auto loaded = load(); !loaded) log_error("routes can't be read", {{"cause", loaded.error().detail}});
    if (changed_) changed_();
}

Result<Way> Routes::way_to(std::string_view address) const {
    const auto domain = domain_of_address(address);
    auto ours = is_ours_(domain);
    if (!ours) return fail(std::move(ours.error()));
    if (*ours) return Way{std::string(kLocalDestination), route_to_domain(v1::Route::KIND_LOCAL, domain)};
    std::shared_ptr<const RouteTable> table;
    {
        std::lock_guard lock(mutex_);
        table = table_;
    }
    return table->way_to(domain);
}

Result<Way> Routes::way_to(std::string_view address, std::string_view via) const {
    auto way = way_to(address);
    if (!way || via.empty() || way->route->kind() == v1::Route::KIND_LOCAL) return way;
    auto route = route_of(via);
    if (!route) return fail(std::move(route.error()));
    const auto destination = destination_of(*route, domain_of_address(address));
    return Way{destination, std::make_shared<const v1::Route>(std::move(*route))};
}

void Routes::set(const v1::SetRouteRequest& request, Answer<v1::RouteEntry> done) {
    auto domain = route_domain(request.domain());
    if (!domain) return done(fail(std::move(domain.error())));
    auto stored = std::make_shared<StoredRoute>();
    *stored->mutable_route() = request.route();
    if (auto complete = complete_route(*stored->mutable_route()); !complete) return done(fail(std::move(complete.error())));
    if (!request.route().password().empty()) {
        auto sealed = sealer_.seal(request.route().password(), cat("route ", *domain));
        if (!sealed) return done(fail(std::move(sealed.error())));
        stored->set_sealed_password(std::move(*sealed));
        stored->mutable_route()->clear_password();
    }
    store::Request write;
    write.effect = store::Effect::shrinks;
    write.apply = [domain = *domain, stored](store::Transaction& transaction) -> Result<void> {
        keep_password(transaction, domain, *stored);
        transaction.put(keys::route(domain), stored->SerializeAsString());
        return {};
    };
    write.done = [this, domain = *domain, stored, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        reload();
        done(entry_of(domain, *stored));
    };
    store_.submit(std::move(write));
}

void Routes::remove(const std::string& text, Answer<v1::RouteList> done) {
    auto domain = route_domain(text);
    if (!domain) return done(fail(std::move(domain.error())));
    store::Request write;
    write.effect = store::Effect::shrinks;
    write.apply = [domain = *domain](store::Transaction& transaction) -> Result<void> {
        if (!transaction.get(keys::route(domain))) return fail(Kind::not_found, "There is no such route.");
        transaction.erase(keys::route(domain));
        return {};
    };
    write.done = [this, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        reload();
        done(list());
    };
    store_.submit(std::move(write));
}

Result<v1::RouteList> Routes::list() const {
    v1::RouteList list;
    const auto range = keys::routes();
    auto scanned = store_.snapshot()->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        StoredRoute stored;
        if (stored.ParseFromArray(value.data(), static_cast<int>(value.size())))
            *list.add_routes() = entry_of(keys::domain_of_route(key), stored);
        return static_cast<std::size_t>(list.routes_size()) < kRoutesMax;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return list;
}

}  // namespace tayori::spool

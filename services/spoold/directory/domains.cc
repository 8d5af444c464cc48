#include "common/base/text.h"
#include "spoold/directory/core.h"
#include "spoold/directory/directory.h"
#include "spoold/dkim/row.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredDomain;

v1::Domain shown(const std::string& name, const StoredDomain& domain) {
    v1::Domain out;
    out.set_name(name);
    out.set_catch_all(domain.catch_all());
    out.set_default_quota_bytes(domain.default_quota_bytes());
    out.set_default_quota_messages(domain.default_quota_messages());
    out.set_accounts(domain.accounts());
    return out;
}

Result<StoredDomain> existing(store::Transaction& transaction, const std::string& name) {
    auto row = read_row<StoredDomain>(TransactionRows(transaction), row_key::domain(name));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, cat("There is no domain ", name, "."));
    return std::move(**row);
}

// Who points where is kept, so that a renamed account takes its catch-all along.
void point_catch_all(store::Transaction& transaction, const std::string& domain, const std::string& from,
                     const std::string& to) {
    if (!from.empty()) transaction.erase(row_key::pointer(from, cat('@', domain)));
    if (!to.empty()) transaction.put(row_key::pointer(to, cat('@', domain)), {});
}

Result<v1::Domain> change(store::Transaction& transaction, const std::string& name,
                          const v1::SetDomainRequest& wanted) {
    auto domain = existing(transaction, name);
    if (!domain) return fail(std::move(domain.error()));
    if (wanted.has_catch_all()) {
        std::string target;
        if (!wanted.catch_all().empty()) {
            auto parsed = parse_name(wanted.catch_all());
            if (!parsed) return fail(std::move(parsed.error()));
            target = parsed->text();
            auto own = TransactionRows(transaction).get(row_key::domain(parsed->domain));
            auto known = TransactionRows(transaction).get(row_key::name(*parsed));
            if (own && *own && known && !*known)
                return fail(Kind::no_target, cat("There is no account or alias ", target, "."));
        }
        point_catch_all(transaction, name, domain->catch_all(), target);
        domain->set_catch_all(target);
    }
    if (wanted.has_default_quota_bytes()) domain->set_default_quota_bytes(wanted.default_quota_bytes());
    if (wanted.has_default_quota_messages()) domain->set_default_quota_messages(wanted.default_quota_messages());
    write_row(transaction, row_key::domain(name), *domain);
    return shown(name, *domain);
}

Result<v1::DeleteDomainResponse> remove_domain(store::Transaction& transaction, const std::string& name) {
    auto domain = existing(transaction, name);
    if (!domain) return fail(std::move(domain.error()));
    bool used = false;
    transaction.scan(row_key::names_begin(name), row_key::end_of(row_key::names_begin(name)),
                     [&](std::string_view, std::string_view) {
                         used = true;
                         return false;
                     });
    if (used)
        return fail(Kind::no_target, cat("The domain ", name, " still has accounts or aliases (accounts: ",
                                         domain->accounts(), "): delete them first."));
    point_catch_all(transaction, name, domain->catch_all(), {});
    const auto keys = dkim_row::range(name);
    transaction.erase_range(keys.from, keys.to);
    transaction.erase(row_key::scope_plugin_settings(name));
    transaction.erase(row_key::domain(name));
    return v1::DeleteDomainResponse();
}

}  // namespace

void Directory::add_domain(const v1::AddDomainRequest& request, Answer<v1::Domain> done) {
    auto name = parse_domain(request.name());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::Domain>(
        core_, store::Effect::shrinks,
        [name = std::move(*name)](store::Transaction& transaction) -> Result<v1::Domain> {
            if (transaction.get(row_key::domain(name))) return fail(Kind::exists, cat("The domain ", name, " exists."));
            write_row(transaction, row_key::domain(name), StoredDomain());
            return shown(name, StoredDomain());
        },
        std::move(done));
}

void Directory::delete_domain(const v1::DeleteDomainRequest& request, Answer<v1::DeleteDomainResponse> done) {
    auto name = parse_domain(request.name());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::DeleteDomainResponse>(
        core_, store::Effect::shrinks,
        [name = std::move(*name)](store::Transaction& transaction) { return remove_domain(transaction, name); },
        std::move(done));
}

void Directory::set_domain(const v1::SetDomainRequest& request, Answer<v1::Domain> done) {
    auto name = parse_domain(request.name());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::Domain>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), request](store::Transaction& transaction) {
            return change(transaction, name, request);
        },
        std::move(done));
}

Result<v1::ListDomainsResponse> Directory::list_domains(const v1::ListDomainsRequest&) const {
    v1::ListDomainsResponse out;
    std::optional<Error> damaged;
    auto scanned = StoreRows(core_->store)
                       .scan(row_key::domains_begin(), row_key::end_of(row_key::domains_begin()),
                             [&](std::string_view key, std::string_view value) {
                                 auto domain = decode_stored<StoredDomain>(value);
                                 if (!domain) damaged = std::move(domain.error());
                                 else *out.add_domains() = shown(row_key::domain_of(key), *domain);
                                 return !damaged;
                             });
    if (!scanned) return fail(std::move(scanned.error()));
    if (damaged) return fail(std::move(*damaged));
    return out;
}

}  // namespace tayori::spool

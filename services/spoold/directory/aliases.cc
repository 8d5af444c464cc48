#include <absl/container/flat_hash_set.h>

#include "common/base/text.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/alias_rows.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/resolve.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredName;

v1::Alias shown(const std::string& address, const StoredName& row) {
    v1::Alias out;
    out.set_address(address);
    *out.mutable_targets() = row.targets();
    return out;
}

// A target of our own domains must exist, so that a typing error is seen now and not by a bounce.
Result<void> check_targets(const Rows& rows, const StoredName& alias, const SiteRules& rules) {
    for (const auto& target : alias.targets()) {
        auto name = parse_name(target);
        if (!name) return fail(std::move(name.error()));
        auto reached = expand(rows, *name, rules);
        if (!reached) return fail(std::move(reached.error()));
        if (reached->own_domain && !reached->endless && reached->targets.empty())
            return fail(Kind::no_target, cat("There is no account or alias ", target, "."));
    }
    return {};
}

Result<v1::DeleteAliasResponse> remove_alias(store::Transaction& transaction, const Name& name) {
    auto row = read_row<StoredName>(TransactionRows(transaction), row_key::name(name));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, cat("There is no alias ", name.text(), "."));
    if ((*row)->account_id() != 0) return fail(Kind::not_found, cat(name.text(), " is an account, not an alias."));
    for (const auto& target : (*row)->targets())
        if (auto to = parse_name(target)) transaction.erase(row_key::pointer(to->text(), name.text()));
    transaction.erase(row_key::name(name));
    return v1::DeleteAliasResponse();
}

// Each once, and written as given: elsewhere, the local part keeps its case (RFC 5321 §2.4).
Result<StoredName> parse_targets(const v1::Alias& alias) {
    if (alias.targets().empty()) return fail(Kind::invalid, "An alias needs at least one target.");
    if (static_cast<std::size_t>(alias.targets_size()) > kAliasTargetsMax)
        return fail(Kind::invalid, cat("An alias has at most ", kAliasTargetsMax, " targets."));
    StoredName out;
    absl::flat_hash_set<std::string> seen;
    for (const auto& target : alias.targets()) {
        auto name = parse_name(target);
        if (!name) return fail(std::move(name.error()));
        if (seen.insert(name->text()).second) out.add_targets(target);
    }
    return out;
}

}  // namespace

Result<v1::Alias> make_alias(store::Transaction& transaction, const Name& name, const StoredName& alias,
                             const SiteRules& rules) {
    const TransactionRows rows(transaction);
    auto free = check_free(rows, name);
    if (!free) return fail(std::move(free.error()));
    auto good = check_targets(rows, alias, rules);
    if (!good) return fail(std::move(good.error()));
    const auto address = name.text();
    write_row(transaction, row_key::name(name), alias);
    for (const auto& target : alias.targets())
        if (auto to = parse_name(target)) transaction.put(row_key::pointer(to->text(), address), {});
    // With the new row in place: a refusal undoes it.
    auto reached = expand(rows, name, rules);
    if (!reached) return fail(std::move(reached.error()));
    if (reached->endless)
        return fail(Kind::invalid, cat(address, " would lead back to itself, or through more than ", kAliasDepthMax,
                                       " aliases or to more than ", kExpansionMax, " addresses."));
    return shown(address, alias);
}

void Directory::add_alias(const v1::AddAliasRequest& request, Answer<v1::Alias> done) {
    auto name = parse_name(request.alias().address());
    if (!name) return done(fail(std::move(name.error())));
    auto alias = parse_targets(request.alias());
    if (!alias) return done(fail(std::move(alias.error())));
    submit_change<v1::Alias>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), alias = std::move(*alias), core = core_](store::Transaction& transaction) {
            return make_alias(transaction, name, alias, core->rules);
        },
        std::move(done));
}

void Directory::delete_alias(const v1::DeleteAliasRequest& request, Answer<v1::DeleteAliasResponse> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::DeleteAliasResponse>(
        core_, store::Effect::shrinks,
        [name = std::move(*name)](store::Transaction& transaction) { return remove_alias(transaction, name); },
        std::move(done));
}

Result<void> Directory::list_aliases(const v1::ListAliasesRequest& request,
                                     const std::function<bool(const v1::Alias&)>& visit) const {
    std::string domain;
    if (!request.domain().empty()) {
        auto parsed = parse_domain(request.domain());
        if (!parsed) return fail(std::move(parsed.error()));
        domain = std::move(*parsed);
    }
    std::optional<Error> failed;
    const auto begin = row_key::names_begin(domain);
    auto scanned = StoreRows(core_->store)
                       .scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
                           auto row = decode_stored<StoredName>(value);
                           if (!row) {
                               failed = std::move(row.error());
                               return false;
                           }
                           return row->account_id() != 0 || visit(shown(row_key::name_of(key).text(), *row));
                       });
    if (!scanned) return scanned;
    if (failed) return fail(std::move(*failed));
    return {};
}

}  // namespace tayori::spool

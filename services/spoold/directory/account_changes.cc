// Living accounts: suspended, renamed, changed, listed.
#include "common/base/text.h"
#include "spoold/directory/account_life.h"
#include "spoold/directory/directory.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredDomain;
using stored::v1::StoredName;

Result<v1::Account> suspend(store::Transaction& transaction, const Name& name, bool suspended) {
    const TransactionRows rows(transaction);
    auto row = find_account(rows, name);
    if (!row) return fail(std::move(row.error()));
    const auto state = suspended ? stored::v1::STORED_STATE_SUSPENDED : stored::v1::STORED_STATE_ACTIVE;
    if (row->account.state() != state || row->account.suspended_by() != 0) {
        if (row->account.state() != state) row->account.set_generation(row->account.generation() + 1);
        row->account.set_state(state);
        row->account.set_suspended_by(0);
        write_row(transaction, row_key::account(row->id), row->account);
    }
    return describe(rows, *row);
}

// Aliases and catch-alls follow the account to its new address.
Result<void> repoint(store::Transaction& transaction, const std::string& from, const std::string& to) {
    const TransactionRows rows(transaction);
    std::vector<std::string> sources;
    const auto begin = row_key::pointers_begin(from);
    transaction.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
        sources.push_back(row_key::source_of(key));
        return true;
    });
    for (const auto& source : sources) {
        transaction.erase(row_key::pointer(from, source));
        if (source.front() == '@') {
            auto domain = read_row<StoredDomain>(rows, row_key::domain(source.substr(1)));
            if (!domain) return fail(std::move(domain.error()));
            if (!*domain) continue;
            (*domain)->set_catch_all(to);
            write_row(transaction, row_key::domain(source.substr(1)), **domain);
        } else {
            auto name = parse_name(source);
            if (!name) return fail(std::move(name.error()));
            auto alias = read_row<StoredName>(rows, row_key::name(*name));
            if (!alias) return fail(std::move(alias.error()));
            if (!*alias) continue;
            for (auto& target : *(*alias)->mutable_targets()) {
                auto parsed = parse_name(target);
                if (parsed && parsed->text() == from) target = to;
            }
            write_row(transaction, row_key::name(*name), **alias);
        }
        transaction.put(row_key::pointer(to, source), {});
    }
    return {};
}

Result<v1::Account> rename(store::Transaction& transaction, const Name& from, const Name& to, bool keep_alias) {
    const TransactionRows rows(transaction);
    auto row = find_account(rows, from);
    if (!row) return fail(std::move(row.error()));
    if (from == to) return describe(rows, *row);
    auto free = check_free(rows, to);
    if (!free) return fail(std::move(free.error()));
    row->account.set_address(to.text());
    write_row(transaction, row_key::account(row->id), row->account);
    StoredName bound;
    bound.set_account_id(row->id);
    write_row(transaction, row_key::name(to), bound);
    transaction.erase(row_key::name(from));
    auto moved = repoint(transaction, from.text(), to.text());
    if (!moved) return fail(std::move(moved.error()));
    if (keep_alias) {
        StoredName alias;
        alias.add_targets(to.text());
        write_row(transaction, row_key::name(from), alias);
        transaction.put(row_key::pointer(to.text(), from.text()), {});
    }
    if (from.domain != to.domain) {
        auto left = count_account(transaction, from.domain, -1);
        if (!left) return fail(std::move(left.error()));
        auto joined = count_account(transaction, to.domain, +1);
        if (!joined) return fail(std::move(joined.error()));
    }
    return describe(rows, *row);
}

Result<v1::Account> change(store::Transaction& transaction, const Name& name, const v1::SetAccountRequest& wanted,
                           std::uint32_t protocols) {
    const TransactionRows rows(transaction);
    auto row = find_account(rows, name);
    if (!row) return fail(std::move(row.error()));
    auto& account = row->account;
    if (wanted.has_quota_bytes()) account.set_quota_bytes(wanted.quota_bytes());
    if (wanted.has_quota_messages()) account.set_quota_messages(wanted.quota_messages());
    if (wanted.has_display_name()) account.set_display_name(wanted.display_name());
    if (wanted.has_protocols()) {
        // What is taken away ends at once, also for who is logged in.
        if ((account.protocols() & ~protocols) != 0) account.set_generation(account.generation() + 1);
        account.set_protocols(protocols);
    }
    write_row(transaction, row_key::account(row->id), account);
    return describe(rows, *row);
}

}  // namespace

void Directory::set_suspended(const v1::SetSuspendedRequest& request, Answer<v1::Account> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), suspended = request.suspended()](store::Transaction& transaction) {
            return suspend(transaction, name, suspended);
        },
        with_facts(core_, std::move(done)));
}

void Directory::rename_account(const v1::RenameAccountRequest& request, Answer<v1::Account> done) {
    auto from = parse_name(request.address());
    if (!from) return done(fail(std::move(from.error())));
    auto to = parse_name(request.new_address());
    if (!to) return done(fail(std::move(to.error())));
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [from = std::move(*from), to = std::move(*to), keep = request.keep_alias()](store::Transaction& transaction) {
            return rename(transaction, from, to, keep);
        },
        with_facts(core_, std::move(done)));
}

void Directory::set_account(const v1::SetAccountRequest& request, Answer<v1::Account> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    auto protocols = protocol_bits(request.protocols().protocols());
    if (!protocols) return done(fail(std::move(protocols.error())));
    if (request.display_name().size() > kDisplayNameBytesMax)
        return done(fail(Kind::invalid, cat("A display name has at most ", kDisplayNameBytesMax, " bytes.")));
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), request, bits = *protocols](store::Transaction& transaction) {
            return change(transaction, name, request, bits);
        },
        with_facts(core_, std::move(done)));
}

namespace {

// Walks names or deleted accounts; `id_of` says whose an entry is, 0 for none.
template <class IdOf>
Result<void> visit_accounts(const DirectoryCore& core, const Rows& rows, const std::string& from, IdOf id_of,
                            const std::function<bool(const v1::Account&)>& visit) {
    std::optional<Error> failed;
    auto scanned = rows.scan(from, row_key::end_of(from), [&](std::string_view key, std::string_view value) {
        const std::uint64_t id = id_of(key, value);
        if (id == 0) return true;
        auto account = read_row<StoredAccount>(rows, row_key::account(id));
        if (account && !*account) return true;
        auto shown = account ? describe(rows, {id, std::move(**account)}) : fail(std::move(account.error()));
        if (!shown) {
            failed = std::move(shown.error());
            return false;
        }
        add_facts(core, *shown);
        return visit(*shown);
    });
    if (!scanned) return scanned;
    if (failed) return fail(std::move(*failed));
    return {};
}

}  // namespace

Result<void> Directory::list_accounts(const v1::ListAccountsRequest& request,
                                      const std::function<bool(const v1::Account&)>& visit) const {
    std::string domain;
    const SnapshotRows rows(core_->store.snapshot());
    if (!request.domain().empty()) {
        auto parsed = parse_domain(request.domain());
        if (!parsed) return fail(std::move(parsed.error()));
        domain = std::move(*parsed);
        auto present = read_row<StoredDomain>(rows, row_key::domain(domain));
        if (!present) return fail(std::move(present.error()));
        if (!*present) return fail(Kind::not_found, cat("There is no domain ", domain, "."));
    }
    bool more = true;
    const auto counted = [&](const v1::Account& account) { return more = visit(account); };
    if (!request.only_retired()) {
        auto listed = visit_accounts(
            *core_, rows, row_key::names_begin(domain),
            [](std::string_view, std::string_view value) {
                auto name = decode_stored<StoredName>(value);
                return name ? name->account_id() : 0;
            },
            counted);
        if (!listed || !request.with_deleted() || !more) return listed;
    }
    return visit_accounts(
        *core_, rows, row_key::deleted_begin({}),
        [&](std::string_view key, std::string_view value) {
            const bool wanted = (domain.empty() || row_key::deleted_address_of(key).ends_with(cat('@', domain))) &&
                                (!request.only_retired() || is_retired(value));
            return wanted ? row_key::id_at_end(key) : 0;
        },
        counted);
}

}  // namespace tayori::spool

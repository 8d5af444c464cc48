// Accounts come, go and come back.
#include "common/base/text.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/credentials.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/password.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredCredentials;
using stored::v1::StoredName;
using stored::v1::StoredPassword;

struct NewAccount {
    Name name;
    StoredAccount account;
    bool has_quota_bytes = false;
    bool has_quota_messages = false;
    std::optional<StoredPassword> password;
    Directory::Also also;
};

std::uint64_t take_account_id(store::Transaction& transaction) {
    const auto kept = transaction.get(row_key::next_account());
    const std::uint64_t id = kept ? decode_u64(*kept) : 1;
    transaction.put(row_key::next_account(), encode_u64(id + 1));
    return id;
}

void bind_name(store::Transaction& transaction, const Name& name, std::uint64_t id) {
    StoredName row;
    row.set_account_id(id);
    write_row(transaction, row_key::name(name), row);
}

std::uint64_t first_set(std::uint64_t domains, std::uint64_t sites) { return domains != 0 ? domains : sites; }

Result<v1::Account> create(store::Transaction& transaction, const NewAccount& wanted, const DirectoryCore& core) {
    const TransactionRows rows(transaction);
    auto free = check_free(rows, wanted.name);
    if (!free) return fail(std::move(free.error()));
    auto domain = domain_of_account(rows, wanted.name.domain);
    if (!domain) return fail(std::move(domain.error()));
    AccountRow row{take_account_id(transaction), wanted.account};
    if (!wanted.has_quota_bytes)
        row.account.set_quota_bytes(first_set(domain->default_quota_bytes(), core.options.quota_bytes));
    if (!wanted.has_quota_messages)
        row.account.set_quota_messages(first_set(domain->default_quota_messages(), core.options.quota_messages));
    row.account.set_created_s(transaction.now_ms() / 1000);
    write_row(transaction, row_key::account(row.id), row.account);
    bind_name(transaction, wanted.name, row.id);
    if (wanted.password) {
        StoredCredentials credentials;
        *credentials.mutable_password() = *wanted.password;
        write_row(transaction, row_key::credentials(row.id), credentials);
    }
    auto counted = count_account(transaction, wanted.name.domain, +1);
    if (!counted) return fail(std::move(counted.error()));
    auto made = core.mailboxes.create(transaction, row.id);
    if (!made) return fail(std::move(made.error()));
    if (wanted.also) {
        auto done = wanted.also(transaction, row.id);
        if (!done) return fail(std::move(done.error()));
    }
    return describe(rows, row);
}

Result<v1::Account> remove(store::Transaction& transaction, const Name& name) {
    const TransactionRows rows(transaction);
    auto row = find_account(rows, name);
    if (!row) return fail(std::move(row.error()));
    row->account.set_state(stored::v1::STORED_STATE_DELETED);
    row->account.set_deleted_s(transaction.now_ms() / 1000);
    row->account.set_generation(row->account.generation() + 1);
    write_row(transaction, row_key::account(row->id), row->account);
    transaction.erase(row_key::name(name));
    transaction.put(row_key::deleted(row->account.address(), row->id),
                    encode_u64(static_cast<std::uint64_t>(row->account.deleted_s())));
    auto counted = count_account(transaction, name.domain, -1);
    if (!counted) return fail(std::move(counted.error()));
    return describe(rows, *row);
}

// The one deleted last: ids rise, and a name has one living account at a time.
Result<std::uint64_t> latest_deleted(store::Transaction& transaction, const Name& name) {
    std::uint64_t id = 0;
    const auto begin = row_key::deleted_begin(name.text());
    transaction.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
        id = row_key::id_at_end(key);
        return true;
    });
    if (id == 0) return fail(Kind::not_found, cat("There is no deleted account ", name.text(), " to bring back."));
    return id;
}

Result<v1::Account> bring_back(store::Transaction& transaction, const Name& name, std::uint32_t days) {
    const TransactionRows rows(transaction);
    auto id = latest_deleted(transaction, name);
    if (!id) return fail(std::move(id.error()));
    auto free = check_free(rows, name);
    if (!free) return fail(std::move(free.error()));
    auto account = read_row<StoredAccount>(rows, row_key::account(*id));
    if (!account) return fail(std::move(account.error()));
    const auto expired = transaction.now_ms() / 1000 - std::int64_t{days} * 86'400;
    if (!*account || (*account)->deleted_s() < expired)
        return fail(Kind::not_found, cat(name.text(), " was deleted more than ", days, " days ago."));
    AccountRow row{*id, std::move(**account)};
    row.account.set_state(stored::v1::STORED_STATE_ACTIVE);
    row.account.set_deleted_s(0);
    row.account.set_generation(row.account.generation() + 1);
    write_row(transaction, row_key::account(row.id), row.account);
    bind_name(transaction, name, row.id);
    transaction.erase(row_key::deleted(name.text(), row.id));
    auto counted = count_account(transaction, name.domain, +1);
    if (!counted) return fail(std::move(counted.error()));
    return describe(rows, row);
}

}  // namespace

void Directory::add_account(const v1::AddAccountRequest& request, Answer<v1::Account> done) {
    add_account(request, {}, std::move(done));
}

void Directory::add_account(const v1::AddAccountRequest& request, Also also, Answer<v1::Account> done) {
    NewAccount wanted;
    wanted.also = std::move(also);
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    if (request.display_name().size() > kDisplayNameBytesMax)
        return done(fail(Kind::invalid, cat("A display name has at most ", kDisplayNameBytesMax, " bytes.")));
    auto protocols = protocol_bits(request.protocols());
    if (!protocols) return done(fail(std::move(protocols.error())));
    wanted.name = std::move(*name);
    wanted.account.set_address(wanted.name.text());
    wanted.account.set_state(stored::v1::STORED_STATE_ACTIVE);
    wanted.account.set_protocols(*protocols != 0 ? *protocols : all_protocols());
    wanted.account.set_display_name(request.display_name());
    wanted.account.set_quota_bytes(request.quota_bytes());
    wanted.account.set_quota_messages(request.quota_messages());
    wanted.account.set_generation(1);
    wanted.has_quota_bytes = request.has_quota_bytes();
    wanted.has_quota_messages = request.has_quota_messages();
    // Known before the work of making keys; decided in the mutation.
    auto free = check_free(StoreRows(core_->store), wanted.name);
    if (!free) return done(fail(std::move(free.error())));

    auto put = [core = core_](NewAccount account, Answer<v1::Account> answer) {
        submit_change<v1::Account>(
            core, store::Effect::grows,
            [account = std::move(account), core](store::Transaction& transaction) {
                return create(transaction, account, *core);
            },
            with_facts(core, std::move(answer)));
    };
    if (request.password().empty() && request.password_hash().empty()) return put(std::move(wanted), std::move(done));
    make_stored_password(core_, request.password(), request.password_hash(),
                         [wanted, put, done](Result<StoredPassword> password) mutable {
                             if (!password) return done(fail(std::move(password.error())));
                             wanted.password = std::move(*password);
                             put(std::move(wanted), std::move(done));
                         });
}

void Directory::delete_account(const v1::AccountRequest& request, Answer<v1::Account> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [name = std::move(*name)](store::Transaction& transaction) { return remove(transaction, name); },
        with_facts(core_, std::move(done)));
}

void Directory::undelete_account(const v1::AccountRequest& request, Answer<v1::Account> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), days = core_->options.undelete_days](store::Transaction& transaction) {
            return bring_back(transaction, name, days);
        },
        with_facts(core_, std::move(done)));
}

Result<v1::Account> Directory::get_account(const v1::AccountRequest& request) const {
    const SnapshotRows rows(core_->store.snapshot());
    auto row = find_account(rows, request.address());
    if (!row) return fail(std::move(row.error()));
    auto account = describe(rows, *row);
    if (account) add_facts(*core_, *account);
    return account;
}

}  // namespace tayori::spool

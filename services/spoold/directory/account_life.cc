#include "spoold/directory/account_life.h"

#include "common/base/text.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredCredentials;
using stored::v1::StoredName;

constexpr std::int64_t kSecondsPerDay = 86'400;

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

}  // namespace

Result<AccountRow> make_account(store::Transaction& transaction, const NewAccount& wanted, const DirectoryCore& core) {
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
    return row;
}

Result<void> put_away(store::Transaction& transaction, AccountRow& row, std::uint64_t retired_by) {
    auto name = parse_name(row.account.address());
    if (!name) return fail(std::move(name.error()));
    row.account.set_state(stored::v1::STORED_STATE_DELETED);
    row.account.set_deleted_s(transaction.now_ms() / 1000);
    row.account.set_retired_by(retired_by);
    row.account.set_generation(row.account.generation() + 1);
    write_row(transaction, row_key::account(row.id), row.account);
    transaction.erase(row_key::name(*name));
    auto when = encode_u64(static_cast<std::uint64_t>(row.account.deleted_s()));
    if (retired_by != 0) when += encode_u64(retired_by);
    transaction.put(row_key::deleted(row.account.address(), row.id), when);
    return count_account(transaction, name->domain, -1);
}

Result<void> bring_back(store::Transaction& transaction, AccountRow& row, stored::v1::StoredState state) {
    auto name = parse_name(row.account.address());
    if (!name) return fail(std::move(name.error()));
    row.account.set_state(state);
    row.account.set_deleted_s(0);
    row.account.set_retired_by(0);
    row.account.set_generation(row.account.generation() + 1);
    write_row(transaction, row_key::account(row.id), row.account);
    bind_name(transaction, *name, row.id);
    transaction.erase(row_key::deleted(row.account.address(), row.id));
    return count_account(transaction, name->domain, +1);
}

bool is_retired(std::string_view deleted_value) { return deleted_value.size() > sizeof(std::uint64_t); }

std::int64_t purged_at(const DirectoryOptions& options, std::int64_t deleted_s, bool retired) {
    return deleted_s + std::int64_t{retired ? options.retire_days : options.undelete_days} * kSecondsPerDay;
}

}  // namespace tayori::spool

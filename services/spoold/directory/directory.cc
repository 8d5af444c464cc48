#include "spoold/directory/directory.h"

#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/check.h"
#include "spoold/directory/core.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kSecretBytes = 32;

struct Secrets {
    std::string ticket;
    std::string salt;
    std::string bulk;
    bool counter_raised = false;
};

std::string secret(store::Transaction& transaction, std::string_view name, const std::string& fresh) {
    if (auto kept = transaction.get(row_key::secret(name))) return *kept;
    transaction.put(row_key::secret(name), fresh);
    return fresh;
}

// Ids must not be used again even if the counter was lost (design: it is checked against the highest one in use).
bool raise_account_counter(store::Transaction& transaction) {
    const auto kept = transaction.get(row_key::next_account());
    const auto next = kept ? decode_u64(*kept) : 1;
    const auto highest = highest_account_id(transaction);
    if (next > highest) return false;
    transaction.put(row_key::next_account(), encode_u64(highest + 1));
    return true;
}

// The keys of this store, which are made at the first start; and what a start checks.
Result<Secrets> prepare(const CorePtr& core) {
    const auto ticket = crypto::random_bytes(kSecretBytes);
    const auto salt = crypto::random_bytes(kSecretBytes);
    const auto bulk = crypto::random_bytes(kSecretBytes);
    std::promise<Result<Secrets>> made;
    submit_change<Secrets>(
        core, store::Effect::shrinks,
        [ticket, salt, bulk](store::Transaction& transaction) -> Result<Secrets> {
            Secrets secrets{secret(transaction, "ticket", ticket), secret(transaction, "salt", salt),
                            secret(transaction, "bulk", bulk), false};
            secrets.counter_raised = raise_account_counter(transaction);
            return secrets;
        },
        [&made](Result<Secrets> secrets) { made.set_value(std::move(secrets)); });
    auto secrets = made.get_future().get();
    if (secrets && secrets->counter_raised) log_warn("the counter of account ids was raised");
    return secrets;
}

Result<AccountLimits> limits_of(const Rows& rows, std::uint64_t account_id) {
    auto account = read_row<stored::v1::StoredAccount>(rows, row_key::account(account_id));
    if (!account) return fail(std::move(account.error()));
    if (!*account || (*account)->state() == stored::v1::STORED_STATE_DELETED) return AccountLimits{};
    return AccountLimits{true, (*account)->quota_bytes(), (*account)->quota_messages()};
}

}  // namespace

Result<std::unique_ptr<Directory>> Directory::open(store::Store& store, const Clock& clock, MailboxHooks mailboxes,
                                                   DirectoryOptions options) {
    if (options.scram_iterations < kScramIterationsMin || options.scram_iterations > kScramIterationsMax)
        return fail(Kind::invalid, cat("SCRAM iterations must be between ", kScramIterationsMin, " and ",
                                       kScramIterationsMax, "."));
    auto core = std::make_shared<DirectoryCore>(store, clock, std::move(mailboxes), std::move(options));
    auto secrets = prepare(core);
    if (!secrets) return fail(std::move(secrets.error()));
    core->ticket_key = std::move(secrets->ticket);
    core->salt_key = std::move(secrets->salt);
    core->bulk_key = std::move(secrets->bulk);
    return std::unique_ptr<Directory>(new Directory(std::move(core)));
}

Directory::Directory(std::shared_ptr<DirectoryCore> core) : core_(std::move(core)) {}

Directory::~Directory() { core_->pool.stop(); }

void Directory::on_change(std::function<void(std::uint64_t)> tell) { core_->on_change = std::move(tell); }

void Directory::on_return_path(ReturnPath behind) { core_->return_path = std::move(behind); }

void Directory::on_resolved(AddPlugins add) { core_->add_plugins = std::move(add); }

Result<void> Directory::end_imap_logins(store::Transaction& transaction, std::uint64_t account_id) {
    auto account = read_row<stored::v1::StoredAccount>(TransactionRows(transaction), row_key::account(account_id));
    if (!account) return fail(std::move(account.error()));
    if (!*account) return {};
    (*account)->set_imap_generation((*account)->imap_generation() + 1);
    write_row(transaction, row_key::account(account_id), **account);
    return {};
}

void Directory::logins_changed() { core_->changed(); }

Result<std::uint64_t> Directory::account_id_of(std::string_view address) const {
    auto row = find_account(StoreRows(core_->store), address);
    if (!row) return fail(std::move(row.error()));
    return row->id;
}

Result<std::string> Directory::address_of(std::uint64_t account_id) const {
    auto account = read_row<stored::v1::StoredAccount>(StoreRows(core_->store), row_key::account(account_id));
    if (!account) return fail(std::move(account.error()));
    if (!*account) return fail(Kind::not_found, "There is no such account.");
    return (*account)->address();
}

Result<DirectoryCounts> Directory::counts() const {
    DirectoryCounts counts;
    const SnapshotRows rows(core_->store.snapshot());
    std::optional<Error> damaged;
    auto scanned = rows.scan(row_key::domains_begin(), row_key::end_of(row_key::domains_begin()),
                             [&](std::string_view, std::string_view value) {
                                 auto domain = decode_stored<stored::v1::StoredDomain>(value);
                                 if (!domain) damaged = std::move(domain.error());
                                 else counts.accounts += domain->accounts();
                                 ++counts.domains;
                                 return !damaged;
                             });
    if (!scanned) return fail(std::move(scanned.error()));
    if (damaged) return fail(std::move(*damaged));
    auto next = rows.get(row_key::next_account());
    if (!next) return fail(std::move(next.error()));
    counts.next_account_id = *next ? decode_u64(**next) : 1;
    return counts;
}

AccountLimits account_limits(store::Transaction& transaction, std::uint64_t account_id) {
    return limits_of(TransactionRows(transaction), account_id).value_or(AccountLimits{});
}
Result<AccountLimits> account_limits(const store::Store& store, std::uint64_t account_id) {
    return limits_of(StoreRows(store), account_id);
}

}  // namespace tayori::spool

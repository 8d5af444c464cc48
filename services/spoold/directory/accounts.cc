// Accounts come, go and come back.
#include "common/base/text.h"
#include "spoold/directory/account_life.h"
#include "spoold/directory/credentials.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/password.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredPassword;

Result<v1::Account> create(store::Transaction& transaction, const NewAccount& wanted, const DirectoryCore& core) {
    auto row = make_account(transaction, wanted, core);
    if (!row) return fail(std::move(row.error()));
    if (wanted.also) {
        auto done = wanted.also(transaction, row->id);
        if (!done) return fail(std::move(done.error()));
    }
    return describe(TransactionRows(transaction), *row);
}

Result<v1::Account> remove_account(store::Transaction& transaction, const Name& name) {
    const TransactionRows rows(transaction);
    auto row = find_account(rows, name);
    if (!row) return fail(std::move(row.error()));
    auto gone = put_away(transaction, *row, 0);
    if (!gone) return fail(std::move(gone.error()));
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

Result<v1::Account> undelete(store::Transaction& transaction, const Name& name, const DirectoryOptions& options) {
    const TransactionRows rows(transaction);
    auto id = latest_deleted(transaction, name);
    if (!id) return fail(std::move(id.error()));
    auto free = check_free(rows, name);
    if (!free) return fail(std::move(free.error()));
    auto account = read_row<StoredAccount>(rows, row_key::account(*id));
    if (!account) return fail(std::move(account.error()));
    if (!*account) return fail(Kind::not_found, cat("There is no deleted account ", name.text(), " to bring back."));
    AccountRow row{*id, std::move(**account)};
    const bool retired = row.account.retired_by() != 0;
    if (purged_at(options, row.account.deleted_s(), retired) < transaction.now_ms() / 1000)
        return fail(Kind::not_found, cat(name.text(), " was ", retired ? "retired" : "deleted", " more than ",
                                         retired ? options.retire_days : options.undelete_days, " days ago."));
    auto back = bring_back(transaction, row, stored::v1::STORED_STATE_ACTIVE);
    if (!back) return fail(std::move(back.error()));
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
        [name = std::move(*name)](store::Transaction& transaction) { return remove_account(transaction, name); },
        with_facts(core_, std::move(done)));
}

void Directory::undelete_account(const v1::AccountRequest& request, Answer<v1::Account> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), core = core_](store::Transaction& transaction) {
            return undelete(transaction, name, core->options);
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

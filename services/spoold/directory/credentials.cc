// Passwords of accounts, as an administrator sets them.
#include "spoold/directory/credentials.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/password.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAppPassword;
using stored::v1::StoredCredentials;
using stored::v1::StoredPassword;

// Changes credentials so that every ticket given out before is void.
Result<v1::Account> change_credentials(store::Transaction& transaction, const Name& name,
                                       const std::function<Result<void>(StoredCredentials&)>& change) {
    const TransactionRows rows(transaction);
    auto row = find_account(rows, name);
    if (!row) return fail(std::move(row.error()));
    auto credentials = read_credentials(rows, row->id);
    if (!credentials) return fail(std::move(credentials.error()));
    auto changed = change(*credentials);
    if (!changed) return fail(std::move(changed.error()));
    row->account.set_generation(row->account.generation() + 1);
    write_row(transaction, row_key::account(row->id), row->account);
    write_row(transaction, row_key::credentials(row->id), *credentials);
    return describe(rows, *row);
}

Result<v1::Account> add_secret(store::Transaction& transaction, const Name& name, const StoredAppPassword& fresh) {
    const TransactionRows rows(transaction);
    auto row = find_account(rows, name);
    if (!row) return fail(std::move(row.error()));
    auto credentials = read_credentials(rows, row->id);
    if (!credentials) return fail(std::move(credentials.error()));
    for (const auto& present : credentials->app_passwords())
        if (present.name() == fresh.name())
            return fail(Kind::exists, cat("There is an app password named ", fresh.name(), " already."));
    if (static_cast<std::size_t>(credentials->app_passwords_size()) >= kAppPasswordsMax)
        return fail(Kind::over_quota, cat("An account has at most ", kAppPasswordsMax, " app passwords."));
    *credentials->add_app_passwords() = fresh;
    credentials->mutable_app_passwords()->rbegin()->set_created_s(transaction.now_ms() / 1000);
    write_row(transaction, row_key::credentials(row->id), *credentials);
    return describe(rows, *row);
}

}  // namespace

void make_stored_password(const CorePtr& core, const std::string& password, const std::string& hash,
                          Answer<StoredPassword> done) {
    if (!hash.empty()) {
        if (!password.empty()) return done(fail(Kind::invalid, "Give a password or a hash of it, not both."));
        return done(import_password(hash));
    }
    auto good = check_password(password);
    if (!good) return done(fail(std::move(good.error())));
    const bool posted =
        core->pool.post(Lane::known, 0, [password, iterations = core->options.scram_iterations, done](Turn turn) {
            if (turn == Turn::cancelled) return done(fail(Kind::busy, "The server is stopping."));
            done(make_password(password, iterations));
        });
    if (!posted) done(fail(Kind::busy, "Too many passwords are being made: try again later."));
}

void Directory::set_password(const v1::SetPasswordRequest& request, Answer<v1::Account> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    // Known before the work of making keys; decided in the mutation.
    auto present = find_account(StoreRows(core_->store), *name);
    if (!present) return done(fail(std::move(present.error())));
    make_stored_password(
        core_, request.password(), request.password_hash(),
        [core = core_, name = std::move(*name), done = std::move(done)](Result<StoredPassword> password) {
            if (!password) return done(fail(std::move(password.error())));
            submit_change<v1::Account>(
                core, store::Effect::shrinks,
                [name, password = std::move(*password)](store::Transaction& transaction) {
                    return change_credentials(transaction, name, [&](StoredCredentials& credentials) -> Result<void> {
                        *credentials.mutable_password() = password;
                        return {};
                    });
                },
                with_facts(core, done));
        });
}

void Directory::add_app_password(const v1::AddAppPasswordRequest& request, Answer<v1::AddAppPasswordResponse> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    auto protocols = protocol_bits(request.protocols());
    if (!protocols) return done(fail(std::move(protocols.error())));
    if (request.name().empty() || request.name().size() > kAppPasswordNameBytesMax)
        return done(fail(Kind::invalid, cat("Name the app password after its device, in at most ",
                                            kAppPasswordNameBytesMax, " bytes.")));
    const auto secret = make_app_secret();
    auto fresh = make_app_password(secret);
    fresh.set_name(request.name());
    fresh.set_protocols(*protocols != 0 ? *protocols : all_protocols());
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), fresh](store::Transaction& transaction) {
            return add_secret(transaction, name, fresh);
        },
        with_facts(core_, [secret, done = std::move(done)](Result<v1::Account> account) {
            if (!account) return done(fail(std::move(account.error())));
            v1::AddAppPasswordResponse response;
            *response.mutable_account() = std::move(*account);
            response.set_password(secret);
            done(std::move(response));
        }));
}

void Directory::delete_app_password(const v1::DeleteAppPasswordRequest& request, Answer<v1::Account> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    submit_change<v1::Account>(
        core_, store::Effect::shrinks,
        [name = std::move(*name), device = request.name()](store::Transaction& transaction) {
            return change_credentials(transaction, name, [&](StoredCredentials& credentials) -> Result<void> {
                auto& list = *credentials.mutable_app_passwords();
                const auto at = std::find_if(list.begin(), list.end(),
                                             [&](const StoredAppPassword& p) { return p.name() == device; });
                if (at == list.end())
                    return fail(Kind::not_found, cat("There is no app password named ", device, "."));
                list.erase(at);
                return {};
            });
        },
        with_facts(core_, std::move(done)));
}

}  // namespace tayori::spool

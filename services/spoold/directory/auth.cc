// PLAIN, LOGIN, USER and PASS: a name and a password.
#include "spoold/directory/auth.h"

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/auth_state.h"
#include "spoold/directory/password.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredCredentials;
using stored::v1::StoredPassword;
using StatePtr = std::shared_ptr<Auth::State>;

Error too_many() { return Error::make(Kind::busy, "Too many failed logins: try again later."); }

// Puts new keys where `old` still is: an imported hash, or keys of fewer rounds than are wanted now. The generation
// stays: it is the same password.
void upgrade(const CorePtr& core, std::uint64_t id, const StoredPassword& old, std::string_view password) {
    const auto fresh = make_password(password, core->options.scram_iterations);
    store::Request request;
    request.account = id;
    request.apply = [id, fresh, was = old.SerializeAsString()](store::Transaction& transaction) -> Result<void> {
        auto credentials = read_credentials(TransactionRows(transaction), id);
        if (!credentials) return fail(std::move(credentials.error()));
        if (credentials->password().SerializeAsString() != was) return {};
        *credentials->mutable_password() = fresh;
        write_row(transaction, row_key::credentials(id), *credentials);
        return {};
    };
    request.done = [](Result<void> written) {
        if (!written) log_warn("password_not_upgraded", {{"error", written.error().text}});
    };
    core->store.submit(std::move(request));
}

// Off the callers' threads. Nothing: it is wrong. Costs the same whether or not the account exists.
Result<std::optional<RightPassword>> verify(const CorePtr& core, const std::optional<LoginAccount>& account,
                                            const std::string& password) {
    if (!account) {
        pretend_to_verify(password, core->options.scram_iterations);
        return std::optional<RightPassword>();
    }
    auto credentials = read_credentials(StoreRows(core->store), account->id);
    if (!credentials) return fail(std::move(credentials.error()));
    if (const auto secret = normalize_app_secret(password); !secret.empty())
        for (const auto& app : credentials->app_passwords())
            if (verify_app_password(app, secret)) return RightPassword{app.protocols(), app.name()};
    const auto& stored = credentials->password();
    const bool has_password = !stored.salt().empty() || !stored.imported().empty();
    if (has_password && verify_password(stored, password)) {
        if (!stored.imported().empty() || stored.iterations() < core->options.scram_iterations)
            upgrade(core, account->id, stored, password);
        return RightPassword{all_protocols(), {}};
    }
    // One that a person chose, from another server: there is at most one (imported.h).
    for (const auto& app : credentials->app_passwords())
        if (app.has_password() && verify_password(app.password(), password))
            return RightPassword{app.protocols(), app.name()};
    if (!has_password) pretend_to_verify(password, core->options.scram_iterations);
    return std::optional<RightPassword>();
}

// What is known about one login while it waits.
struct Login {
    v1::AuthPassword request;
    std::optional<LoginAccount> account;
    Attempt attempt;
    std::string key;   // of the cache
    std::string work;  // of those who wait for the same verification
    Answer<v1::AuthReply> done;
};
using LoginPtr = std::shared_ptr<Login>;

void finish(Auth::State& state, Login& login, Result<std::optional<RightPassword>> right) {
    if (!right) return login.done(fail(std::move(right.error())));
    if (!*right) {
        state.throttle.failed(login.attempt);
        return login.done(fail(wrong()));
    }
    state.throttle.succeeded(login.attempt);
    login.done(
        state.admit(*login.account, **right, login.request.client().protocol(), login.request.authorize_as()));
}

// Tells everybody who tried this password while it was being verified.
void tell_all(Auth::State& state, const std::string& key, const Result<std::optional<RightPassword>>& right) {
    std::vector<Auth::State::Verified> waiting;
    {
        std::lock_guard lock(state.mutex);
        const auto at = state.verifying.find(key);
        waiting = std::move(at->second);
        state.verifying.erase(at);
    }
    for (auto& verified : waiting) verified(right);
}

void verify_in_pool(const StatePtr& state, const LoginPtr& login, Client client) {
    {
        std::lock_guard lock(state->mutex);
        const auto [at, first] = state->verifying.try_emplace(login->work);
        if (at->second.size() >= kVerifyJoinedMax) return login->done(fail(too_many()));
        at->second.push_back([state, login](Result<std::optional<RightPassword>> right) {
            finish(*state, *login, std::move(right));
        });
        if (!first) return;
    }
    const auto lane = client == Client::known ? Lane::known : Lane::other;
    const bool posted = state->core->pool.post(lane, login->attempt.network, [state, login](Turn turn) {
        if (turn == Turn::cancelled)
            return tell_all(*state, login->work, fail(Kind::busy, "The server is stopping."));
        auto right = verify(state->core, login->account, login->request.password());
        if (right && *right) state->right.put(login->key, **right);
        tell_all(*state, login->work, right);
    });
    if (!posted) tell_all(*state, login->work, fail(Kind::busy, "Too many logins at the same time: try again later."));
}

}  // namespace

Auth::Auth(Directory& directory, Tickets& tickets) : state_(std::make_shared<State>(directory.core(), tickets)) {}
Auth::~Auth() { state_->core->pool.stop(); }

void Auth::auth_password(const v1::AuthPassword& request, Answer<v1::AuthReply> done) {
    if (request.user().size() > kUserBytesMax || request.password().size() > kPasswordBytesMax ||
        request.authorize_as().size() > kUserBytesMax)
        return done(fail(wrong()));
    auto login = std::make_shared<Login>();
    auto account = state_->find_login(request.user());
    if (!account) return done(fail(std::move(account.error())));
    login->request = request;
    login->account = std::move(*account);
    login->attempt = State::attempt(request.client(), login->account, request.user());
    const auto client = state_->throttle.client(login->attempt);
    login->key = state_->right.key(login->account.value_or(LoginAccount()), request.password());
    login->done = std::move(done);
    const bool allowed = state_->throttle.allows(login->attempt);
    // A known client with the right password always comes in, whoever else sits in its network and guesses.
    if (client == Client::known || allowed)
        if (auto right = state_->right.find(login->key)) return finish(*state_, *login, std::move(right));
    if (!allowed) return login->done(fail(too_many()));
    // Strangers' work waits in the other queue: a known client must not join it.
    login->work = cat(login->key, client == Client::known ? 'k' : 'o', login->account ? "" : request.user());
    verify_in_pool(state_, login, client);
}

}  // namespace tayori::spool

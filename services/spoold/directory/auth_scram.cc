// SCRAM-SHA-256: both steps.
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/auth.h"
#include "spoold/directory/auth_state.h"
#include "spoold/directory/password.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kServerNonceBytes = 18;
constexpr std::size_t kFakeSaltBytes = 16;


// Keys of the user, or such as nobody has: their salt is always the same for a name (RFC 5802 §9), so that asking
// twice doesn't tell who exists.
Result<stored::v1::StoredPassword> keys_of(const DirectoryCore& core, const std::optional<LoginAccount>& account,
                                           std::string_view user) {
    // Nobody's are looked for too: it takes the same time.
    auto credentials = read_credentials(StoreRows(core.store), account ? account->id : 0);
    if (!credentials) return fail(std::move(credentials.error()));
    if (!credentials->password().salt().empty()) return credentials->password();
    stored::v1::StoredPassword nobody;
    const auto name = parse_name(user);
    nobody.set_salt(crypto::hmac_sha256(core.salt_key, name ? name->text() : to_lower(user)).substr(0, kFakeSaltBytes));
    nobody.set_iterations(core.options.scram_iterations);
    nobody.set_stored_key(crypto::random_bytes(32));
    nobody.set_server_key(crypto::random_bytes(32));
    return nobody;
}

}  // namespace

Result<v1::AuthScramFirstReply> Auth::scram_first(const v1::AuthScramFirst& request) {
    auto first = parse_client_first(request.client_first());
    if (!first) return fail(std::move(first.error()));
    if (first->user.size() > kUserBytesMax) return fail(wrong());
    auto& state = *state_;
    const auto user = prepare_password(first->user);
    auto account = state.find_login(user);
    if (!account) return fail(std::move(account.error()));
    PendingExchange pending;
    pending.attempt = State::attempt(request.client(), *account, user);
    const auto client = state.throttle.client(pending.attempt);
    if (!state.throttle.allows(pending.attempt)) return fail(Kind::busy, "Too many failed logins: try again later.");
    auto keys = keys_of(*state.core, *account, user);
    if (!keys) return fail(std::move(keys.error()));

    pending.account = std::move(*account);
    pending.authzid = first->authzid;
    pending.protocol = request.client().protocol();
    pending.began = state.core->clock.now_ms();
    auto& scram = pending.scram;
    scram.nonce = first->nonce + base64_encode(crypto::random_bytes(kServerNonceBytes));
    scram.gs2_header = std::move(first->gs2_header);
    scram.client_first_bare = std::move(first->bare);
    scram.server_first = server_first(scram.nonce, keys->salt(), keys->iterations());
    scram.stored_key = keys->stored_key();
    scram.server_key = keys->server_key();

    v1::AuthScramFirstReply reply;
    // Not guessable: who may finish an exchange is who began it. The lowest bit says in which table it is.
    const auto id = (crypto::random_u64() & ~1ULL) | (client == Client::known ? 1 : 0);
    reply.set_exchange_id(id);
    reply.set_server_first(scram.server_first);
    auto& table = client == Client::known ? state.known_exchanges : state.other_exchanges;
    if (!table.add(id, std::move(pending)))
        return fail(Kind::busy, "Too many logins at the same time: try again later.");
    return reply;
}

Result<v1::AuthScramFinalReply> Auth::scram_final(const v1::AuthScramFinal& request) {
    auto& state = *state_;
    const auto id = request.exchange_id();
    auto& table = (id & 1) != 0 ? state.known_exchanges : state.other_exchanges;
    auto pending = table.take(id, state.core->clock.now_ms());
    if (!pending) return fail(wrong());
    auto proof = finish_scram(pending->scram, request.client_final());
    if (!proof || !pending->account) {
        state.throttle.failed(pending->attempt);
        return proof ? fail(wrong()) : fail(std::move(proof.error()));
    }
    state.throttle.succeeded(pending->attempt);
    auto reply = state.admit(*pending->account, {all_protocols(), {}}, pending->protocol, pending->authzid);
    if (!reply) return fail(std::move(reply.error()));
    v1::AuthScramFinalReply out;
    out.set_server_final(std::move(*proof));
    *out.mutable_auth() = std::move(*reply);
    return out;
}

}  // namespace tayori::spool

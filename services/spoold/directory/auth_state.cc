#include "spoold/directory/auth_state.h"

#include <absl/hash/hash.h>

#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/password.h"

namespace tayori::spool {

bool ExchangeTable::add(std::uint64_t id, PendingExchange exchange) {
    std::lock_guard lock(mutex_);
    while (!order_.empty()) {
        const auto at = pending_.find(order_.front());
        const bool over = at == pending_.end() || exchange.began - at->second.began > kScramExchangeTime.count() ||
                          pending_.size() >= kScramExchangesMax;
        if (!over) break;
        drop_front();
    }
    auto& count = of_network_[exchange.attempt.network];
    if (count >= kScramExchangesPerNetworkMax) return false;
    ++count;
    pending_.emplace(id, std::move(exchange));
    order_.push_back(id);
    return true;
}

void ExchangeTable::drop_front() {
    const auto at = pending_.find(order_.front());
    order_.pop_front();
    if (at == pending_.end()) return;
    const auto network = of_network_.find(at->second.attempt.network);
    if (--network->second == 0) of_network_.erase(network);
    pending_.erase(at);
}

std::optional<PendingExchange> ExchangeTable::take(std::uint64_t id, UnixMillis now) {
    std::lock_guard lock(mutex_);
    const auto at = pending_.find(id);
    if (at == pending_.end()) return std::nullopt;
    auto exchange = std::move(at->second);
    pending_.erase(at);
    const auto network = of_network_.find(exchange.attempt.network);
    if (--network->second == 0) of_network_.erase(network);
    while (!order_.empty() && !pending_.contains(order_.front())) order_.pop_front();
    if (now - exchange.began > kScramExchangeTime.count()) return std::nullopt;
    return exchange;
}

LoginCache::LoginCache(const Clock& clock, std::int64_t kept_ms)
    : clock_(clock), kept_ms_(kept_ms), secret_(crypto::random_bytes(32)) {}

std::string LoginCache::key(const LoginAccount& account, std::string_view password) const {
    return crypto::hmac_sha256(secret_, cat(encode_u64(account.id), encode_u64(account.generation), password));
}

std::optional<RightPassword> LoginCache::find(const std::string& key) {
    auto kept = kept_.find(key, 0);
    if (!kept || clock_.now_ms() - kept->since > kept_ms_) return std::nullopt;
    return std::move(kept->right);
}

void LoginCache::put(const std::string& key, RightPassword right) {
    if (kept_ms_ > 0) kept_.put(key, 0, {std::move(right), clock_.now_ms()});
}

Auth::State::State(CorePtr c, Tickets& t)
    : core(std::move(c)), tickets(t),
      throttle(core->clock, Allowances(core->options.failures_max, core->options.failure_window_ms)),
      right(core->clock, core->options.login_cache_ms) {}

namespace {

Result<std::optional<Name>> login_name(const DirectoryCore& core, const std::string& user) {
    if (user.find('@') != std::string::npos) {
        auto name = parse_name(user);
        return name ? std::optional<Name>(std::move(*name)) : std::nullopt;
    }
    auto domain = core.options.default_domain;
    if (domain.empty()) {
        std::size_t domains = 0;
        const auto begin = row_key::domains_begin();
        auto scanned =
            StoreRows(core.store).scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
                domain = row_key::domain_of(key);
                return ++domains < 2;
            });
        if (!scanned) return fail(std::move(scanned.error()));
        if (domains != 1) return std::optional<Name>();
    }
    auto name = parse_name(cat(user, '@', domain));
    return name ? std::optional<Name>(std::move(*name)) : std::nullopt;
}

Result<std::optional<LoginAccount>> read_login(const DirectoryCore& core, const std::string& user) {
    const StoreRows rows(core.store);
    auto name = login_name(core, user);
    if (!name) return fail(std::move(name.error()));
    if (!*name) return std::optional<LoginAccount>();
    auto row = read_row<stored::v1::StoredName>(rows, row_key::name(**name));
    if (!row) return fail(std::move(row.error()));
    if (*row && (*row)->targets_size() == 1) {  // a renamed account's old address still logs in
        auto target = parse_name((*row)->targets(0));
        if (!target) return std::optional<LoginAccount>();
        row = read_row<stored::v1::StoredName>(rows, row_key::name(*target));
        if (!row) return fail(std::move(row.error()));
    }
    if (!*row || (*row)->account_id() == 0) return std::optional<LoginAccount>();
    const auto id = (*row)->account_id();
    auto account = read_row<stored::v1::StoredAccount>(rows, row_key::account(id));
    if (!account) return fail(std::move(account.error()));
    if (!*account || (*account)->state() == stored::v1::STORED_STATE_DELETED) return std::optional<LoginAccount>();
    LoginAccount login;
    login.id = id;
    login.address = (*account)->address();
    login.active = (*account)->state() == stored::v1::STORED_STATE_ACTIVE;
    login.protocols = (*account)->protocols();
    login.generation = (*account)->generation();
    login.imap_generation = login_generation(**account, v1::PROTOCOL_IMAP);
    return std::optional<LoginAccount>(std::move(login));
}

}  // namespace

Result<std::optional<LoginAccount>> Auth::State::find_login(const std::string& user) {
    const auto version = core->version.load();
    if (auto kept = accounts.find(user, version)) return *std::move(kept);
    auto login = read_login(*core, user);
    if (login) accounts.put(user, version, *login);
    return login;
}

Attempt Auth::State::attempt(const v1::ClientInfo& client, const std::optional<LoginAccount>& account,
                             std::string_view user) {
    const auto who = account ? absl::HashOf(account->id) : absl::HashOf(to_lower(user));
    return {network_of(client.remote_ip()), who};
}

Result<v1::AuthReply> Auth::State::admit(const LoginAccount& account, const RightPassword& password,
                                         v1::Protocol protocol, const std::string& authorize_as) {
    if (!authorize_as.empty()) {
        auto other = find_login(authorize_as);
        if (!other) return fail(std::move(other.error()));
        if (!*other || (*other)->id != account.id)
            return fail(Kind::denied, "You may not act for another account.");
    }
    if (!account.active) return fail(Kind::denied, "This account is suspended: ask your administrator.");
    if (!allows(account.protocols & password.protocols, protocol))
        return fail(Kind::denied, "This account may not log in by this protocol: ask your administrator.");
    auto facts = core->mailboxes.facts(account.id);
    if (!facts) return fail(std::move(facts.error()));
    if (auto noted = note_client(account.id); !noted) return fail(std::move(noted.error()));
    v1::AuthReply reply;
    const bool imap = protocol == v1::PROTOCOL_IMAP;
    reply.set_ticket(tickets.issue({account.id, protocol}, imap ? account.imap_generation : account.generation));
    if (imap) reply.set_imap(facts->imap);
    reply.set_protocol(protocol);
    reply.set_account_id(account.id);
    reply.set_address(account.address);
    reply.set_form(facts->pop3_form ? v1::MAILBOX_FORM_POP3 : v1::MAILBOX_FORM_IMAP4);
    note_use(account, password.app_password);
    return reply;
}

// An import can be taken back until a client has come. So the first one is let in when that is on disk: it waits for one
// commit, once in an imported account's life, and nobody else does.
Result<void> Auth::State::note_client(std::uint64_t id) {
    const auto marked = core->store.get(row_key::untouched(id));
    if (!marked) return fail(marked.error());
    if (!*marked) return {};
    const store::Store::Outside outside(core->store);
    std::promise<Result<void>> written;
    store::Request request;
    request.account = id;
    request.effect = store::Effect::shrinks;
    request.apply = [id, now = core->now_s()](store::Transaction& transaction) -> Result<void> {
        transaction.erase(row_key::untouched(id));
        // A later import must know of it too.
        auto use = read_row<stored::v1::StoredUse>(TransactionRows(transaction), row_key::use(id));
        if (!use) return fail(std::move(use.error()));
        auto value = std::move(*use).value_or(stored::v1::StoredUse());
        value.set_last_login_s(now);
        write_row(transaction, row_key::use(id), value);
        // It may have been taken back in between.
        auto account = read_row<stored::v1::StoredAccount>(TransactionRows(transaction), row_key::account(id));
        if (!account) return fail(std::move(account.error()));
        if (!*account || (*account)->state() == stored::v1::STORED_STATE_DELETED)
            return fail(Kind::auth_failed, kAuthFailedText);
        return {};
    };
    request.done = [&written](Result<void> outcome) { written.set_value(std::move(outcome)); };
    core->store.submit(std::move(request));
    return written.get_future().get();
}

// Written at most once an hour for each account, and nobody waits for it: what is lost with a crash is one note.
void Auth::State::note_use(const LoginAccount& account, const std::string& app_password) {
    const auto now = core->now_s();
    {
        const auto key = absl::HashOf(account.id, app_password);
        std::lock_guard lock(mutex);
        if (used_s.size() >= kLoginCacheMax) used_s.clear();
        auto& last = used_s[key];
        if (last != 0 && now - last < std::chrono::duration_cast<std::chrono::seconds>(kUseKept).count()) return;
        last = now;
    }
    store::Request request;
    request.account = account.id;
    request.apply = [id = account.id, app_password, now](store::Transaction& transaction) -> Result<void> {
        auto use = read_row<stored::v1::StoredUse>(TransactionRows(transaction), row_key::use(id));
        if (!use) return fail(std::move(use.error()));
        if (!transaction.get(row_key::account(id))) return {};
        auto value = std::move(*use).value_or(stored::v1::StoredUse());
        value.set_last_login_s(now);
        if (!app_password.empty()) (*value.mutable_app_passwords())[app_password] = now;
        write_row(transaction, row_key::use(id), value);
        return {};
    };
    request.done = [](Result<void> written) {
        if (!written) log_debug("last_login_not_kept", {{"error", written.error().text}});
    };
    core->store.submit(std::move(request));
}

}  // namespace tayori::spool

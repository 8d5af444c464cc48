// What logging in keeps between calls, for auth.cc and auth_scram.cc.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "spoold/directory/auth.h"
#include "spoold/directory/core.h"
#include "spoold/directory/scram.h"
#include "spoold/directory/throttle.h"

namespace tayori::spool {

// Whom a login name means.
struct LoginAccount {
    std::uint64_t id = 0;
    std::string address;
    bool active = false;
    std::uint32_t protocols = 0;
    std::uint64_t generation = 0;
    std::uint64_t imap_generation = 0;  // login_generation() of IMAP
};

// Which password was right.
struct RightPassword {
    std::uint32_t protocols = 0;  // those it is for
    std::string app_password;     // its name; empty: the account's own
};

struct PendingExchange {
    ScramExchange scram;
    std::optional<LoginAccount> account;  // none: the user does not exist
    std::string authzid;
    v1::Protocol protocol = v1::PROTOCOL_UNSPECIFIED;
    Attempt attempt;
    UnixMillis began = 0;
};

// SCRAM exchanges between their two steps: bounded in number, time, and for each network. Thread-safe.
class ExchangeTable {
  public:
    // False: this network has begun too many.
    bool add(std::uint64_t id, PendingExchange exchange);
    // Once: a second proof needs a new exchange.
    std::optional<PendingExchange> take(std::uint64_t id, UnixMillis now);

  private:
    void drop_front();
    std::mutex mutex_;
    absl::flat_hash_map<std::uint64_t, PendingExchange> pending_;
    absl::flat_hash_map<std::uint64_t, std::size_t> of_network_;
    std::deque<std::uint64_t> order_;  // oldest first; may name some that are gone
};

// Passwords that were right a short while ago, under a key of this process: the password itself is not kept.
class LoginCache {
  public:
    LoginCache(const Clock& clock, std::int64_t kept_ms);
    std::string key(const LoginAccount& account, std::string_view password) const;
    std::optional<RightPassword> find(const std::string& key);
    void put(const std::string& key, RightPassword right);

  private:
    struct Kept {
        RightPassword right;
        UnixMillis since = 0;
    };
    const Clock& clock_;
    const std::int64_t kept_ms_;
    const std::string secret_;
    VersionedCache<Kept> kept_{kLoginCacheMax};
};

struct Auth::State {
    State(CorePtr c, Tickets& t);

    CorePtr core;
    Tickets& tickets;
    Throttle throttle;
    LoginCache right;
    VersionedCache<std::optional<LoginAccount>> accounts{kLoginCacheMax};  // by login name
    ExchangeTable known_exchanges;
    ExchangeTable other_exchanges;

    // Verifications that run or wait, and who wants to know: the same password tried twice at once is verified once.
    using Verified = std::function<void(Result<std::optional<RightPassword>>)>;
    std::mutex mutex;
    absl::flat_hash_map<std::string, std::vector<Verified>> verifying;
    absl::flat_hash_map<std::uint64_t, std::int64_t> used_s;  // when last_login was last written

    // Nobody, where there is no such login name. An alias of one account is a login name of it.
    Result<std::optional<LoginAccount>> find_login(const std::string& user);
    // Failures of a user who exists are counted together, however the name is written.
    static Attempt attempt(const v1::ClientInfo& client, const std::optional<LoginAccount>& account,
                           std::string_view user);

    // The last step of both ways: allowed here? Then the ticket.
    Result<v1::AuthReply> admit(const LoginAccount& account, const RightPassword& right, v1::Protocol protocol,
                                const std::string& authorize_as);
    Result<void> note_client(std::uint64_t id);
    void note_use(const LoginAccount& account, const std::string& app_password);
};

inline constexpr const char* kAuthFailedText = "Authentication failed.";
inline Error wrong() { return Error::make(Kind::auth_failed, kAuthFailedText); }

}  // namespace tayori::spool

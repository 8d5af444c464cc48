// Failed logins, counted. Who has logged in lately from a network is known there: strangers' failures, however many
// and from however many networks, do not touch a known client, which has an allowance of its own.
//
// Memory is bounded: two generations of counters, of which the older goes when the newer is full. Whoever can speak
// from so many networks that it matters gains some more guesses, and still can't lock out anybody known.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <mutex>
#include <string_view>

#include "common/base/clock.h"
#include "spoold/directory/limits.h"

namespace tayori::spool {

// A client's network as one number: an IPv4 /24, an IPv6 /64 (what one customer has); 0: not an address.
std::uint64_t network_of(std::string_view remote_ip);

struct Attempt {
    std::uint64_t network = 0;
    std::uint64_t user = 0;  // hash of the name tried, existing or not
};
enum class Client { known, other };

// So many failures at once, then one more in so many milliseconds; above, "try again later".
struct Allowance {
    double at_once;
    double refill_ms;
};
struct Allowances {
    // `failures_max` within the window from one network at one name; the others in proportion.
    Allowances(std::uint32_t failures_max, std::int64_t window_ms);
    Allowance stranger_on_user;      // one network at one name
    Allowance strangers_on_network;  // one network at all names
    Allowance strangers_on_user;     // all networks at one name
    Allowance known_on_user;         // a network from which that name logged in lately
};

class Throttle {
  public:
    Throttle(const Clock& clock, Allowances allowances) : clock_(clock), allowances_(allowances) {}

    Client client(const Attempt& attempt);
    // May this one be tried now?
    bool allows(const Attempt& attempt);
    void failed(const Attempt& attempt);
    void succeeded(const Attempt& attempt);

  private:
    struct Bucket {
        double level = 0;
        UnixMillis at = 0;
    };
    template <class Value>
    struct Table {
        absl::flat_hash_map<std::uint64_t, Value> young;
        absl::flat_hash_map<std::uint64_t, Value> old;
        Value* find(std::uint64_t key);
        Value& make(std::uint64_t key, std::size_t entries_max);
    };
    bool known(const Attempt& attempt, UnixMillis now);
    bool full(std::uint64_t key, Allowance allowance, UnixMillis now);
    void add(std::uint64_t key, Allowance allowance, UnixMillis now);

    const Clock& clock_;
    const Allowances allowances_;
    std::mutex mutex_;
    Table<Bucket> failures_;
    Table<UnixMillis> known_;  // last success
};

}  // namespace tayori::spool

// How a recipient's domain is reached: our own is local, a route may say otherwise for the rest, else its MX.
//
// RouteTable is pure; Routes keeps it in the store, with passwords sealed.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/sealed.h"
#include "spoold/directory/directory.h"
#include "spoold/queue/schedule.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/queue.pb.h"

namespace tayori::spool {

inline constexpr std::string_view kLocalDestination = "local";
inline constexpr std::size_t kRoutesMax = 100'000;
inline constexpr std::size_t kRouteTextBytesMax = 1'000;

struct Way {
    std::string destination;
    RoutePtr route;
};

class RouteTable {
  public:
    // `domain`: "example.net", ".example.net" for all below it, "*"; normalised.
    void set(const std::string& domain, v1::Route route);
    // `domain` normalised: the nearest rule counts, the exact one, the longest ".suffix", "*"; without one its MX.
    Way way_to(std::string_view domain) const;
    std::size_t size() const { return routes_.size(); }

  private:
    absl::flat_hash_map<std::string, Way> routes_;
};

// What a route's destination is called in the queue.
std::string destination_of(const v1::Route& route, std::string_view domain);
// From an administrator: invalid says what is wrong. What is missing is filled in: port and TLS.
Result<void> complete_route(v1::Route& route);
// "relay:HOST[:PORT]" or "lmtp:HOST:PORT" as a route; invalid.
Result<v1::Route> route_of(std::string_view via);
// "Example.NET", ".example.net", "*", normalised; invalid.
Result<std::string> route_domain(std::string_view text);
// The domain of an address, normalised; as written where it can't be.
std::string domain_of_address(std::string_view address);

// Thread-safe.
class Routes {
  public:
    // `is_ours` tells domains of our own.
    using IsOurs = std::function<Result<bool>(const std::string& domain)>;
    Routes(store::Store& store, crypto::Sealer& sealer, IsOurs is_ours);

    Result<void> load();
    // Temporary trouble with the directory is told, and must not send our own mail to the world.
    Result<Way> way_to(std::string_view address) const;
    // The same, but elsewhere `via` (RouteQueuedRequest.via) where it is not empty; our own mail stays here.
    Result<Way> way_to(std::string_view address, std::string_view via) const;

    void set(const v1::SetRouteRequest& request, Answer<v1::RouteEntry> done);
    void remove(const std::string& domain, Answer<v1::RouteList> done);
    Result<v1::RouteList> list() const;
    // Told after each change, on the committer's thread.
    void on_change(std::function<void()> tell) { changed_ = std::move(tell); }

  private:
    Result<std::shared_ptr<const RouteTable>> read() const;
    void reload();

    store::Store& store_;
    crypto::Sealer& sealer_;
    const IsOurs is_ours_;
    std::function<void()> changed_;
    mutable std::mutex mutex_;
    std::shared_ptr<const RouteTable> table_;
};

}  // namespace tayori::spool

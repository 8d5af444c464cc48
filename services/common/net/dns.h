// Names and addresses from the DNS, asked on the loop by c-ares.
//
//   auto answer = co_await dns.ask("example.net", DnsType::mx);   // answer.found, answer.records
//
// Three outcomes that nobody may mix up: a DnsAnswer says "here they are", "no such record" or "no such name"; an error is
// always temporary (busy): nobody answered in time, or a server could not tell. Answers are kept for their TTL, negative ones
// too; those who ask the same at once share one question.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/sync.h"
#include "common/net/dns_answer.h"
#include "common/net/loop.h"

namespace tayori::net {

inline constexpr std::size_t kDnsKeptMax = 20'000;       // answers
inline constexpr std::size_t kDnsPendingMax = 2'000;     // questions at once; one more is busy
inline constexpr std::chrono::seconds kDnsTtlMax{3600};  // nothing is believed for longer
inline constexpr std::chrono::seconds kDnsNegativeTtlMax{300};
inline constexpr Duration kDnsAskMax = std::chrono::seconds(60);  // for all tries at all servers

struct DnsOptions {
    std::vector<std::string> servers;  // "192.0.2.1:53", "[2001:db8::1]:53"; empty: the system's
    Duration timeout = std::chrono::seconds(5);  // of the first try; doubles
    int tries = 2;                               // of each server
};

class Dns {
  public:
    static Result<std::unique_ptr<Dns>> make(Loop& loop, const DnsOptions& options);
    ~Dns();  // who waits does not go on
    Dns(const Dns&) = delete;
    Dns& operator=(const Dns&) = delete;

    // `name`: ASCII, with or without its last dot. Never asks for it below a search domain.
    Async<DnsAnswer> ask(std::string name, DnsType type);
    // Asks without waiting, so that several questions are on their way at once.
    void prefetch(std::string_view name, DnsType type);

  private:
    using Key = std::pair<std::string, DnsType>;
    struct Question;
    struct Channel;
    struct Kept {
        DnsAnswer answer;
        Deadline until{};
    };
    explicit Dns(Loop& loop);
    static Key key_of(std::string_view name, DnsType type);
    const DnsAnswer* kept(const Key& key);
    Result<std::shared_ptr<Question>> question(const Key& key);
    void answered(const std::shared_ptr<Question>& question, Result<DnsAnswer> outcome);
    void keep(const Key& key, const DnsAnswer& answer);
    void deliver_soon();
    void deliver();

    Loop& loop_;
    absl::flat_hash_map<Key, Kept> kept_;
    absl::flat_hash_map<Key, std::shared_ptr<Question>> pending_;
    std::vector<std::shared_ptr<Question>> answered_;  // to be told to those who wait
    std::shared_ptr<bool> alive_;
    bool delivering_ = false;
    std::unique_ptr<Channel> channel_;  // last: its end answers all that is pending
};

}  // namespace tayori::net

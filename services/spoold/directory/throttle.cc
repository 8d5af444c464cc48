#include "spoold/directory/throttle.h"

#include <absl/hash/hash.h>
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <tuple>

namespace tayori::spool {
namespace {

enum class What : int { known, stranger_on_user, strangers_on_network, strangers_on_user };

std::uint64_t hash(What what, std::uint64_t a, std::uint64_t b) {
    return absl::Hash<std::tuple<int, std::uint64_t, std::uint64_t>>()({static_cast<int>(what), a, b});
}
std::uint64_t pair_key(What what, const Attempt& attempt) { return hash(what, attempt.network, attempt.user); }
std::uint64_t network_key(const Attempt& attempt) { return hash(What::strangers_on_network, attempt.network, 0); }
std::uint64_t user_key(const Attempt& attempt) { return hash(What::strangers_on_user, 0, attempt.user); }

}  // namespace

std::uint64_t network_of(std::string_view remote_ip) {
    constexpr std::uint64_t kIpv4 = 1ULL << 40;
    const std::string text(remote_ip);
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
        return kIpv4 | static_cast<std::uint64_t>(bytes[0]) << 16 | static_cast<std::uint64_t>(bytes[1]) << 8 | bytes[2];
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return 0;
    static constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::memcmp(bytes.data(), kMapped, sizeof kMapped) == 0)
        return kIpv4 | static_cast<std::uint64_t>(bytes[12]) << 16 | static_cast<std::uint64_t>(bytes[13]) << 8 | bytes[14];
    std::uint64_t network = 0;
    for (std::size_t i = 0; i < 8; ++i) network = network << 8 | bytes[i];
    return std::max<std::uint64_t>(network, 1);
}

Allowances::Allowances(std::uint32_t failures_max, std::int64_t window_ms) {
    const auto times = [&](double factor) {
        const double failures = factor * std::max<std::uint32_t>(failures_max, 1);
        return Allowance{failures, static_cast<double>(window_ms) / failures};
    };
    stranger_on_user = times(1);
    strangers_on_network = times(10);
    strangers_on_user = times(20);
    known_on_user = times(3);
}

template <class Value>
Value* Throttle::Table<Value>::find(std::uint64_t key) {
    for (auto* half : {&young, &old}) {
        const auto at = half->find(key);
        if (at != half->end()) return &at->second;
    }
    return nullptr;
}

template <class Value>
Value& Throttle::Table<Value>::make(std::uint64_t key, std::size_t entries_max) {
    if (const auto at = young.find(key); at != young.end()) return at->second;
    if (young.size() >= entries_max / 2) {
        old = std::move(young);
        young.clear();
    }
    Value kept{};
    if (const auto at = old.find(key); at != old.end()) kept = at->second;
    return young.emplace(key, kept).first->second;
}

bool Throttle::known(const Attempt& attempt, UnixMillis now) {
    const auto* last = known_.find(pair_key(What::known, attempt));
    return last != nullptr && now - *last < std::chrono::milliseconds(kKnownFor).count();
}

bool Throttle::full(std::uint64_t key, Allowance allowance, UnixMillis now) {
    const auto* bucket = failures_.find(key);
    if (bucket == nullptr) return false;
    const double drained = static_cast<double>(std::max<UnixMillis>(now - bucket->at, 0)) / allowance.refill_ms;
    return bucket->level - drained > allowance.at_once - 1;
}

void Throttle::add(std::uint64_t key, Allowance allowance, UnixMillis now) {
    auto& bucket = failures_.make(key, kFailureCountersMax);
    const double drained = static_cast<double>(std::max<UnixMillis>(now - bucket.at, 0)) / allowance.refill_ms;
    // Not above its limit: what was verified at the same time must not lengthen the pause.
    bucket.level = std::min(std::max(bucket.level - drained, 0.0) + 1, allowance.at_once);
    bucket.at = now;
}

Client Throttle::client(const Attempt& attempt) {
    std::lock_guard lock(mutex_);
    return known(attempt, clock_.now_ms()) ? Client::known : Client::other;
}

bool Throttle::allows(const Attempt& attempt) {
    std::lock_guard lock(mutex_);
    const auto now = clock_.now_ms();
    if (known(attempt, now)) return !full(pair_key(What::known, attempt), allowances_.known_on_user, now);
    return !full(pair_key(What::stranger_on_user, attempt), allowances_.stranger_on_user, now) &&
           !full(network_key(attempt), allowances_.strangers_on_network, now) && !full(user_key(attempt), allowances_.strangers_on_user, now);
}

void Throttle::failed(const Attempt& attempt) {
    std::lock_guard lock(mutex_);
    const auto now = clock_.now_ms();
    if (known(attempt, now)) return add(pair_key(What::known, attempt), allowances_.known_on_user, now);
    add(pair_key(What::stranger_on_user, attempt), allowances_.stranger_on_user, now);
    add(network_key(attempt), allowances_.strangers_on_network, now);
    add(user_key(attempt), allowances_.strangers_on_user, now);
}

void Throttle::succeeded(const Attempt& attempt) {
    std::lock_guard lock(mutex_);
    known_.make(pair_key(What::known, attempt), kKnownClientsMax) = clock_.now_ms();
}

}  // namespace tayori::spool

// A bounded cache of what was read from the directory, without a list of who depends on what: the directory has a
// version that every change raises, and an entry counts only while the version it was read under is the present one.
// Changes are rare next to reads; while many are made, reads are point gets.
//
// Why it can't serve stale answers: the reader takes the version first and then reads, and a change raises it before
// it is reported as done. What was read too early therefore carries a version that is over.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tayori::spool {

template <class Value>
class VersionedCache {
  public:
    explicit VersionedCache(std::size_t entries_max) : half_shard_max_(entries_max / kShards / 2 + 1) {}

    std::optional<Value> find(std::string_view key, std::uint64_t version) {
        auto& shard = shard_of(key);
        std::lock_guard lock(shard.mutex);
        const std::string wanted(key);
        for (auto* half : {&shard.young, &shard.old}) {
            const auto at = half->find(wanted);
            if (at == half->end()) continue;
            if (at->second.version != version) return std::nullopt;
            return at->second.value;
        }
        return std::nullopt;
    }

    void put(std::string_view key, std::uint64_t version, Value value) {
        auto& shard = shard_of(key);
        std::lock_guard lock(shard.mutex);
        // Two generations instead of a list in order of use: what is not put again within one generation goes.
        if (shard.young.size() >= half_shard_max_) {
            shard.old = std::move(shard.young);
            shard.young.clear();
        }
        shard.young.insert_or_assign(std::string(key), Entry{version, std::move(value)});
    }

  private:
    struct Entry {
        std::uint64_t version;
        Value value;
    };
    struct Shard {
        std::mutex mutex;
        absl::flat_hash_map<std::string, Entry> young;
        absl::flat_hash_map<std::string, Entry> old;
    };
    static constexpr std::size_t kShards = 16;
    Shard& shard_of(std::string_view key) { return shards_[std::hash<std::string_view>()(key) % kShards]; }

    const std::size_t half_shard_max_;
    std::array<Shard, kShards> shards_;
};

}  // namespace tayori::spool

// Reads of committed data.
#include <algorithm>

#include "common/base/text.h"
#include "spoold/store/index.h"

namespace tayori::store {
namespace {

constexpr std::size_t kKeysPerCall = 256;  // bounds what one multi-get pins

class IndexSnapshot final : public Snapshot {
  public:
    explicit IndexSnapshot(std::shared_ptr<const Index> index)
        : index_(std::move(index)), at_(index_->db().GetSnapshot()) {}
    IndexSnapshot(const IndexSnapshot&) = delete;
    IndexSnapshot& operator=(const IndexSnapshot&) = delete;
    ~IndexSnapshot() override { index_->db().ReleaseSnapshot(at_); }

    Result<std::optional<std::string>> get(std::string_view key) const override {
        if (key < kFirstModelKey) return std::optional<std::string>();
        return index_->get(key, at_);
    }

    Result<void> scan(std::string_view from, std::string_view to, const Visitor& visit) const override {
        from = std::max(from, kFirstModelKey);
        if (from >= to) return {};
        auto rows = index_->iterate(from, to, at_);
        for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
            if (!visit(rows->key().ToStringView(), rows->value().ToStringView())) return {};
        }
        return checked(*rows);
    }

    Result<void> scan_backwards(std::string_view from, std::string_view to,
                                const Visitor& visit) const override {
        from = std::max(from, kFirstModelKey);
        if (from >= to) return {};
        auto rows = index_->iterate(from, to, at_);
        for (rows->SeekToLast(); rows->Valid(); rows->Prev()) {
            if (!visit(rows->key().ToStringView(), rows->value().ToStringView())) return {};
        }
        return checked(*rows);
    }

    Result<std::vector<std::optional<std::string>>> get_many(
        const std::vector<std::string>& keys) const override {
        std::vector<std::optional<std::string>> result(keys.size());
        for (std::size_t first = 0; first < keys.size(); first += kKeysPerCall) {
            const auto count = std::min(kKeysPerCall, keys.size() - first);
            std::vector<rocksdb::Slice> slices;
            slices.reserve(count);
            for (std::size_t i = 0; i < count; ++i) slices.emplace_back(keys[first + i]);
            std::vector<rocksdb::PinnableSlice> values(count);
            std::vector<rocksdb::Status> statuses(count);
            rocksdb::ReadOptions options;
            options.snapshot = at_;
            index_->db().MultiGet(options, index_->db().DefaultColumnFamily(), count, slices.data(),
                                  values.data(), statuses.data());
            for (std::size_t i = 0; i < count; ++i) {
                if (statuses[i].IsNotFound() || keys[first + i] < kFirstModelKey) continue;
                if (!statuses[i].ok()) return fail(index_error(statuses[i]));
                result[first + i] = values[i].ToString();
            }
        }
        return result;
    }

  private:
    static Result<void> checked(const rocksdb::Iterator& rows) {
        return rows.status().ok() ? Result<void>() : fail(index_error(rows.status()));
    }
    std::shared_ptr<const Index> index_;
    const rocksdb::Snapshot* at_;
};

}  // namespace

std::shared_ptr<const Snapshot> make_snapshot(std::shared_ptr<const Index> index) {
    return std::make_shared<IndexSnapshot>(std::move(index));
}

}  // namespace tayori::store

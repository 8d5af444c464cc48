// Thousands of simulated power cuts: random mutations, uploads, compaction and checkpoints, cut at a random write, sync
// or rename, then recovery and a comparison of everything with the model.
#include <atomic>
#include <thread>

#include "model.h"
#include "spoold/store/cut_files.h"

namespace tayori::store {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kCuts = 200;
#else
constexpr int kCuts = 2000;
#endif
constexpr int kCutsPerDirectory = 50;
constexpr int kPlansMax = 60;
constexpr int kStartsMax = 20;

class Life {
  public:
    explicit Life(std::uint64_t seed)
        : seed_(seed), random_(seed), files_(posix_files(), directory_.path()) {}

    // One run that ends in a power cut, the recovery and the check.
    void run() {
        auto store = start();
        ASSERT_NE(store, nullptr);
        check(*store);
        if (testing::Test::HasFailure()) return;
        files_.cut_at(1 + random_() % 220);
        work(*store);
        files_.cut();
        store.reset();  // everybody is answered by now
        power_on();
    }

  private:
    Options options() {
        auto options = small_options(directory_.path(), &files_);
        options.checkpoint_every_bytes = 100 * 1024;
        options.memtable_bytes = 64 * 1024;
        options.group_requests_max = 8;
        options.unflushed_bytes_max = 32 * 1024;
        return options;
    }

    void power_on() { files_.power_on(random_()); }

    // Starts, sometimes into a power cut during recovery.
    std::unique_ptr<Store> start() {
        for (int attempt = 0; attempt < kStartsMax; ++attempt) {
            if (attempt < 3 && random_() % 4 == 0) files_.cut_at(1 + random_() % 40);
            auto store = open_embedded(options());
            files_.cut_at(0);
            if (store && !files_.is_off()) return std::move(*store);
            if (!store && !files_.is_off()) {
                ADD_FAILURE() << "seed " << seed_ << ": " << store.error().text << " " << store.error().detail;
                return nullptr;
            }
            if (store) store->reset();
            power_on();
        }
        ADD_FAILURE() << "never started";
        return nullptr;
    }

    void check(Store& store) {
        const auto text = value_of(store, "seq");
        const auto reached = text == "<none>" ? 0 : std::stoull(text);
        ASSERT_GE(reached, acknowledged_) << "seed " << seed_ << ": acknowledged mutations are lost";
        ASSERT_LE(reached, base_.sequence + plans_.size()) << "seed " << seed_;
        for (const auto& plan : plans_) {
            if (plan->number <= reached) base_.apply(*plan);
        }
        plans_.clear();
        ASSERT_EQ(base_.sequence, reached);
        expect_equal(store, base_);
        if (testing::Test::HasFailure()) ADD_FAILURE() << "seed " << seed_;
    }

    void work(Store& store) {
        Planner planner(random_(), base_);
        for (int i = 0; i < kPlansMax && !files_.is_off(); ++i) {
            auto plan = std::make_shared<const Planned>(planner.next(store));
            plans_.push_back(plan);
            auto done = std::make_shared<std::promise<void>>();
            submit_plan(store, plan, [this, done](const Planned& p, const Result<void>& result) {
                if (result) acknowledged_ = std::max<std::uint64_t>(acknowledged_, p.number);
                done->set_value();
            });
            // Sometimes one after the other, sometimes in groups.
            if (random_() % 3 == 0) done->get_future().wait();
            if (random_() % 12 == 0) static_cast<EmbeddedStore&>(store).maintain();
            if (random_() % 40 == 0) (void)store.compact();
        }
    }

    const std::uint64_t seed_;
    std::mt19937_64 random_;
    TemporaryDirectory directory_;
    CutFiles files_;
    Model base_;
    std::vector<std::shared_ptr<const Planned>> plans_;
    std::atomic<std::uint64_t> acknowledged_ = 0;
};

void live(std::uint64_t first_seed, int lives) {
    for (int n = 0; n < lives && !testing::Test::HasFailure(); ++n) {
        Life life(first_seed + static_cast<std::uint64_t>(n));
        for (int cut = 0; cut < kCutsPerDirectory && !testing::Test::HasFailure(); ++cut) life.run();
    }
}

TEST(PowerCut, WhatWasAcknowledgedIsThereAndTheRestIsWholeOrAbsent) {
    log_set_level(LogLevel::error);
    const auto* seed_text = std::getenv("TAYORI_SEED");
    const std::uint64_t seed = seed_text != nullptr ? std::stoull(seed_text) : 1;
    std::thread other([&] { live(seed + 1000, kCuts / kCutsPerDirectory / 2); });
    live(seed, kCuts / kCutsPerDirectory / 2);
    other.join();
}

}  // namespace
}  // namespace tayori::store

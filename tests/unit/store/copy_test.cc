// Copies for backups: what is copied while the store is in use gives the store at that moment again, and the log is kept
// until it is copied, but not for ever.
#include <fstream>

#include "model.h"
#include "spoold/store/cut_files.h"
#include "spoold/store/holds.h"
#include "spoold/store/past.h"

namespace tayori::store {
namespace {

constexpr const char* kHolder = "main";

class CopyTest : public testing::Test {
  protected:
    void SetUp() override {
        log_set_level(LogLevel::error);
        std::filesystem::create_directories(target.path() + "/log");
        open();
    }
    Options options() {
        auto result = small_options(directory.path());
        result.clock = &clock;
        result.checkpoint_every_bytes = 128 * 1024;
        return result;
    }
    void open() { store = must_open(options()); }
    void reopen() {
        store.reset();
        open();
    }
    EmbeddedStore& engine() { return static_cast<EmbeddedStore&>(*store); }

    void fill(int plans, std::uint64_t seed) {
        Planner planner(seed, model);
        for (int i = 0; i < plans; ++i) {
            clock.advance_ms(1000);
            auto plan = std::make_shared<const Planned>(planner.next(*store));
            auto done = std::make_shared<std::promise<void>>();
            submit_plan(*store, plan, [done](const Planned&, const Result<void>&) { done->set_value(); });
            done->get_future().wait();
            model.apply(*plan);
        }
    }

    Result<std::unique_ptr<Copy>> start(bool increment) {
        CopyWish wish;
        wish.holder = kHolder;
        if (increment) {
            wish.since = until;
            wish.have = have;
        }
        return store->start_copy(wish);
    }
    // Into `target`, as a backup would.
    void save(Copy& copy) {
        for (const auto& piece : copy.pieces()) {
            std::string bytes;
            ASSERT_TRUE(copy.read(piece.name, piece.from, piece.to - piece.from, bytes));
            const auto path = target.path() + "/" + piece.name;
            std::filesystem::create_directories(std::filesystem::path(path).parent_path());
            std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
            if (!file) file.open(path, std::ios::out | std::ios::binary);
            file.seekp(static_cast<std::streamoff>(piece.from));
            file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
            if (piece.name.starts_with("log/")) have[piece.name] = piece.to;
        }
        until = copy.until();
    }
    void copy_whole() {
        auto copy = start(false);
        ASSERT_TRUE(copy) << copy.error().detail;
        save(**copy);
        ASSERT_TRUE((*copy)->keep());
    }
    void copy_increment() {
        auto copy = start(true);
        ASSERT_TRUE(copy) << copy.error().text << copy.error().detail;
        save(**copy);
        ASSERT_TRUE((*copy)->keep());
    }

    // What was copied, opened at a moment: keys and bodies as the model has them.
    void expect_past(const Model& expected, std::int64_t moment_ms = std::numeric_limits<std::int64_t>::max()) {
        TemporaryDirectory index;
        std::filesystem::copy(target.path() + "/index", index.path(), std::filesystem::copy_options::recursive);
        PastWish wish;
        wish.index_directory = index.path();
        wish.log_files = &posix_files();
        wish.log_directory = target.path() + "/log";
        wish.until = until;
        wish.moment_ms = moment_ms;
        auto past = open_past(wish);
        ASSERT_TRUE(past) << past.error().detail;
        std::map<std::string, std::string> keys;
        std::map<std::string, std::string> bodies;
        auto scanned = (*past)->snapshot()->scan("", "\xff", [&](std::string_view key, std::string_view value) {
            if (key == "seq") return true;
            if (!key.starts_with("b/")) return keys.emplace(key, value), true;
            bodies[std::string(key.substr(2))] = body_of(**past, BodyId{std::stoull(std::string(value))});
            return true;
        });
        ASSERT_TRUE(scanned);
        EXPECT_EQ(keys, expected.keys);
        std::map<std::string, std::string> expected_bodies;
        for (const auto& [name, body] : expected.bodies) expected_bodies[name] = body.bytes;
        EXPECT_TRUE(bodies == expected_bodies) << bodies.size() << " bodies, expected " << expected_bodies.size();
        std::size_t listed = 0;
        ASSERT_TRUE((*past)->visit_bodies([&](BodyId, const BodyReader& reader) {
            EXPECT_TRUE(reader.verify());
            ++listed;
            return true;
        }));
        EXPECT_EQ(listed, expected_bodies.size());
    }
    static std::string body_of(const Past& past, BodyId id) {
        auto reader = past.open_body(id);
        std::string bytes;
        if (!reader || !(*reader)->read(0, (*reader)->size(), bytes) || !(*reader)->verify()) return "<damaged>";
        return bytes;
    }

    TemporaryDirectory directory;
    TemporaryDirectory target;
    ManualClock clock;
    Model model;
    std::unique_ptr<CopyableStore> store;
    Stamp until;
    std::map<std::string, std::uint64_t> have;
};

TEST_F(CopyTest, AWholeCopyAndItsIncrementsGiveEveryMomentAgain) {
    fill(120, 1);
    copy_whole();
    expect_past(model);
    for (std::uint64_t round = 2; round < 6; ++round) {
        fill(60, round);
        if (round == 3) {
            ASSERT_TRUE(store->compact());  // bodies move, segments go
        }
        if (round == 4) reopen();
        const auto before = model;
        const auto moment = clock.now_ms();
        fill(20, 100 + round);
        copy_increment();
        expect_past(model);
        expect_past(before, moment);  // between two copies
    }
}

TEST_F(CopyTest, WhatComesInDuringACopyIsInTheNextOne) {
    fill(80, 1);
    auto copy = start(false);
    ASSERT_TRUE(copy);
    const auto then = model;
    fill(200, 2);
    ASSERT_TRUE(store->compact());
    save(**copy);
    ASSERT_TRUE((*copy)->keep());
    copy->reset();
    expect_past(then);
    copy_increment();
    expect_past(model);
}

TEST_F(CopyTest, AnIncrementCostsWhatChanged) {
    fill(300, 1);
    copy_whole();
    ASSERT_TRUE(put(*store, "one", "more"));
    auto copy = start(true);
    ASSERT_TRUE(copy);
    std::uint64_t bytes = 0;
    for (const auto& piece : (*copy)->pieces()) bytes += piece.to - piece.from;
    EXPECT_GT(bytes, 0u);
    EXPECT_LT(bytes, 1000u);
}

TEST_F(CopyTest, OneCopyAtATime) {
    fill(10, 1);
    auto copy = start(false);
    ASSERT_TRUE(copy);
    auto second = start(false);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Kind::in_use);
    copy->reset();
    EXPECT_TRUE(start(false));
    EXPECT_FALSE(std::filesystem::exists(directory.path() + "/copying"));
}

TEST_F(CopyTest, ACopyThatNobodyFinishedLeavesTheFormerOneToGoOnFrom) {
    fill(50, 1);
    copy_whole();
    fill(50, 2);
    {
        auto copy = start(true);  // and the process ends in the midst of it
        ASSERT_TRUE(copy);
    }
    reopen();
    fill(50, 3);
    copy_increment();
    expect_past(model);
}

TEST_F(CopyTest, AFinishedCopyThatTheStoreWasNotToldOfIsGoneOnFromToo) {
    fill(50, 1);
    copy_whole();
    fill(50, 2);
    {
        auto copy = start(true);
        ASSERT_TRUE(copy);
        save(**copy);  // its manifest is written, and the process is killed before keep()
    }
    reopen();
    ASSERT_TRUE(store->compact());
    fill(50, 3);
    copy_increment();
    expect_past(model);
}

TEST_F(CopyTest, NothingIsGoneOnFromThatIsNotThisStores) {
    fill(50, 1);
    copy_whole();
    auto other = until;
    ++other.checksum;
    until = other;
    auto copy = start(true);
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().kind, Kind::not_found);
}

TEST_F(CopyTest, TheLogIsKeptUntilItIsCopiedAndNotForEver) {
    const auto dead_log = [this] {
        for (int i = 0; i < 40; ++i) {
            auto id = add_body(*store, std::string(20'000, 'x'));
            ASSERT_TRUE(id);
            ASSERT_TRUE(release(*store, *id));
        }
    };
    ASSERT_TRUE(put(*store, "first", "one"));
    copy_whole();
    dead_log();
    ASSERT_TRUE(store->compact());
    EXPECT_GT(store->stats().segment_bytes, 700'000u) << "held for the next copy";
    copy_increment();
    ASSERT_TRUE(put(*store, "last", "one"));
    ASSERT_TRUE(store->compact());
    EXPECT_LT(store->stats().segment_bytes, 200'000u) << "copied, so it may go";

    // A backup that is never made again.
    store.reset();
    auto limited = options();
    limited.hold_bytes_max = 300'000;
    store = must_open(limited);
    dead_log();
    engine().maintain();
    ASSERT_TRUE(store->compact());
    EXPECT_LT(store->stats().segment_bytes, 200'000u);
    auto copy = start(true);
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().kind, Kind::not_found);
    EXPECT_TRUE(start(false));
}

TEST_F(CopyTest, DamageOfTheCopiedLogIsSeen) {
    fill(50, 1);
    copy_whole();
    fill(50, 2);
    copy_increment();
    // One byte of the last record.
    std::string last;
    for (const auto& [name, bytes] : have) if (name.ends_with(".log")) last = name;
    std::fstream file(target.path() + "/" + last, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(until.end) - 60;
    file.seekg(at);
    const auto byte = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
    file.close();
    TemporaryDirectory index;
    std::filesystem::copy(target.path() + "/index", index.path(), std::filesystem::copy_options::recursive);
    PastWish wish;
    wish.index_directory = index.path();
    wish.log_files = &posix_files();
    wish.log_directory = target.path() + "/log";
    wish.until = until;
    auto past = open_past(wish);
    bool found = !past;
    if (past) {
        // It was in a body: the body says so.
        ASSERT_TRUE((*past)->visit_bodies([&](BodyId, const BodyReader& reader) {
            found = found || !reader.verify();
            return true;
        }));
    }
    EXPECT_TRUE(found);
}

TEST_F(CopyTest, WhatWasCopiedBecomesAStoreAgain) {
    fill(100, 1);
    copy_whole();
    fill(60, 2);
    copy_increment();
    PastWish wish;
    wish.index_directory = target.path() + "/index";
    wish.log_files = &posix_files();
    wish.log_directory = target.path() + "/log";
    wish.until = until;
    auto past = open_past(wish);
    ASSERT_TRUE(past) << past.error().detail;
    ASSERT_TRUE((*past)->flush());
    const auto reached = (*past)->reached();
    past->reset();
    ASSERT_TRUE(end_log_at(posix_files(), target.path(), reached, 1));
    auto again = must_open(small_options(target.path()));
    ASSERT_TRUE(again);
    expect_equal(*again, model);
    ASSERT_TRUE(put(*again, "after", "wards"));
    again.reset();
    again = must_open(small_options(target.path()));
    ASSERT_TRUE(again);
    expect_verified(*again);
    EXPECT_EQ(value_of(*again, "after"), "wards");
}

TEST(HoldsTest, ADamagedFileHoldsNothing) {
    log_set_level(LogLevel::error);
    TemporaryDirectory directory;
    const auto path = directory.path() + "/holds";
    Stamp stamp{7, 9, 1, 100, 100};
    {
        Holds holds(posix_files(), path);
        ASSERT_TRUE(holds.load());
        ASSERT_TRUE(holds.begin("main", nullptr, stamp));
    }
    Holds again(posix_files(), path);
    ASSERT_TRUE(again.load());
    EXPECT_TRUE(again.covers("main", stamp));
    EXPECT_FALSE(again.covers("other", stamp));
    EXPECT_EQ(again.needed_from(), 100u);
    EXPECT_EQ(again.newest_sequence(), 7u);
    std::ofstream(path, std::ios::app) << "x";
    Holds damaged(posix_files(), path);
    ASSERT_TRUE(damaged.load());
    EXPECT_FALSE(damaged.covers("main", stamp));
    EXPECT_EQ(damaged.needed_from(), ~std::uint64_t{0});
}

}  // namespace
}  // namespace tayori::store

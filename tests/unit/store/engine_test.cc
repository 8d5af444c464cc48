// What a user of the store may rely on, on a disk that works.
#include <future>
#include <thread>

#include "fixture.h"

namespace tayori::store {
namespace {

class EngineTest : public testing::Test {
  protected:
    void SetUp() override { open(); }
    void open() {
        store.reset();
        store = must_open(small_options(directory.path()));
        ASSERT_NE(store, nullptr);
    }
    TemporaryDirectory directory;
    std::unique_ptr<Store> store;
};

std::vector<std::string> keys(const Store& store, std::string_view from, std::string_view to) {
    std::vector<std::string> result;
    EXPECT_TRUE(store.snapshot()->scan(from, to, [&](std::string_view key, std::string_view) {
        result.emplace_back(key);
        return true;
    }));
    return result;
}

TEST_F(EngineTest, WhatIsCommittedIsThereAndStaysAfterAStart) {
    ASSERT_TRUE(put(*store, "a", "1"));
    ASSERT_TRUE(put(*store, "b", "2"));
    EXPECT_EQ(value_of(*store, "a"), "1");
    open();
    EXPECT_EQ(value_of(*store, "a"), "1");
    EXPECT_EQ(value_of(*store, "b"), "2");
    EXPECT_EQ(value_of(*store, "c"), "<none>");
    expect_verified(*store);
}

TEST_F(EngineTest, ABatchIsCommittedAtItsEnd) {
    std::promise<Result<void>> done;
    auto outcome = done.get_future();
    {
        const Store::Batch batch(*store);
        Request request;
        request.apply = [](Transaction& t) -> Result<void> {
            t.put("a", "1");
            return {};
        };
        request.done = [&](Result<void> r) { done.set_value(std::move(r)); };
        store->submit(std::move(request));
        EXPECT_EQ(value_of(*store, "a"), "<none>");
        // Who has to wait for something steps outside, and what waited goes along.
        const Store::Outside outside(*store);
        ASSERT_TRUE(put(*store, "b", "2"));
    }
    ASSERT_TRUE(outcome.get());
    EXPECT_EQ(value_of(*store, "a"), "1");
    EXPECT_EQ(value_of(*store, "b"), "2");
}

TEST_F(EngineTest, ARefusedMutationLeavesNothing) {
    ASSERT_TRUE(put(*store, "a", "1"));
    const std::string body = "body";
    auto refused = commit(*store, [&](Transaction& t) -> Result<void> {
        t.put("a", "2");
        t.put("new", "x");
        t.erase_range("a", "b");
        t.add_body(body);
        return fail(Kind::over_quota, "The mailbox is full.");
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::over_quota);
    EXPECT_EQ(value_of(*store, "a"), "1");
    EXPECT_EQ(value_of(*store, "new"), "<none>");
    EXPECT_EQ(store->stats().bodies, 0u);
}

TEST_F(EngineTest, AMutationThatThrowsIsRefusedAlone) {
    auto thrown = commit(*store, [](Transaction& t) -> Result<void> {
        t.put("a", "1");
        throw std::runtime_error("bug");
    });
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().kind, Kind::internal);
    EXPECT_EQ(value_of(*store, "a"), "<none>");
    EXPECT_TRUE(put(*store, "a", "2"));
}

TEST_F(EngineTest, ReservedKeysCanNeitherBeWrittenNorSeen) {
    auto refused = put(*store, std::string("\0p", 2), "x");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::internal);
    ASSERT_TRUE(put(*store, "a", "1"));
    EXPECT_EQ(keys(*store, "", "\xff"), std::vector<std::string>{"a"});
    EXPECT_EQ(value_of(*store, std::string("\0p", 2)), "<none>");
}

TEST_F(EngineTest, ScansSeeTheGroupsOwnChanges) {
    for (const auto* key : {"k1", "k3", "k5", "k7"}) ASSERT_TRUE(put(*store, key, "old"));
    std::string forward, backward, after_range;
    ASSERT_TRUE(commit(*store, [&](Transaction& t) -> Result<void> {
        forward = backward = after_range = "";
        t.put("k0", "new");
        t.put("k4", "new");
        t.put("k5", "changed");
        t.erase("k3");
        t.scan("k0", "k7", [&](std::string_view key, std::string_view value) {
            append(forward, key, "=", value, " ");
            return true;
        });
        t.scan_backwards("k1", "k8", [&](std::string_view key, std::string_view value) {
            append(backward, key, "=", value, " ");
            return true;
        });
        t.erase_range("k1", "k6");
        t.put("k2", "again");
        t.scan("", "\xff", [&](std::string_view key, std::string_view) {
            append(after_range, key, " ");
            return true;
        });
        return {};
    }));
    EXPECT_EQ(forward, "k0=new k1=old k4=new k5=changed ");
    EXPECT_EQ(backward, "k7=old k5=changed k4=new k1=old ");
    EXPECT_EQ(after_range, "k0 k2 k7 ");
    EXPECT_EQ(keys(*store, "k", "l"), (std::vector<std::string>{"k0", "k2", "k7"}));
}

TEST_F(EngineTest, AVisitorMayWriteWhileItScans) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(put(*store, cat("k", i), "old"));
    int seen = 0;
    ASSERT_TRUE(commit(*store, [&](Transaction& t) -> Result<void> {
        seen = 0;
        t.scan("k", "l", [&](std::string_view key, std::string_view) {
            ++seen;
            const std::string own(key);
            t.put(own, "new");
            t.erase("k5");
            return true;
        });
        return {};
    }));
    EXPECT_GE(seen, 9);
    EXPECT_EQ(value_of(*store, "k9"), "new");
    EXPECT_EQ(value_of(*store, "k5"), "<none>");
}

TEST_F(EngineTest, LargeRangesAreErasedAsOne) {
    ASSERT_TRUE(commit(*store, [](Transaction& t) -> Result<void> {
        for (int i = 0; i < 500; ++i) t.put(cat("r", 1000 + i), "x");
        t.put("s", "stays");
        return {};
    }));
    std::string seen;
    ASSERT_TRUE(commit(*store, [&](Transaction& t) -> Result<void> {
        t.erase_range("r", "s");
        t.put("r1200", "back");
        seen = t.get("r1001").value_or("<none>");
        return {};
    }));
    EXPECT_EQ(seen, "<none>");
    EXPECT_EQ(keys(*store, "r", "t"), (std::vector<std::string>{"r1200", "s"}));
    open();
    EXPECT_EQ(keys(*store, "r", "t"), (std::vector<std::string>{"r1200", "s"}));
}

// As renumbering does: most of what a commit writes lies beside what it erases as a range.
TEST_F(EngineTest, RangesAreErasedWhileKeysBesideThemCome) {
    constexpr int kRounds = 40, kKeys = 300, kErased = 200;
    const auto key = [](int number) { return cat("r", 100'000 + number); };
    std::vector<std::string> expected;
    for (int round = 0; round < kRounds; ++round) {
        const int first = round * kKeys;
        ASSERT_TRUE(commit(*store, [&](Transaction& t) -> Result<void> {
            t.erase_range(key(first - kKeys), key(first - kKeys + kErased));
            for (int n = first; n < first + kKeys; ++n) t.put(key(n), "value");
            return {};
        }));
        if (round > 0) expected.erase(expected.end() - kKeys, expected.end() - kKeys + kErased);
        for (int n = first; n < first + kKeys; ++n) expected.push_back(key(n));
        ASSERT_EQ(keys(*store, "r", "s"), expected) << round;
    }
    open();
    EXPECT_EQ(keys(*store, "r", "s"), expected);
}

TEST_F(EngineTest, BodiesAreCountedAndGoWithTheLastReference) {
    const std::string bytes(5000, 'm');
    auto id = add_body(*store, bytes);
    ASSERT_TRUE(id);
    EXPECT_EQ(read_body(*store, *id), bytes);
    ASSERT_TRUE(commit(*store, [&](Transaction& t) -> Result<void> {
        t.retain(*id);
        auto info = t.body(*id);
        return info && info->references == 2 && info->bytes == 5000 ? Result<void>()
                                                                    : fail(Kind::internal, "wrong");
    }));
    ASSERT_TRUE(release(*store, *id));
    open();
    EXPECT_EQ(read_body(*store, *id), bytes);
    expect_verified(*store);
    ASSERT_TRUE(release(*store, *id));
    EXPECT_EQ(read_body(*store, *id), "<not_found>");
    auto again = release(*store, *id);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, Kind::internal);
    auto next = add_body(*store, "x");
    ASSERT_TRUE(next);
    EXPECT_GT(*next, *id);
    expect_verified(*store);
}

TEST_F(EngineTest, PartsOfABodyCanBeRead) {
    auto id = add_body(*store, "0123456789");
    ASSERT_TRUE(id);
    auto reader = store->open_body(*id);
    ASSERT_TRUE(reader);
    std::string out = ">";
    ASSERT_TRUE((*reader)->read(3, 4, out));
    ASSERT_TRUE((*reader)->read(8, 100, out));
    ASSERT_TRUE((*reader)->read(10, 1, out));
    ASSERT_TRUE((*reader)->read(99, 1, out));
    EXPECT_EQ(out, ">345689");
}

TEST_F(EngineTest, UploadsBecomeBodiesOnce) {
    auto& staging = store->staging();
    auto upload = staging.begin();
    ASSERT_TRUE(upload);
    ASSERT_TRUE(staging.append(*upload, "first "));
    ASSERT_TRUE(staging.append(*upload, "second"));
    auto early = commit(*store, [&](Transaction& t) -> Result<void> {
        auto id = t.adopt(*upload);
        return id ? Result<void>() : fail(id.error());
    });
    EXPECT_FALSE(early) << "not finished yet";
    EXPECT_EQ(staging.finish(*upload).value_or(0), 12u);
    std::string read_back;
    ASSERT_TRUE(staging.read(*upload, 6, 100, read_back));
    EXPECT_EQ(read_back, "second");
    auto refused = commit(*store, [&](Transaction& t) -> Result<void> {
        (void)t.adopt(*upload);
        return fail(Kind::over_quota, "full");
    });
    EXPECT_FALSE(refused);
    BodyId id{};
    auto adopt = [&](Transaction& t) -> Result<void> {
        auto adopted = t.adopt(*upload);
        if (!adopted) return fail(adopted.error());
        id = *adopted;
        return {};
    };
    ASSERT_TRUE(commit(*store, adopt));
    EXPECT_EQ(read_body(*store, id), "first second");
    auto twice = commit(*store, adopt);
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().kind, Kind::not_found);
    open();
    EXPECT_EQ(read_body(*store, id), "first second");
    expect_verified(*store);
    ASSERT_TRUE(release(*store, id));
    EXPECT_EQ(read_body(*store, id), "<not_found>");
}

TEST_F(EngineTest, ManyThreadsCommitInGroups) {
    constexpr int kThreads = 8;
    constexpr int kEach = 200;
    std::vector<std::thread> threads;
    for (int n = 0; n < kThreads; ++n) {
        threads.emplace_back([&, n] {
            for (int i = 0; i < kEach; ++i) {
                EXPECT_TRUE(commit(*store, [&](Transaction& t) -> Result<void> {
                    const auto count = std::stoi(t.get("count").value_or("0"));
                    t.put("count", std::to_string(count + 1));
                    t.put(cat("t", n, "/", i), "x");
                    return {};
                }));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(value_of(*store, "count"), std::to_string(kThreads * kEach));
    EXPECT_EQ(keys(*store, "t", "u").size(), static_cast<std::size_t>(kThreads * kEach));
    open();
    EXPECT_EQ(value_of(*store, "count"), std::to_string(kThreads * kEach));
    expect_verified(*store);
}

TEST_F(EngineTest, ASnapshotStandsStill) {
    ASSERT_TRUE(put(*store, "a", "1"));
    const auto snapshot = store->snapshot();
    ASSERT_TRUE(put(*store, "a", "2"));
    EXPECT_EQ(snapshot->get("a").value().value_or(""), "1");
    const auto many = snapshot->get_many({"zz", "a", "a"});
    ASSERT_TRUE(many);
    EXPECT_EQ((*many)[0], std::nullopt);
    EXPECT_EQ((*many)[1].value_or(""), "1");
    EXPECT_EQ(value_of(*store, "a"), "2");
}

TEST_F(EngineTest, ASecondStoreOnTheSameDataIsRefusedAndToldByWhom) {
    auto second = open_embedded(small_options(directory.path()));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Kind::in_use);
    EXPECT_NE(second.error().detail.find(std::to_string(::getpid())), std::string::npos);
}

}  // namespace
}  // namespace tayori::store

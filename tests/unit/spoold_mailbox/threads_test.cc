// Many threads on one folder: whoever opens it at any moment and then follows the events has the folder's state.
#include <gmock/gmock.h>

#include <thread>

#include "harness.h"

namespace tayori::spool {
namespace {

struct Follower {
    Spool& spool;
    AccountId account;
    std::uint64_t folder;
    std::mutex mutex;
    std::condition_variable woken;
    bool waiting = false;
    std::shared_ptr<Subscriber> subscriber;
    std::map<Uid, std::uint32_t> flags;
    std::uint64_t modseq = 0;

    void put(const v1::References& columns) {
        for (int i = 0; i < columns.uid_size(); ++i) flags[columns.uid(i)] = columns.flags(i);
    }
    void open() {
        subscriber = spool.hub.subscribe([this] {
            std::lock_guard lock(mutex);
            waiting = true;
            woken.notify_one();
        });
        const auto reply = spool.open_folder(account, folder, 0, 0, subscriber.get());
        put(reply->references());
        modseq = reply->folder().highest_modseq();
        subscriber->start(FolderId{folder});
    }
    void follow_to(std::uint64_t last) {
        while (modseq < last) {
            {
                std::unique_lock lock(mutex);
                woken.wait(lock, [&] { return waiting; });
                waiting = false;
            }
            for (auto events = subscriber->take(1000); !events.empty(); events = subscriber->take(1000)) {
                for (const auto& event : events) apply(*event);
            }
        }
    }
    void apply(const v1::FolderEvent& event) {
        ASSERT_FALSE(event.resync());
        ASSERT_GT(event.modseq(), modseq);
        modseq = event.modseq();
        put(event.appended());
        put(event.changed());
        for (const auto& range : event.expunged()) {
            flags.erase(flags.lower_bound(range.first()), flags.upper_bound(range.last()));
        }
    }
};

void work(Spool& spool, AccountId account, std::uint64_t folder, unsigned seed) {
    for (unsigned i = 0; i < 120; ++i) {
        ASSERT_TRUE(spool.append(account, "INBOX", cat("mail ", seed, " ", i), i % 32));
        if (i % 3 == 0) {
            v1::StoreFlags request;
            request.set_folder_id(folder);
            request.set_change(v1::FLAG_CHANGE_ADD);
            request.set_flags(1u << (i % 5));
            add_uids(request.mutable_uids(), 1 + i, 1 + 2 * i);
            ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::store_flags, account, request));
        }
        if (i % 7 == 0) {
            v1::Expunge request;
            request.set_folder_id(folder);
            add_uids(request.mutable_uids(), 1 + i / 2, 1 + i / 2);
            ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::expunge, account, request));
        }
    }
}

TEST(Threads, FollowersEndWithTheFoldersState) {
    Spool spool;
    const auto account = spool.add_account();
    const auto folder = spool.folder(account, "INBOX").folder_id();
    std::vector<std::thread> workers;
    for (unsigned seed = 0; seed < 3; ++seed) workers.emplace_back([&, seed] { work(spool, account, folder, seed); });
    std::vector<std::unique_ptr<Follower>> followers;
    for (int i = 0; i < 20; ++i) {
        followers.push_back(std::unique_ptr<Follower>(new Follower{spool, account, folder, {}, {}, false, {}, {}, 0}));
        followers.back()->open();
        std::this_thread::yield();
    }
    for (auto& worker : workers) worker.join();
    const auto state = spool.open_folder(account, folder);
    std::map<Uid, std::uint32_t> expected;
    for (int i = 0; i < state->references().uid_size(); ++i) {
        expected[state->references().uid(i)] = state->references().flags(i);
    }
    for (auto& follower : followers) {
        follower->follow_to(state->folder().highest_modseq());
        EXPECT_EQ(follower->flags, expected);
    }
    EXPECT_EQ(expected.size(), state->folder().messages());
    EXPECT_THAT(spool.problems(), testing::IsEmpty());
}

}  // namespace
}  // namespace tayori::spool

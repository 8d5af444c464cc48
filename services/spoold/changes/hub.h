// The change stream: who watches which folder, and what waits to be sent to them (design.md §6).
//
// How a subscriber gets a snapshot and then every event after it:
//   1. Mailboxes::open_folder(account, request, &subscriber) watches the folder first, then takes the snapshot at
//      modseq M. From the moment of watching, events are kept, so none is lost between.
//   2. rpc sends the replies, and after the last one calls subscriber.start(folder). Events up to M are dropped, those
//      after M flow.
// Events are published on the committer's thread, after their group is durable and readable and before the call that
// caused them is answered. So a stream's writer that takes its waiting replies first and take()s events afterwards,
// and writes the events before the replies, never tells of a change after the reply of its cause.
//
// Each watch keeps a bounded number of events. A subscriber that is too slow loses the waiting events of that folder
// and gets one with `resync` instead; nothing more comes for the folder until it is opened again.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "spoold/changes/change.h"
#include "spoold/ids.h"
#include "spoold/mailbox/limits.h"

namespace tayori::spool {

using EventPtr = std::shared_ptr<const v1::FolderEvent>;

class Hub;

// One stream's watches and waiting events. Thread-safe. Must not outlive its Hub.
class Subscriber : public std::enable_shared_from_this<Subscriber> {
  public:
    // `wake` is called without locks, on the committer's thread or the one that calls start(), when events begin to
    // wait; it must not block.
    Subscriber(Hub& hub, std::function<void()> wake);
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    // Keeps the folder's events from now on; nothing flows before start(). A second watch replaces the first.
    void watch(AccountId account, FolderId folder);
    // The modseq of the snapshot: what is not after it is dropped. Called by Mailboxes::open_folder.
    void set_snapshot(FolderId folder, Modseq modseq);
    void start(FolderId folder);
    void unwatch(FolderId folder);

    // Takes waiting events, in order for each folder, about max_bytes in all. Empty: nothing waits.
    std::vector<EventPtr> take(std::size_t max_bytes);

  private:
    friend class Hub;
    struct Waiting {
        EventPtr event;
        std::size_t bytes = 0;
    };
    struct Watch {
        AccountId account{};
        Modseq snapshot = 0;
        bool started = false;
        bool resync = false;  // lost events: nothing more until opened again
        bool queued = false;  // is in ready_
        std::size_t bytes = 0;
        std::deque<Waiting> events;
    };
    void offer(const EventPtr& event, std::size_t bytes);
    bool make_ready(FolderId folder, Watch& watch);  // with mutex_ held; true: wake afterwards
    void overflow(FolderId folder, Watch& watch);

    Hub& hub_;
    std::function<void()> wake_;
    std::mutex mutex_;
    absl::flat_hash_map<std::uint64_t, Watch> watches_;  // by folder
    std::deque<FolderId> ready_;
    std::size_t bytes_ = 0;
};

class Hub {
  public:
    std::shared_ptr<Subscriber> subscribe(std::function<void()> wake);
    // On the committer's thread only.
    void publish(ChangeSet&& changes);

  private:
    friend class Subscriber;
    void add(FolderId folder, const std::shared_ptr<Subscriber>& subscriber);
    void remove(FolderId folder, const Subscriber* subscriber);

    // The weak pointer says whether it lives, the plain one who it is, also while it is being destroyed.
    struct Watcher {
        const Subscriber* who = nullptr;
        std::weak_ptr<Subscriber> alive;
    };
    std::mutex mutex_;
    absl::flat_hash_map<std::uint64_t, std::vector<Watcher>> watchers_;  // by folder
};

}  // namespace tayori::spool

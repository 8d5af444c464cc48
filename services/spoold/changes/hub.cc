#include "spoold/changes/hub.h"

#include <algorithm>

namespace tayori::spool {

Subscriber::Subscriber(Hub& hub, std::function<void()> wake) : hub_(hub), wake_(std::move(wake)) {}

Subscriber::~Subscriber() {
    for (const auto& [folder, watch] : watches_) hub_.remove(FolderId{folder}, this);
}

void Subscriber::watch(AccountId account, FolderId folder) {
    {
        std::lock_guard lock(mutex_);
        auto& watch = watches_[raw(folder)];
        bytes_ -= watch.bytes;
        const bool queued = watch.queued;
        watch = Watch{};
        watch.account = account;
        watch.queued = queued;
    }
    hub_.add(folder, shared_from_this());
}

void Subscriber::set_snapshot(FolderId folder, Modseq modseq) {
    std::lock_guard lock(mutex_);
    const auto at = watches_.find(raw(folder));
    if (at != watches_.end()) at->second.snapshot = modseq;
}

void Subscriber::start(FolderId folder) {
    bool wake = false;
    {
        std::lock_guard lock(mutex_);
        const auto at = watches_.find(raw(folder));
        if (at == watches_.end()) return;
        auto& watch = at->second;
        watch.started = true;
        std::erase_if(watch.events, [&](const Waiting& waiting) {
            const auto& event = *waiting.event;
            if (event.gone() || event.resync() || event.modseq() > watch.snapshot) return false;
            watch.bytes -= waiting.bytes;
            bytes_ -= waiting.bytes;
            return true;
        });
        wake = !watch.events.empty() && make_ready(folder, watch);
    }
    if (wake) wake_();
}

void Subscriber::unwatch(FolderId folder) {
    hub_.remove(folder, this);
    std::lock_guard lock(mutex_);
    const auto at = watches_.find(raw(folder));
    if (at == watches_.end()) return;
    bytes_ -= at->second.bytes;
    watches_.erase(at);
    std::erase(ready_, folder);
}

bool Subscriber::make_ready(FolderId folder, Watch& watch) {
    if (watch.queued) return false;
    watch.queued = true;
    ready_.push_back(folder);
    return ready_.size() == 1;
}

void Subscriber::overflow(FolderId folder, Watch& watch) {
    bytes_ -= watch.bytes;
    watch.bytes = 0;
    watch.events.clear();
    watch.resync = true;
    auto marker = std::make_shared<v1::FolderEvent>();
    marker->set_account_id(raw(watch.account));
    marker->set_folder_id(raw(folder));
    marker->set_resync(true);
    watch.events.push_back({std::move(marker), 0});
}

void Subscriber::offer(const EventPtr& event, std::size_t bytes) {
    bool wake = false;
    {
        std::lock_guard lock(mutex_);
        const FolderId folder{event->folder_id()};
        const auto at = watches_.find(event->folder_id());
        if (at == watches_.end()) return;
        auto& watch = at->second;
        // Published late: the snapshot, taken after the commit, has it already.
        if (!event->gone() && event->modseq() <= watch.snapshot) return;
        if (watch.resync && !event->gone()) return;
        if (bytes > kEventBytesMax || watch.events.size() >= kEventsPerFolderMax ||
            bytes_ + bytes > kEventBytesPerSubscriberMax) {
            overflow(folder, watch);
        }
        if (!watch.resync || event->gone()) {
            watch.events.push_back({event, bytes});
            watch.bytes += bytes;
            bytes_ += bytes;
        }
        wake = watch.started && make_ready(folder, watch);
    }
    if (wake) wake_();
}

std::vector<EventPtr> Subscriber::take(std::size_t max_bytes) {
    std::vector<EventPtr> taken;
    std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    while (!ready_.empty() && bytes < max_bytes) {
        auto& watch = watches_[raw(ready_.front())];
        // Opened anew while it was waiting here: then its events wait for start().
        while (watch.started && !watch.events.empty() && bytes < max_bytes) {
            auto waiting = std::move(watch.events.front());
            watch.events.pop_front();
            bytes += waiting.bytes;
            watch.bytes -= waiting.bytes;
            bytes_ -= waiting.bytes;
            taken.push_back(std::move(waiting.event));
        }
        if (watch.started && !watch.events.empty()) break;
        watch.queued = false;
        ready_.pop_front();
    }
    return taken;
}

std::shared_ptr<Subscriber> Hub::subscribe(std::function<void()> wake) {
    return std::make_shared<Subscriber>(*this, std::move(wake));
}

void Hub::publish(ChangeSet&& changes) {
    for (const auto& change : changes) {
        std::vector<std::shared_ptr<Subscriber>> subscribers;
        {
            std::lock_guard lock(mutex_);
            const auto at = watchers_.find(raw(change.folder));
            if (at == watchers_.end()) continue;
            for (const auto& watcher : at->second) {
                if (auto subscriber = watcher.alive.lock()) subscribers.push_back(std::move(subscriber));
            }
        }
        auto event = std::make_shared<v1::FolderEvent>();
        change.to_wire(*event);
        const auto bytes = event->ByteSizeLong();
        for (const auto& subscriber : subscribers) subscriber->offer(event, bytes);
    }
}

void Hub::add(FolderId folder, const std::shared_ptr<Subscriber>& subscriber) {
    std::lock_guard lock(mutex_);
    auto& list = watchers_[raw(folder)];
    const auto known = std::any_of(list.begin(), list.end(),
                                   [&](const Watcher& watcher) { return watcher.who == subscriber.get(); });
    if (!known) list.push_back({subscriber.get(), subscriber});
}

void Hub::remove(FolderId folder, const Subscriber* subscriber) {
    std::lock_guard lock(mutex_);
    const auto at = watchers_.find(raw(folder));
    if (at == watchers_.end()) return;
    std::erase_if(at->second, [&](const Watcher& watcher) { return watcher.who == subscriber; });
    if (at->second.empty()) watchers_.erase(at);
}

}  // namespace tayori::spool

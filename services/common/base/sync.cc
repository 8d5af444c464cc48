#include "common/base/sync.h"

#include <utility>

namespace tayori {

Event::Waiter::Waiter(Event& event, std::function<void()> wake)
    : event_(&event), wake_(std::move(wake)) {
    at_ = event.waiters_.insert(event.waiters_.end(), this);
}

Event::Waiter::~Waiter() {
    if (event_ != nullptr) event_->waiters_.erase(at_);
}

Event::~Event() {
    for (auto* waiter : waiters_) waiter->event_ = nullptr;
}

void Event::notify() {
    // The waiters move to a local Event, so that a waiter that waits again is not woken twice, and one that is
    // destroyed by an earlier one takes itself out of the list that we walk.
    Event now;
    now.waiters_.swap(waiters_);
    for (auto* waiter : now.waiters_) waiter->event_ = &now;
    while (!now.waiters_.empty()) {
        Waiter* first = now.waiters_.front();
        now.waiters_.pop_front();
        first->event_ = nullptr;
        auto wake = std::move(first->wake_);  // the waiter may die while it is being woken
        wake();
    }
}

struct Tasks::Task {
    Task(Tasks& o, Async<void> a) : owner(o), async(std::move(a)) {}
    Tasks& owner;
    Async<void> async;
    std::function<void(Result<void>)> done;
    std::list<std::unique_ptr<Task>>::iterator at;

    static void finish(void* self) {
        auto* task = static_cast<Task*>(self);
        auto owned = std::move(*task->at);  // frees the frame after `done` has run
        task->owner.tasks_.erase(task->at);
        auto outcome = task->async.take();
        if (task->done) task->done(std::move(outcome));
    }
};

Tasks::Tasks() = default;

Tasks::~Tasks() {
    // Cancelled one by one: what a session's destructor calls may look at size().
    while (!tasks_.empty()) {
        auto last = std::move(tasks_.back());
        tasks_.pop_back();
    }
}

void Tasks::spawn(Async<void> async, std::function<void(Result<void>)> done) {
    auto owned = std::make_unique<Task>(*this, std::move(async));
    Task* task = owned.get();
    task->done = std::move(done);
    task->at = tasks_.insert(tasks_.end(), std::move(owned));
    if (task->async.start(&Task::finish, task)) Task::finish(task);
}

}  // namespace tayori

// Unary and list methods for administrators: check who asks, hand over, finish later.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "common/base/result.h"
#include "common/rpc/status.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"

namespace tayori::spool {

inline const grpc::Status kNotAdmin{grpc::StatusCode::UNAUTHENTICATED,
                                    "only an administrator may do this"};

enum class Allowed : bool { no, yes };

// Runs `work` with what must be called once with the reply.
template <class Reply, class Work>
grpc::ServerUnaryReactor* unary_if(Allowed allowed, grpc::CallbackServerContext* context, Reply* reply, Work work) {
    auto* reactor = context->DefaultReactor();
    if (allowed == Allowed::no) {
        reactor->Finish(kNotAdmin);
        return reactor;
    }
    work([reactor, reply](Result<Reply> result) {
        if (result) *reply = std::move(*result);
        reactor->Finish(rpc::to_status(result));
    });
    return reactor;
}

template <class Reply, class Work>
grpc::ServerUnaryReactor* unary(const Gate& gate, grpc::CallbackServerContext* context,
                                Reply* reply, Work work) {
    return unary_if(Allowed{gate.is_admin(*context)}, context, reply, std::move(work));
}

// The same for what takes long: on a thread of `workers`.
template <class Reply, class Work>
grpc::ServerUnaryReactor* unary_on(Workers& workers, const Gate& gate,
                                   grpc::CallbackServerContext* context, Reply* reply, Work work) {
    return unary(gate, context, reply, [&](std::function<void(Result<Reply>)> done) {
        workers.post([done = std::move(done), work = std::move(work)] { done(work()); });
    });
}

// A list, written item by item from a worker's thread, which waits for the reader.
template <class Item>
class ItemStream final : public grpc::ServerWriteReactor<Item> {
  public:
    static constexpr std::chrono::seconds kReaderWait{
        60};  // for one item; then the reader is given up

    static std::shared_ptr<ItemStream> make(grpc::CallbackServerContext* context) {
        std::shared_ptr<ItemStream> stream(new ItemStream(context));
        stream->self_ = stream;
        return stream;
    }
    // False: nobody reads any more.
    bool write(const Item& item) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kReaderWait, [this] { return over_ || !writing_; });
        if (over_ || writing_) return false;
        item_ = item;
        writing_ = true;
        this->StartWrite(&item_);
        return true;
    }
    void finish(const grpc::Status& status) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, kReaderWait, [this] { return !writing_; })) {
            context_->TryCancel();
            changed_.wait(lock, [this] { return !writing_; });
        }
        this->Finish(status);
    }

  private:
    explicit ItemStream(grpc::CallbackServerContext* context) : context_(context) {}
    void OnWriteDone(bool ok) override {
        std::lock_guard lock(mutex_);
        writing_ = false;
        over_ = over_ || !ok;
        changed_.notify_all();
    }
    void OnCancel() override {
        std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }
    void OnDone() override { auto self = std::move(self_); }

    grpc::CallbackServerContext* context_;
    std::shared_ptr<ItemStream> self_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Item item_;
    bool writing_ = false;
    bool over_ = false;
};

// `list` gets the visitor, and says how it went.
template <class Item, class List>
grpc::ServerWriteReactor<Item>* items(Workers& workers, const Gate& gate,
                                      grpc::CallbackServerContext* context, List list) {
    auto stream = ItemStream<Item>::make(context);
    auto* reactor = stream.get();
    if (!gate.is_admin(*context)) {
        stream->finish(kNotAdmin);
        return reactor;
    }
    workers.post([stream, list = std::move(list)] {
        auto listed = list([&stream](const Item& item) { return stream->write(item); });
        stream->finish(rpc::to_status(listed));
    });
    return reactor;
}

}  // namespace tayori::spool

// The real stream server over a unix socket, with a handler of the test's own instead of mailboxes.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/net/loop.h"
#include "common/net/run.h"
#include "common/rpc/spool.h"
#include "spoold/rpc/flow.h"
#include "spoold/rpc/stream_service.h"

namespace tayori::spool {

class TempFolder {
  public:
    TempFolder() {
        char path[] = "/tmp/tayori-rpc-XXXXXX";
        path_ = ::mkdtemp(path);
    }
    ~TempFolder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class FakeEvents final : public EventSource {
  public:
    void add(v1::FolderEvent event) {
        std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
    }
    bool take(std::size_t, v1::ServerFrame& frame) override {
        std::lock_guard lock(mutex_);
        for (auto& event : events_) *frame.add_events() = std::move(event);
        events_.clear();
        return false;
    }

  private:
    std::mutex mutex_;
    std::vector<v1::FolderEvent> events_;
};

// GetFolder answers at once with the name; GetQuota waits for release(); FetchBodies gives the
// range's bytes in pieces; StoreFlags publishes an event and then answers; Append counts request
// ids; what else comes is unsupported.
class FakeHandler final : public Handler {
  public:
    explicit FakeHandler(Workers& readers) : readers_(readers) {}

    void opened(Session& session) override {
        if (session.info().kind != v1::STREAM_KIND_CONTROL) return;
        auto events = std::make_shared<FakeEvents>();
        session.set_events(events);
        session.state = events;
    }
    void cancelled(Session&, std::uint64_t seq) override {
        std::lock_guard lock(mutex_);
        cancelled_.push_back(seq);
        changed_.notify_all();
    }
    void closed(Session&) override {
        std::lock_guard lock(mutex_);
        ++closed_;
        changed_.notify_all();
    }
    void call(Call call) override {
        switch (call->call().request_case()) {
            case v1::Call::kGetFolder: {
                v1::GetFolderReply reply;
                reply.mutable_folder()->set_name(call->call().get_folder().name());
                return call->answer<v1::GetFolder>(std::move(reply));
            }
            case v1::Call::kGetQuota: {
                std::lock_guard lock(mutex_);
                held_.push_back(std::move(call));
                changed_.notify_all();
                return;
            }
            case v1::Call::kFetchBodies:
                return fetch(call);
            case v1::Call::kStoreFlags: {
                auto events = std::static_pointer_cast<FakeEvents>(call->session().state);
                v1::FolderEvent event;
                event.set_folder_id(call->call().store_flags().folder_id());
                event.set_modseq(++modseq_);
                events->add(std::move(event));
                call->session().wake(Session::Send::later);
                v1::StoreFlagsReply reply;
                reply.set_modseq(modseq_);
                return call->answer<v1::StoreFlags>(std::move(reply));
            }
            case v1::Call::kAppend: {
                std::lock_guard lock(mutex_);
                appended_.push_back(call->call().append().request_id());
                held_.push_back(std::move(call));
                changed_.notify_all();
                return;
            }
            default:
                call->refuse(Error::make(Kind::unsupported, "Not supported."));
        }
    }

    // Waits until so many calls are held.
    bool wait_held(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10),
                                 [&] { return held_.size() >= count; });
    }
    bool wait_cancelled(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10),
                                 [&] { return cancelled_.size() >= count; });
    }
    bool wait_closed(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return closed_ >= count; });
    }
    std::size_t release() {
        std::deque<Call> calls;
        {
            std::lock_guard lock(mutex_);
            calls.swap(held_);
        }
        for (auto& call : calls) {
            if (call->call().has_append())
                call->answer<v1::Append>(v1::AppendReply());
            else
                call->answer<v1::GetQuota>(v1::GetQuotaReply());
        }
        return calls.size();
    }
    void drop_held() {
        std::lock_guard lock(mutex_);
        held_.clear();
    }
    std::vector<std::string> appended() {
        std::lock_guard lock(mutex_);
        return appended_;
    }
    std::size_t held() {
        std::lock_guard lock(mutex_);
        return held_.size();
    }
    std::atomic<std::size_t> pieces_made{0};

  private:
    void fetch(const Call& call) {
        const auto total = call->call().fetch_bodies().ranges(0).bytes();
        auto left = std::make_shared<std::uint64_t>(total);
        auto open = [this, left]() -> Result<Flow::Next> {
            return [this, left](std::size_t bytes_max, v1::Reply& reply) -> Result<bool> {
                const auto bytes = std::min<std::uint64_t>(bytes_max, *left);
                *left -= bytes;
                ++pieces_made;
                auto* chunk = reply.mutable_fetch_bodies()->add_chunks();
                chunk->set_data(std::string(bytes, 'x'));
                return *left != 0;
            };
        };
        Flow::start(readers_, call, open, nullptr);
    }

    Workers& readers_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Call> held_;
    std::vector<std::uint64_t> cancelled_;
    std::vector<std::string> appended_;
    std::size_t closed_ = 0;
    std::atomic<std::uint64_t> modseq_{0};
};

class FakeSpoold {
  public:
    explicit FakeSpoold(const std::string& path)
        : readers_(2),
          writer_(1),
          streams_(clock_),
          handler(readers_),
          metrics_("fake"),
          counts_(metrics_),
          service_(Gate(Entry::daemons), streams_, handler, writer_, counts_, "server-1") {
        grpc::ServerBuilder builder;
        builder.RegisterService(&service_);
        builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
        server_ = builder.BuildAndStart();
    }
    ~FakeSpoold() {
        server_->Shutdown(std::chrono::system_clock::now());
        server_->Wait();
        handler.drop_held();
    }
    Streams& streams() { return streams_; }
    std::string metrics() const { return metrics_.text(); }

  private:
    SystemClock clock_;
    Workers readers_;
    Workers writer_;
    Streams streams_;

  public:
    FakeHandler handler;

  private:
    Metrics metrics_;
    CallCounts counts_;
    StreamService service_;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace tayori::spool

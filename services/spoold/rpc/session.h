// One SpoolStream of a daemon, as gRPC sees it: frames in, frames out, bounds, and the end. What
// calls mean is in Dispatcher (dispatch.h); here nobody knows a mailbox.
//
// Threads: gRPC's call the On… functions; answers come from any thread. Everything is under mutex_,
// which is never held while a Dispatcher runs. Lifetime: gRPC may call until OnDone; the session
// holds itself until then, and every call that is not answered holds it too.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/rpc/calls.h"
#include "spoold/rpc/call_counts.h"
#include "spoold/rpc/limits.h"
#include "spoold/rpc/roles.h"
#include "spoold/rpc/workers.h"
#include "spoold/store/store.h"

namespace tayori::spool {

class Session;
class Flow;

// A call that waits for its answer. Whoever drops the last pointer without answering answers
// `busy`.
class Incoming {
  public:
    Incoming(std::shared_ptr<Session> session, std::unique_ptr<v1::Call> call);
    Incoming(const Incoming&) = delete;
    Incoming& operator=(const Incoming&) = delete;
    ~Incoming();

    const v1::Call& call() const { return *call_; }
    std::uint64_t seq() const { return call_->seq(); }
    Session& session() const { return *session_; }
    const std::shared_ptr<Session>& session_ptr() const { return session_; }

    // Once, from any thread.
    void refuse(const Error& error);
    void reply(std::unique_ptr<v1::Reply> reply);  // seq is filled in
    void abandon();                                // the caller wants no answer any more
    template <class Request>
    void answer(Result<rpc::ReplyOf<Request>>&& result) {
        if (!result) return refuse(result.error());
        auto out = std::make_unique<v1::Reply>();
        rpc::CallTraits<Request>::made(*out) = std::move(*result);
        reply(std::move(out));
    }

  private:
    std::shared_ptr<Session> session_;
    std::unique_ptr<v1::Call> call_;
    std::size_t bytes_;
    std::atomic<bool> answered_{false};
};
using Call = std::shared_ptr<Incoming>;

// What a session is served by. Called by gRPC's threads, for one session never by two at a time.
class Handler {
  public:
    virtual ~Handler() = default;
    // Lives while a frame's calls are handed over; what its end does, the thread can be spared for.
    virtual std::unique_ptr<store::Store::Batch> begin_batch() { return nullptr; }
    // After the hello. Its state for this session is kept in Session::state.
    virtual void opened(Session& session) = 0;
    virtual void call(Call call) = 0;
    virtual void cancelled(Session& session, std::uint64_t seq) = 0;
    // Nothing will come any more; calls may still be in flight.
    virtual void closed(Session& session) = 0;
};

// Events that wait for a session. take() is called with the session's mutex held.
class EventSource {
  public:
    virtual ~EventSource() = default;
    // Appends about bytes_max of events; true: there may be more.
    virtual bool take(std::size_t bytes_max, v1::ServerFrame& frame) = 0;
};

struct SessionInfo {
    std::string program;
    std::string instance;
    v1::StreamKind kind = v1::STREAM_KIND_UNSPECIFIED;
    std::uint32_t version = 0;
    Role role;
    std::int64_t opened_ms = 0;
};

class Session final : public grpc::ServerBidiReactor<v1::ClientFrame, v1::ServerFrame>,
                      public std::enable_shared_from_this<Session> {
  public:
    struct Parts {
        Handler& handler;
        Workers& writer;  // one thread: writes what other threads have answered
        std::function<SessionInfo(const v1::Hello&)> admit;  // role.daemon false: not admitted
        CallCounts& counts;
        std::string server_id;
        std::function<void(const Session&)> ended;  // when gRPC has let go
    };
    static std::shared_ptr<Session> open(std::shared_ptr<const Parts> parts);
    ~Session() override;

    const SessionInfo& info() const { return info_; }
    std::uint64_t id() const { return id_; }  // unique in this process
    CallCounts& counts() const { return parts_->counts; }

    // An answer, or a part of one. `Send::later` leaves the writing to the writer's thread.
    enum class Send { now, later };
    void push(std::unique_ptr<v1::Reply> reply, Send send);
    void wake(Send send);  // events wait
    void set_events(std::shared_ptr<EventSource> events);

    void tell_log_level(std::string name);
    void tell_directory_version(std::uint64_t version);
    // Each number once, on control streams. True: it is told now.
    bool tell_plugin_reload(const v1::PluginReload& reload);

    // Around the answers of a group of commits: what later sends gather on this thread is written out at the end, a few
    // streams here, more by the writer's thread.
    static void gather_begin();
    static void gather_end();

    // Answers in many replies (flow.h).
    bool add_flow(std::uint64_t seq, std::shared_ptr<Flow> flow);
    void remove_flow(std::uint64_t seq);
    // True: wait; the flow is resumed when the queue has drained.
    bool is_full(const std::shared_ptr<Flow>& flow);

    // The end, in three steps (Streams::drain).
    void refuse_new_calls();  // as busy
    bool is_idle();           // every call is answered and every answer written
    void finish();            // cuts off what is not

    std::shared_ptr<void> state;  // the handler's; set in opened()

  private:
    friend class Incoming;
    explicit Session(std::shared_ptr<const Parts> parts);
    void OnReadDone(bool ok) override;
    void OnWriteDone(bool ok) override;
    void OnCancel() override;
    void OnDone() override;

    bool greet(const v1::Hello& hello);
    void take_in(v1::ClientFrame& frame);
    void take_call(std::unique_ptr<v1::Call> call);
    void refuse_stream(grpc::StatusCode code, const char* text);
    void answered(std::size_t bytes);
    void close_once();
    // With mutex_ held.
    void write_if_possible();
    bool fill_frame();
    void read_if_possible();
    void finish_if_possible();
    std::vector<std::shared_ptr<Flow>> take_blocked();

    std::shared_ptr<const Parts> parts_;
    const std::uint64_t id_;
    SessionInfo info_;
    std::shared_ptr<Session> self_;
    std::atomic<bool> flush_queued_{false};

    std::mutex mutex_;
    v1::ClientFrame frame_in_;
    v1::ServerFrame frame_out_;
    std::deque<std::unique_ptr<v1::Reply>> replies_;
    std::shared_ptr<EventSource> events_;
    absl::flat_hash_map<std::uint64_t, std::shared_ptr<Flow>> flows_;
    std::vector<std::shared_ptr<Flow>> blocked_;  // wait for the queue to drain
    std::size_t queued_bytes_ = 0;                // of replies_ and of what is being written
    std::size_t writing_bytes_ = 0;
    std::size_t calls_in_flight_ = 0;
    std::size_t call_bytes_ = 0;
    bool greeted_ = false;
    bool opened_ = false;  // the handler knows of us
    bool closed_ = false;
    bool welcome_waits_ = false;
    std::string log_level_waits_;
    std::uint64_t directory_version_waits_ = 0;
    v1::PluginReload plugin_reload_waits_;  // number 0: none does
    std::uint64_t plugin_reload_told_ = 0;
    bool reading_ = true;
    bool dispatching_ = false;  // a frame is being worked on: its answers go out together
    bool writing_ = false;
    bool reads_over_ = false;
    bool refused_ = false;  // the hello was not accepted
    bool stopping_ = false;     // new calls are refused
    bool finish_wanted_ = false;
    bool finished_ = false;  // Finish() was called: nothing may start any more
    grpc::Status end_status_;
};

}  // namespace tayori::spool

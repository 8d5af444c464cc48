// Behind Spool: what is pending, what is subscribed, and the two streams. Internal to this folder.
// Thread: the loop's.
//
// Invariant: a Slot is in slots_ exactly while it waits for something from spoold; it is owned by
// its Pending.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/rpc/spool.h"
#include "common/rpc/wire.h"

namespace tayori::rpc::detail {

inline constexpr std::chrono::milliseconds kSweepInterval{250};   // how exact deadlines are
inline constexpr std::chrono::milliseconds kWelcomeWait{10'000};  // for one attempt to connect
inline constexpr std::chrono::milliseconds kOtherEndWait{2'000};  // between the ends of both streams
inline constexpr std::size_t kCreditBatch = 128 * 1024;           // given back at once

struct Slot {
    std::uint64_t seq = 0;
    Channel channel = Channel::control;
    Answer answer = Answer::one;
    std::chrono::milliseconds timeout{0};
    net::Deadline deadline{};        // while something is waited for
    net::Deadline final_deadline{};  // of a call that is repeated
    std::size_t bytes = 0;           // of the request
    std::unique_ptr<v1::Call> call;  // until sent; kept after it where it may be repeated
    bool sent = false;
    bool repeated = false;
    bool ended = false;     // no more replies will come
    bool end_seen = false;  // by the consumer: what he was given is his now
    std::deque<std::unique_ptr<v1::Reply>> replies;
    std::size_t credit_owed = 0;
    std::optional<Error> error;
    std::coroutine_handle<> waiter;
};

class Core : public std::enable_shared_from_this<Core> {
  public:
    Core(net::Loop& loop, SpoolOptions options);
    void start();  // connects, and goes on doing so
    void stop();
    Async<void> connect();

    void add(Slot& slot);
    void drop(Slot& slot);
    void refresh_deadline(Slot& slot) { slot.deadline = loop_.in(slot.timeout); }
    void give_credit(Slot& slot, std::size_t bytes);
    void tell(std::unique_ptr<v1::Call> call, Channel channel);

    Subscription subscribe(std::uint64_t folder_id, FolderHandler handler);
    void unsubscribe(std::uint64_t folder_id, std::uint64_t id);

    bool healthy() const { return healthy_; }
    const SpoolOptions& options() const { return options_; }
    std::size_t pending() const { return slots_.size(); }
    Event connected;
    Event disconnected;
    std::string server_id;
    DirectoryState directory;
    v1::PluginReload plugin_reload;
    Event plugin_reloaded;

  private:
    struct Handler {
        std::uint64_t id;
        std::shared_ptr<FolderHandler> call;
    };

    void attempt();
    void flush();
    void rung(std::uint64_t generation);
    void receive(Channel channel);
    void receive_welcome(Channel channel, const v1::Welcome& welcome);
    void receive_reply(std::unique_ptr<v1::Reply> reply);
    void dispatch(const v1::FolderEvent& event);
    void became_healthy();
    void lost(const CallEnd& end);
    void fail_or_keep(const Error& error);
    void retry_later();
    void clear_ending();
    void send(Slot& slot);
    void cancel(const Slot& slot);
    void finish(Slot& slot, std::optional<Error> error);
    void sweep();
    void arm_sweep();
    Wire* wire(Channel channel) { return wires_[static_cast<std::size_t>(channel)].get(); }

    net::Loop& loop_;
    SpoolOptions options_;
    net::Timer retry_;
    net::Timer sweep_;
    std::minstd_rand jitter_;
    std::chrono::milliseconds backoff_;
    std::optional<Error> hopeless_;  // why the last attempt can't be helped by another
    Event changed_;

    std::array<std::unique_ptr<Wire>, 2> wires_;
    std::array<bool, 2> welcomed_{};
    std::vector<std::unique_ptr<Wire>> ending_;  // closed, not yet free
    std::uint64_t generation_ = 0;
    bool started_ = false;
    bool stopped_ = false;
    bool healthy_ = false;

    absl::flat_hash_map<std::uint64_t, Slot*> slots_;
    std::uint64_t next_seq_ = 1;
    std::size_t pending_bytes_ = 0;

    absl::flat_hash_map<std::uint64_t, std::vector<Handler>> handlers_;
    std::uint64_t next_handler_ = 1;
};

}  // namespace tayori::rpc::detail

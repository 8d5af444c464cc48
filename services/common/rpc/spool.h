// spoold as the daemons see it: typed calls that one awaits.
//
//   rpc::Spool spool(loop, {.address = "unix:/data/run/daemon.sock", .program = "imapd"});
//   co_await spool.connect();
//   auto folders = co_await spool.call(v1::ListFolders(), ticket);
//
//   auto bodies = spool.stream(request, ticket);              // several replies
//   for (;;) {
//       auto reply = co_await bodies.next();
//       if (!reply) break;                                    // that was all
//       ...
//   }
//
// Calls made in one turn of the loop travel in one frame. Destroying what awaits a call gives the
// call up: an unsent or running one may still take effect, as with any network. Everything here is
// for the loop's thread.
//
// When the connection drops, waiting calls end with `busy` ("temporarily unavailable"), but those
// with a request_id are sent once more after the reconnect, within their deadline. Leases are lost;
// subscriptions get a `resync` event after the reconnect and must be opened again with
// since_modseq.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/async.h"
#include "common/base/sync.h"
#include "common/rpc/address.h"
#include "common/rpc/calls.h"

namespace tayori::net {
class Loop;
}

namespace tayori::rpc {

// Bytes from AuthReply.ticket; whoever has them opens that account's mailbox.
using Ticket = std::string;

struct SpoolOptions {
    std::string address;   // "unix:/path" or "host:port"
    std::string program;   // "smtpd", "pop3d", "imapd": must be what the certificate says
    std::string instance;  // host and process, for spoold's log
    TlsFiles tls;
    std::chrono::milliseconds timeout{30'000};  // for a call, or between two replies of a stream
    std::chrono::milliseconds patience{
        2'000};  // a call made while disconnected waits so long for a reconnect
    std::chrono::milliseconds reconnect_min{50};  // doubles up to reconnect_max, with jitter
    std::chrono::milliseconds reconnect_max{5'000};
    std::size_t calls_pending_max = 4096;              // above: busy at once
    std::size_t bytes_pending_max = 64 * 1024 * 1024;  // of requests that are not answered yet
};

struct CallOptions {
    std::chrono::milliseconds timeout{0};  // 0: SpoolOptions::timeout
};

namespace detail {
class Core;
struct Slot;

// A call on its way. Registered while it lives; destroying it gives the call up.
class Pending {
  public:
    Pending(std::shared_ptr<Core> core, std::unique_ptr<v1::Call> call, Channel channel,
            Answer answer, CallOptions options);
    Pending(Pending&&) noexcept;
    Pending& operator=(Pending&&) = delete;
    ~Pending();

    // Waits for the next reply. Afterwards outcome() says whether there is one.
    class Awaiter {
      public:
        explicit Awaiter(Pending& pending) : pending_(pending) {}
        bool await_ready() const noexcept { return pending_.ready(); }
        void await_suspend(std::coroutine_handle<> self) { pending_.set_waiter(self); }
        void await_resume() noexcept {}

      private:
        Pending& pending_;
    };
    Awaiter arrived() { return Awaiter(*this); }
    // The reply that has arrived, or none after the last; or why there is none. Gives its credit
    // back.
    Result<std::unique_ptr<v1::Reply>> take();

  private:
    bool ready() const;
    void set_waiter(std::coroutine_handle<> waiter);

    std::shared_ptr<Core> core_;
    std::unique_ptr<Slot> slot_;
};

Error unexpected_reply();
}  // namespace detail

// The replies to one call, in order. Destroying it before the end cancels the call.
template <class Reply>
class ReplyStream {
  public:
    using Take = Reply (*)(v1::Reply&);
    using Has = bool (*)(const v1::Reply&);
    ReplyStream(detail::Pending pending, Has has, Take take)
        : pending_(std::move(pending)), has_(has), take_(take) {}

    // The next reply; none after the last. What is not yet consumed counts against the call's
    // credit, so a slow consumer slows down its own call and no other.
    Async<std::optional<Reply>> next() {
        co_await pending_.arrived();
        auto reply = co_await pending_.take();
        if (!reply) co_return std::optional<Reply>();
        if (!has_(*reply)) co_await fail(detail::unexpected_reply());
        co_return std::optional<Reply>(take_(*reply));
    }

  private:
    detail::Pending pending_;
    Has has_;
    Take take_;
};

// Keeps a handler of folder events; destroying it ends that. When the folder's last one goes,
// spoold is told (CloseFolder), so that nobody else has to.
class Subscription {
  public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept
        : core_(std::move(other.core_)),
          folder_id_(other.folder_id_),
          id_(std::exchange(other.id_, 0)) {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { reset(); }
    void reset();

  private:
    friend class detail::Core;
    std::weak_ptr<detail::Core> core_;
    std::uint64_t folder_id_ = 0;
    std::uint64_t id_ = 0;  // 0: none
};

// What answers of Resolve hold under: those of an earlier connection, or with a lower version, are void.
struct DirectoryState {
    std::uint64_t epoch = 0;    // of the connection
    std::uint64_t version = 0;  // as far as spoold has told of changes
};

using FolderHandler = std::function<void(const v1::FolderEvent&)>;

class Spool {
  public:
    Spool(net::Loop& loop, SpoolOptions options);
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;
    ~Spool();  // coroutines that wait for a call do not go on: destroy them first; the loop must
               // still exist

    // Connects, and stays connected. Returns when spoold has said welcome on both streams, however
    // long that takes; fails only where trying again is of no use: denied (not this role),
    // unsupported (no common version).
    Async<void> connect();

    // One call, one reply. Errors: what the contract says, and busy.
    template <class Request>
    Async<ReplyOf<Request>> call(Request request, Ticket ticket = {}, CallOptions options = {}) {
        using Traits = CallTraits<Request>;
        static_assert(Traits::kAnswer == Answer::one,
                      "this call has several replies: use stream()");
        return finish<Request>(pack(std::move(request), std::move(ticket)), options);
    }

    // One call, several replies. Starts at once.
    template <class Request>
    ReplyStream<ReplyOf<Request>> stream(Request request, Ticket ticket = {},
                                         CallOptions options = {}) {
        using Traits = CallTraits<Request>;
        static_assert(Traits::kAnswer == Answer::many, "this call has one reply: use call()");
        return {detail::Pending(core_, pack(std::move(request), std::move(ticket)),
                                Traits::kChannel, Answer::many, options),
                &Traits::has, &Traits::take};
    }

    // A call whose outcome nobody waits for, where nothing can be awaited: in destructors
    // (CloseMaildrop, UploadAbandon). Dropped when not connected: then the stream's end has done
    // it.
    template <class Request>
    void tell(Request request, Ticket ticket = {}) {
        tell_packed(pack(std::move(request), std::move(ticket)), CallTraits<Request>::kChannel);
    }

    // Events of a folder that was opened (or will be: make this first) with OpenFolder.subscribe.
    // The handler runs in order, and before the coroutine whose call caused the event goes on. It
    // may run while replies of OpenFolder still wait to be consumed: keep such events until then.
    // It must not destroy the Spool.
    Subscription on_folder(std::uint64_t folder_id, FolderHandler handler);

    bool healthy() const;   // connected and welcomed on both streams
    Event& connected();     // notified each time it becomes healthy
    Event& disconnected();  // ... and ceases to be; leases are void then
    // Of spoold's store; empty before the first connect. Another one than before: forget all that
    // was cached.
    const std::string& server_id() const;
    DirectoryState directory_state() const;
    // The last that spoold has said; number 0: it has said none. Kept across reconnects; a daemon that comes back with a
    // lower number than the last hears it again, so compare numbers before acting.
    const v1::PluginReload& plugin_reload() const;
    Event& plugin_reloaded();  // notified each time one has come
    std::size_t pending() const;

  private:
    template <class Request>
    static std::unique_ptr<v1::Call> pack(Request&& request, Ticket&& ticket) {
        auto call = std::make_unique<v1::Call>();
        if (!ticket.empty()) call->set_ticket(std::move(ticket));
        CallTraits<Request>::put(*call, std::move(request));
        return call;
    }
    template <class Request>
    Async<ReplyOf<Request>> finish(std::unique_ptr<v1::Call> call, CallOptions options) {
        using Traits = CallTraits<Request>;
        const auto channel = channel_of(*call, Traits::kChannel);
        detail::Pending pending(core_, std::move(call), channel, Answer::one, options);
        co_await pending.arrived();
        auto reply = co_await pending.take();
        if (!reply || !Traits::has(*reply)) co_await fail(detail::unexpected_reply());
        co_return Traits::take(*reply);
    }
    void tell_packed(std::unique_ptr<v1::Call> call, Channel channel);

    std::shared_ptr<detail::Core> core_;
};

}  // namespace tayori::rpc

// What the dispatcher keeps for one stream: its watches, its maildrops' leases, and its uploads
// that wait their turn.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <memory>
#include <mutex>

#include "spoold/changes/hub.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/rpc/session.h"

namespace tayori::spool {

struct Lease {
    AccountId account{};
    std::uint64_t lease = 0;
};

struct StreamState {
    std::shared_ptr<Subscriber> subscriber;
    LeaseOwner owner{};

    std::mutex mutex;
    bool closed = false;
    absl::flat_hash_map<std::uint64_t, Lease> leases;  // by the seq of OpenMaildrop
    std::deque<Call> uploads;                          // in order, one at a time
    bool uploading = false;

    static StreamState& of(Session& session) {
        return *static_cast<StreamState*>(session.state.get());
    }
};

// Gives the hub's events to the session's writer.
class HubEvents final : public EventSource {
  public:
    explicit HubEvents(std::shared_ptr<Subscriber> subscriber)
        : subscriber_(std::move(subscriber)) {}
    bool take(std::size_t bytes_max, v1::ServerFrame& frame) override {
        std::size_t bytes = 0;
        for (const auto& event : subscriber_->take(bytes_max)) {
            bytes += event->ByteSizeLong();
            *frame.add_events() = *event;
        }
        // take() stops near bytes_max: with less than half of it nothing was left behind.
        return bytes > bytes_max / 2;
    }

  private:
    std::shared_ptr<Subscriber> subscriber_;
};

}  // namespace tayori::spool

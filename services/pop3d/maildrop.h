// The maildrop of one session: a fixed numbering of messages under spoold's lock (RFC 1939 §4, §5).
//
// Invariant: nothing is removed before commit(), and then all that was marked or nothing. A maildrop that is destroyed
// without it gives the lock back and removes nothing (RFC 1939 §6).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/rpc/spool.h"

namespace tayori::pop3 {

inline constexpr std::size_t kReadAheadMessagesMax = 32;
inline constexpr std::uint64_t kReadAheadBytesMax = 512 * 1024;

struct Message {
    std::uint32_t uid = 0;
    std::uint64_t message_id = 0;
    std::uint64_t bytes = 0;
    std::string uidl;
    bool deleted = false;
};

class Maildrop {
  public:
    // in_use: another session has it.
    static Async<std::unique_ptr<Maildrop>> open(rpc::Spool& spool, rpc::Ticket ticket);
    Maildrop(const Maildrop&) = delete;
    Maildrop& operator=(const Maildrop&) = delete;
    ~Maildrop();

    const std::vector<Message>& messages() const { return messages_; }
    std::size_t count() const;         // less the deleted ones
    std::uint64_t bytes() const;       // likewise
    // By number, from 1. not_found: none, or deleted.
    Result<const Message*> find(std::uint32_t number) const;
    Result<void> mark_deleted(std::uint32_t number);
    void unmark_all();

    // Reading one message: begin(), then piece() until it gives nothing.
    // A client that reads one after the other gets the following ones in the same call to spoold.
    void begin(std::uint32_t number);
    Async<std::optional<std::string>> piece();

    std::size_t marked() const { return messages_.size() - count(); }
    // Removes what is marked, or keeps or moves it as `what` says, and gives the lock back. busy, not_found: nothing was removed.
    Async<void> commit(std::optional<rpc::v1::RemovedMail> what);

  private:
    Maildrop(rpc::Spool& spool, rpc::Ticket ticket) : spool_(spool), ticket_(std::move(ticket)) {}
    void fetch(std::uint32_t number);
    Async<bool> receive();

    using Bodies = rpc::ReplyStream<rpc::v1::FetchBodiesReply>;
    rpc::Spool& spool_;
    rpc::Ticket ticket_;
    std::optional<std::uint64_t> lease_;
    std::vector<Message> messages_;

    std::optional<Bodies> bodies_;
    std::deque<rpc::v1::BodyChunk> chunks_;  // received, not yet used
    std::uint32_t fetched_from_ = 0;         // number of the message with index 0 in bodies_
    std::uint32_t fetched_to_ = 0;           // one past the last
    std::uint32_t reading_ = 0;
    std::uint32_t last_read_ = 0;            // to its end
    bool ended_ = true;                      // reading_ is through
};

}  // namespace tayori::pop3

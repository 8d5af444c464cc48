// The text of one mail while it arrives: summarised as it comes, kept in memory while small, uploaded to spoold's
// staging as it comes when large. Memory is bounded by kInlineBytesMax here and kBufferedBytesMax for the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/mail/summary.h"
#include "common/rpc/spool.h"

namespace tayori::smtp {

struct Parts;

inline constexpr std::size_t kInlineBytesMax = 256 * 1024;          // larger mails are staged (intake.proto)
inline constexpr std::size_t kPieceBytes = 256 * 1024;              // of an upload
inline constexpr std::uint64_t kBufferedBytesMax = 64 * 1024 * 1024;  // of all mails arriving; above it they upload early
inline constexpr std::size_t kEarlyPieceBytes = 16 * 1024;

enum class Origin {
    relayed,
    submitted,
    queued,  // ours, taken from the queue: no limit of size holds any more
};

class Text {
  public:
    Text(Parts& parts, Origin origin, std::string id, std::string sender_domain);
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;
    ~Text();  // gives an upload up that was not handed over

    // Where arriving bytes go; call settle() after having added some.
    std::string& buffer() { return buffer_; }
    // Uploads what has gathered, if it is time, and judges the size. Once over the limit nothing is kept any more.
    Async<void> settle();

    std::uint64_t bytes() const { return bytes_ + buffer_.size(); }
    bool too_big() const { return too_big_; }
    // Bytes that were thrown away by a later decision: the text must not be used.
    void spoil() { spoiled_ = true; }
    bool spoiled() const { return spoiled_; }

    // Plugins will look at it: of a mail that is uploaded its head is kept. Before anything has arrived.
    void keep_head() { keeps_head_ = true; }
    // After finish(): what plugins see of it, the whole mail where it is small.
    std::string take_head(const rpc::v1::CommitPlan& plan);

    // The end: puts content and summary into the plan. Its header, for counting hops, is summary.header.
    // Errors: busy, no_space: spoold could not take it now.
    Async<mail::Summary> finish(rpc::v1::CommitPlan& plan);

  private:
    Async<void> upload();
    void complete_header();
    void account(std::size_t bytes);

    Parts& parts_;
    Origin origin_;
    std::string id_;
    std::string sender_domain_;
    mail::SummaryBuilder summary_;
    std::string buffer_;
    std::string head_;  // of what was uploaded, at most kInlineBytesMax
    std::uint64_t bytes_ = 0;       // uploaded or dropped
    std::uint64_t accounted_ = 0;   // of parts_.buffered_bytes
    std::optional<std::uint64_t> upload_id_;
    bool header_complete_ = false;
    bool keeps_head_ = false;
    bool too_big_ = false;
    bool spoiled_ = false;
};

}  // namespace tayori::smtp

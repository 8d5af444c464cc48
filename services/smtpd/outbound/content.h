// A leased mail as it goes out, but for dot-stuffing: signatures, its own prefix, its text. In pieces, as often as needed; what
// is large comes from spoold as it is read, so that a slow receiver slows down only its own mail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/mail/seven_bit.h"
#include "common/net/loop.h"
#include "common/rpc/spool.h"

namespace tayori::smtp {

inline constexpr int kFetchTries = 3;  // of one mail, over broken streams
inline constexpr net::Duration kFetchPatience = std::chrono::seconds(30);

class Content {
  public:
    // `mail` must outlive it.
    Content(net::Loop& loop, rpc::Spool& spool, const rpc::v1::LeasedMail& mail);
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;

    std::uint64_t bytes() const;  // before encoding
    // The text where it came with the lease; what spoold says of it where not.
    bool has_eight_bit() const;
    void encode_seven_bit() { seven_bit_ = true; }
    void set_signature(std::string lines) { signature_ = std::move(lines); }

    void begin();                       // from the start
    Async<bool> next(std::string& piece);  // false: that was all
    // Of the last pass: octets that can't be encoded. Nothing of it may be used.
    bool impossible() const { return encoder_ && encoder_->impossible(); }

    // Whether the header could go to a server without SMTPUTF8. One pass, up to the header's end.
    Async<bool> header_is_ascii();

  private:
    enum class At { signature, prefix, text, end };
    Async<bool> next_raw(std::string& piece);
    Async<bool> fetch(std::string& piece);

    net::Loop& loop_;
    rpc::Spool& spool_;
    const rpc::v1::LeasedMail& mail_;
    std::string signature_;
    bool seven_bit_ = false;
    At at_ = At::signature;
    std::optional<mail::SevenBitEncoder> encoder_;
    std::optional<rpc::ReplyStream<rpc::v1::FetchQueuedReply>> stream_;
    std::uint64_t fetched_ = 0;
    int tries_ = 0;
};

}  // namespace tayori::smtp

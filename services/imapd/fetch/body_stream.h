// The bytes of one FetchBodies, range after range. Holds one reply at a time: spoold stops at our
// credit.
#pragma once

#include <string>

#include "imapd/session.h"

namespace tayori::imap {

class BodyStream {
  public:
    BodyStream(Session& session, v1::FetchBodies request)
        : replies_(session.stream(std::move(request))) {}

    // Moves on to the range: false if its message has been removed for good.
    Async<bool> begin(std::uint32_t range);
    // The next bytes of the range as a literal may hold them (mail::mask_nul), empty at its end. After begin().
    Async<std::string> next();
    // All of a range that is known to be small.
    Async<std::string> all();

  private:
    Async<void> load();
    rpc::ReplyStream<v1::FetchBodiesReply> replies_;
    v1::FetchBodiesReply reply_;
    int at_ = 0;
    std::uint32_t range_ = 0;
    bool ended_ = false;  // the range has no more chunks
};

}  // namespace tayori::imap

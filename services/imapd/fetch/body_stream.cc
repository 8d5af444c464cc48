#include "imapd/fetch/body_stream.h"

#include "common/mail/imap_text.h"

namespace tayori::imap {

// Makes reply_.chunks(at_) the next chunk.
Async<void> BodyStream::load() {
    while (at_ >= reply_.chunks_size()) {
        auto reply = co_await replies_.next();
        if (!reply)
            co_await fail(Kind::internal, "Mail could not be read.", "FetchBodies ended too early");
        reply_ = std::move(*reply);
        at_ = 0;
    }
}

Async<bool> BodyStream::begin(std::uint32_t range) {
    for (;;) {
        co_await load();
        if (reply_.chunks(at_).index() >= range) break;
        ++at_;  // the rest of a range that nobody wanted
    }
    const auto& chunk = reply_.chunks(at_);
    if (chunk.index() != range)
        co_await fail(Kind::internal, "Mail could not be read.", "FetchBodies out of order");
    range_ = range;
    ended_ = false;
    co_return !chunk.gone();
}

Async<std::string> BodyStream::next() {
    while (!ended_) {
        co_await load();
        auto& chunk = *reply_.mutable_chunks(at_);
        if (chunk.index() != range_ || chunk.gone()) {
            co_await fail(Kind::internal, "Mail could not be read.", "FetchBodies broke off");
        }
        ended_ = chunk.last();
        ++at_;
        if (chunk.data().empty()) continue;
        mail::mask_nul(*chunk.mutable_data());
        co_return std::move(*chunk.mutable_data());
    }
    co_return std::string();
}

Async<std::string> BodyStream::all() {
    std::string bytes;
    for (;;) {
        const auto piece = co_await next();
        if (piece.empty()) co_return bytes;
        bytes.append(piece);
    }
}

}  // namespace tayori::imap

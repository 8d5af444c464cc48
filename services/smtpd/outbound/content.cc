#include "smtpd/outbound/content.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

bool has_high_octet(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 127; });
}

}  // namespace

Content::Content(net::Loop& loop, rpc::Spool& spool, const rpc::v1::LeasedMail& mail)
    : loop_(loop), spool_(spool), mail_(mail) {}

std::uint64_t Content::bytes() const { return signature_.size() + mail_.prefix().size() + mail_.content_bytes(); }

bool Content::has_eight_bit() const {
    return mail_.eight_bit() || has_high_octet(mail_.prefix()) || has_high_octet(mail_.content());
}

void Content::begin() {
    at_ = At::signature;
    stream_.reset();
    encoder_.reset();
    if (seven_bit_) encoder_.emplace();
    fetched_ = 0;
    tries_ = 0;
}

Async<bool> Content::next(std::string& piece) {
    piece.clear();
    if (at_ == At::signature) {
        at_ = At::prefix;
        if (!signature_.empty()) {
            piece = signature_;
            co_return true;
        }
    }
    std::string raw;
    while (at_ != At::end) {
        const bool more = co_await next_raw(raw);
        if (!encoder_) {
            piece = std::move(raw);
            if (more) co_return true;
            break;
        }
        if (more) encoder_->feed(raw, piece);
        else encoder_->finish(piece);
        if (!piece.empty()) co_return true;
    }
    co_return false;
}

Async<bool> Content::next_raw(std::string& piece) {
    piece.clear();
    if (at_ == At::prefix) {
        at_ = At::text;
        if (!mail_.prefix().empty()) {
            piece = mail_.prefix();
            co_return true;
        }
    }
    if (mail_.content().empty() && mail_.content_bytes() > 0) {
        const bool more = co_await fetch(piece);
        if (!more) at_ = At::end;
        co_return more;
    }
    if (at_ == At::end || fetched_ > 0 || mail_.content().empty()) {
        at_ = At::end;
        co_return false;
    }
    piece = mail_.content();
    fetched_ = piece.size();
    co_return true;
}

Async<bool> Content::fetch(std::string& piece) {
    while (fetched_ < mail_.content_bytes()) {
        if (!stream_) {
            rpc::v1::FetchQueued request;
            request.set_queue_id(mail_.queue_id());
            request.set_offset(fetched_);
            stream_.emplace(spool_.stream(std::move(request)));
        }
        auto reply = co_await stream_->next().result();
        if (reply && *reply) {
            piece = std::move(*(*reply)->mutable_data());
            fetched_ += piece.size();
            if (!piece.empty()) co_return true;
            continue;
        }
        stream_.reset();
        if (reply) co_await fail(Kind::corrupt, "The mail's text is shorter than it was.");
        if (reply.error().kind != Kind::busy || ++tries_ >= kFetchTries) co_await fail(std::move(reply.error()));
        if (!spool_.healthy()) co_await loop_.wait(spool_.connected(), loop_.in(kFetchPatience));
    }
    co_return false;
}

Async<bool> Content::header_is_ascii() {
    begin();
    std::string piece;
    std::string tail;  // of the piece before: the blank line may be cut
    for (;;) {
        const bool more = co_await next_raw(piece);
        if (!more) co_return true;
        tail += piece;
        const auto end = tail.find("\r\n\r\n");
        if (has_high_octet(std::string_view(tail).substr(0, end))) co_return false;
        if (end != std::string::npos) co_return true;
        tail.erase(0, tail.size() - std::min<std::size_t>(tail.size(), 3));
    }
}

}  // namespace tayori::smtp

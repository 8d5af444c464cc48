#include "smtpd/text.h"

#include <utility>

#include "common/mail/received.h"
#include "smtpd/session.h"

namespace tayori::smtp {

namespace v1 = rpc::v1;

Text::Text(Parts& parts, Origin origin, std::string id, std::string sender_domain)
    : parts_(parts), origin_(origin), id_(std::move(id)), sender_domain_(std::move(sender_domain)) {}

Text::~Text() {
    head_.clear();
    account(0);
    if (!upload_id_) return;
    v1::UploadAbandon abandon;
    abandon.set_upload_id(*upload_id_);
    parts_.spool.tell(std::move(abandon));
}

void Text::account(std::size_t bytes) {
    bytes += head_.size();
    parts_.buffered_bytes += bytes;
    parts_.buffered_bytes -= accounted_;
    accounted_ = bytes;
}

// A submitted mail gets the Date and Message-ID that it lacks (RFC 6409 §8) before anything looks at it. Its header is
// whole here unless it is longer than the buffer, and then it has both or is no header.
void Text::complete_header() {
    if (std::exchange(header_complete_, true) || origin_ != Origin::submitted) return;
    const auto end = buffer_.find("\r\n\r\n");
    const auto header = std::string_view(buffer_).substr(0, end == std::string::npos ? end : end + 2);
    const mail::MailDate now{parts_.clock.now_ms() / 1000, 0};
    const auto fields = mail::missing_submission_fields(header, now, id_, sender_domain_);
    if (!fields.empty()) buffer_.insert(0, fields);
}

Async<void> Text::settle() {
    if (bytes() > parts_.message_bytes_max && origin_ != Origin::queued) too_big_ = true;
    if (too_big_ || spoiled_) {
        bytes_ += buffer_.size();
        buffer_.clear();
        account(0);
        co_return;
    }
    account(buffer_.capacity());
    const bool crowded = parts_.buffered_bytes > kBufferedBytesMax;
    if (buffer_.size() >= (crowded ? kEarlyPieceBytes : kPieceBytes)) co_await upload();
}

Async<void> Text::upload() {
    complete_header();
    if (!upload_id_) {
        auto begun = co_await parts_.spool.call(v1::UploadBegin());
        upload_id_ = begun.upload_id();
    }
    summary_.feed(buffer_);
    bytes_ += buffer_.size();
    // Where many mails arrive, plugins see less of large ones rather than that memory grows without end.
    if (parts_.buffered_bytes > 2 * kBufferedBytesMax) keeps_head_ = false;
    if (keeps_head_ && head_.size() < kInlineBytesMax) head_.append(buffer_, 0, kInlineBytesMax - head_.size());
    v1::UploadAppend append;
    append.set_upload_id(*upload_id_);
    append.set_data(std::exchange(buffer_, {}));
    account(0);
    co_await parts_.spool.call(std::move(append));
}

std::string Text::take_head(const v1::CommitPlan& plan) {
    return plan.has_upload_id() ? std::exchange(head_, {}) : plan.bytes();
}

Async<mail::Summary> Text::finish(v1::CommitPlan& plan) {
    complete_header();
    if (upload_id_) {
        if (!buffer_.empty()) co_await upload();
        v1::UploadFinish finish;
        finish.set_upload_id(*upload_id_);
        co_await parts_.spool.call(std::move(finish));
        plan.set_upload_id(*upload_id_);
    } else {
        summary_.feed(buffer_);
        bytes_ += buffer_.size();
        plan.set_bytes(std::exchange(buffer_, {}));
        account(0);
    }
    auto summary = summary_.finish();
    co_return summary;
}

}  // namespace tayori::smtp

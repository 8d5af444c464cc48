#include "spoold/rpc/import_stream.h"

#include <utility>

#include "common/rpc/errors.h"
#include "spoold/legacy/limits.h"
#include "spoold/mailbox/parts.h"
#include "spoold/rpc/unary.h"

namespace tayori::spool {

ImportStream::ImportStream(MayImport may, Imports& imports, Mailboxes& mailboxes)
    : may_(std::move(may)),
      imports_(imports),
      uploads_(mailboxes.parts().store.staging(), mailboxes.parts().settings.message_bytes_max) {}

ImportStream* ImportStream::start(MayImport may, Imports& imports, Mailboxes& mailboxes, grpc::CallbackServerContext*) {
    const bool allowed = static_cast<bool>(may);
    std::shared_ptr<ImportStream> stream(new ImportStream(std::move(may), imports, mailboxes));
    stream->self_ = stream;
    auto* reactor = stream.get();
    const std::lock_guard lock(stream->mutex_);
    if (!allowed) {
        stream->finished_ = true;
        stream->Finish(kNotAdmin);
    } else {
        stream->read_on();
    }
    return reactor;
}

void ImportStream::read_on() {
    if (reading_ || at_end_ || in_flight_ >= kImportBatchesInFlightMax) return;
    reading_ = true;
    incoming_ = std::make_shared<v1::ImportFrame>();
    StartRead(incoming_.get());
}

void ImportStream::OnReadDone(bool ok) {
    std::shared_ptr<v1::ImportFrame> frame;
    {
        const std::lock_guard lock(mutex_);
        if (!ok || failed_) {
            reading_ = false;
            at_end_ = true;
            return finish_when_done();
        }
        frame = std::move(incoming_);
        if (frame->has_batch()) ++in_flight_;
    }
    // An answer that comes meanwhile must not read on: the next frame would overtake this one.
    take(std::move(frame));
    const std::lock_guard lock(mutex_);
    reading_ = false;
    if (failed_) at_end_ = true;
    read_on();
    finish_when_done();
}

void ImportStream::take(std::shared_ptr<v1::ImportFrame> frame) {
    if (frame->has_piece()) {
        auto added = uploads_.add(frame->piece());
        const std::lock_guard lock(mutex_);
        if (!added) fail_with(std::move(added.error()));
        return;
    }
    if (!frame->has_batch()) {
        const std::lock_guard lock(mutex_);
        return fail_with(Error::make(Kind::invalid, "A frame holds a batch or a piece."));
    }
    if (!may_(frame->batch())) return answer(fail(Kind::denied, "There is no lease for this account."));
    Shared<v1::ImportBatch> batch(frame, &frame->batch());
    imports_.add_batch(std::move(batch), uploads_, [self = self_](Result<v1::ImportBatchReply> reply) {
        self->answer(std::move(reply));
    });
}

void ImportStream::answer(Result<v1::ImportBatchReply> reply) {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    if (!reply) {
        fail_with(std::move(reply.error()));
    } else if (!failed_) {
        replies_.push_back(std::move(*reply));
    }
    write_on();
    read_on();
    finish_when_done();
}

// The client hears of it behind the answers before; what it still sends is not looked at.
void ImportStream::fail_with(Error error) {
    if (std::exchange(failed_, true)) return;
    at_end_ = at_end_ || !reading_;
    v1::ImportBatchReply reply;
    *reply.mutable_error() = rpc::to_wire(error);
    replies_.push_back(std::move(reply));
    write_on();
}

void ImportStream::write_on() {
    if (writing_ || finished_ || replies_.empty()) return;
    writing_ = true;
    StartWrite(&replies_.front());
}

void ImportStream::OnWriteDone(bool ok) {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    replies_.pop_front();
    if (!ok) {
        replies_.clear();
        failed_ = true;
        at_end_ = at_end_ || !reading_;
    }
    write_on();
    finish_when_done();
}

void ImportStream::finish_when_done() {
    const bool no_more_comes = at_end_ || failed_;
    if (finished_ || !no_more_comes || in_flight_ > 0 || writing_ || !replies_.empty()) return;
    finished_ = true;
    Finish(grpc::Status::OK);
}

}  // namespace tayori::spool

// One stream of imported mail: reads batches as long as not too many are on their way to the disk, and answers each in order.
// Not reading is the back-pressure: HTTP/2's window then stops adminctl.
#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "spoold/legacy/imports.h"
#include "spoold/legacy/uploads.h"

namespace tayori::spool {

class ImportStream final : public grpc::ServerBidiReactor<v1::ImportFrame, v1::ImportBatchReply> {
  public:
    // May the caller add this batch? Empty: he may nothing.
    using MayImport = std::function<bool(const v1::ImportBatch&)>;
    static ImportStream* start(MayImport may, Imports& imports, Mailboxes& mailboxes, grpc::CallbackServerContext* context);

  private:
    ImportStream(MayImport may, Imports& imports, Mailboxes& mailboxes);
    void OnReadDone(bool ok) override;
    void OnWriteDone(bool ok) override;
    void OnDone() override { auto self = std::move(self_); }

    void take(std::shared_ptr<v1::ImportFrame> frame);
    void answer(Result<v1::ImportBatchReply> reply);
    // With the lock held.
    void read_on();
    void write_on();
    void fail_with(Error error);
    void finish_when_done();

    const MayImport may_;
    Imports& imports_;
    std::shared_ptr<ImportStream> self_;  // until OnDone; callbacks of batches hold one too
    ImportUploads uploads_;               // only from OnReadDone

    std::mutex mutex_;
    std::shared_ptr<v1::ImportFrame> incoming_;
    std::deque<v1::ImportBatchReply> replies_;  // the first one is being written while writing_
    std::size_t in_flight_ = 0;
    bool reading_ = false;   // a frame is on its way, or being taken
    bool writing_ = false;
    bool at_end_ = false;    // nothing more will be read
    bool finished_ = false;
    bool failed_ = false;
};

}  // namespace tayori::spool

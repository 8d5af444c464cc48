// One SpoolStream as gRPC sees it: frames out, frames in. Internal to this folder; the only file
// here besides channel.h that includes gRPC.
//
// Threads: the loop's calls send(), flush(), drain() and close(); gRPC's call the On… functions.
// What both touch is under mutex_. Lifetime: gRPC may call until OnDone, so the reactor holds
// itself until then. A hold keeps OnDone away while the loop may still start writes; it is given
// back when reading has ended.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/rpc/calls.h"
#include "tayori/spool/v1/stream.grpc.pb.h"

namespace tayori::rpc::detail {

// Received frames that the loop has not taken yet; above it nothing more is read.
inline constexpr std::size_t kReadAheadMax = 4 * 1024 * 1024;

class Wire final : public grpc::ClientBidiReactor<v1::ClientFrame, v1::ServerFrame> {
  public:
    // `bell` is called by gRPC's threads when drain() has something new, at most once until then;
    // and once when all is over.
    static std::unique_ptr<Wire> open(std::shared_ptr<grpc::Channel> channel,
                                      const v1::Hello& hello, std::function<void()> bell);

    // Gathers; nothing leaves before flush().
    void send(std::unique_ptr<v1::Call> call);
    void send(v1::Credit credit);
    void flush();

    // Frames in the order of arrival.
    std::vector<std::unique_ptr<v1::ServerFrame>> drain();
    bool done() const;  // nothing will come any more
    bool is_free() const { return free_.load(std::memory_order_acquire); }
    grpc::Status status() const;  // when done()

    void close();      // hangs up, without waiting
    void wait_free();  // blocks until gRPC has let go; after close()

  private:
    Wire(std::shared_ptr<grpc::Channel> channel, std::function<void()> bell);
    void OnReadDone(bool ok) override;
    void OnWriteDone(bool ok) override;
    void OnDone(const grpc::Status& status) override;

    bool fill_frame();  // under mutex_: moves what waits into frame_out_
    void ring(std::unique_lock<std::mutex> lock);

    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<v1::SpoolStream::Stub> stub_;
    grpc::ClientContext context_;
    std::function<void()> bell_;

    // The loop's.
    std::vector<std::unique_ptr<v1::Call>> gathered_;
    std::vector<v1::Credit> gathered_credits_;

    mutable std::mutex mutex_;
    std::deque<std::unique_ptr<v1::Call>> calls_;
    std::vector<v1::Credit> credits_;
    v1::ClientFrame frame_out_;  // gRPC's while writing_
    bool writing_ = true;        // the hello
    bool closed_ = false;        // no more writes may start
    std::unique_ptr<v1::ServerFrame> frame_in_;
    std::vector<std::unique_ptr<v1::ServerFrame>> received_;
    std::size_t received_bytes_ = 0;
    bool paused_ = false;
    bool rung_ = false;
    bool done_ = false;
    grpc::Status status_;
    std::atomic<bool> free_{false};
};

}  // namespace tayori::rpc::detail

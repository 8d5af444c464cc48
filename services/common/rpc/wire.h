// One SpoolStream: frames out, frames in, over a connection of its own. Internal to this folder.
//
// Thread: the loop's. `bell` may destroy what it likes but a Wire that rings.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/async.h"
#include "common/base/sync.h"
#include "common/net/conn.h"
#include "common/rpc/address.h"
#include "common/rpc/calls.h"
#include "common/rpc/grpc_stream.h"
#include "tayori/spool/v1/stream.pb.h"

namespace tayori::rpc::detail {

inline constexpr net::Duration kKeepaliveInterval{30'000};  // of silence; then the peer is asked whether it lives
inline constexpr net::Duration kKeepaliveTimeout{10'000};

class Wire {
  public:
    // Connects, and says hello. `bell` is called when drain() has something new, and once when all is over.
    Wire(net::Loop& loop, std::string address, TlsFiles tls, const v1::Hello& hello, std::function<void()> bell);
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    // Gathers; nothing leaves before flush().
    void send(std::unique_ptr<v1::Call> call) { calls_.push_back(std::move(call)); }
    void send(v1::Credit credit) { credits_.push_back(std::move(credit)); }
    void flush();

    // Frames in the order of arrival.
    std::vector<std::unique_ptr<v1::ServerFrame>> drain() { return std::exchange(received_, {}); }
    bool done() const { return end_.has_value() && received_.empty(); }  // nothing will come any more
    const CallEnd& end() const { return *end_; }                         // when done()

    void close();  // hangs up, without waiting; the bell stays silent
    bool is_free() const { return running_.size() == 0; }  // after close(): nothing of it is left
    bool rings() const { return ringing_; }

  private:
    Async<void> run();
    Async<net::Conn> connect();
    Async<void> converse();
    void send_frames();
    v1::ClientFrame next_frame();
    void say(const v1::ClientFrame& frame);
    bool receive(std::string_view message);

    net::Loop& loop_;
    const std::string address_;
    const TlsFiles tls_;
    std::function<void()> bell_;
    std::optional<net::Conn> conn_;
    std::optional<GrpcStream> stream_;
    const v1::Hello hello_;

    std::vector<v1::Credit> credits_;
    std::deque<std::unique_ptr<v1::Call>> calls_;
    std::vector<std::unique_ptr<v1::ServerFrame>> received_;
    std::optional<CallEnd> end_;
    bool closed_ = false;
    bool ringing_ = false;
    Tasks running_;  // last: it uses all of the above
};

}  // namespace tayori::rpc::detail

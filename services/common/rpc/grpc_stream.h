// One gRPC call with messages in both directions, over HTTP/2, as a machine between byte strings: no I/O, no threads. HTTP/2
// is nghttp2's (RFC 9113); the message framing, headers and trailers are gRPC's (PROTOCOL-HTTP2 of its documentation).
// docs/decisions/0007-daemons-speak-grpc-on-their-own-loop.md says why the daemons don't use gRPC's own library.
//
// Thread: one. Internal to this folder.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

struct nghttp2_session;

namespace tayori::rpc::detail {

inline constexpr std::size_t kHttp2HeadersMax = 16 * 1024;  // of the peer's headers and trailers together
inline constexpr std::size_t kGrpcPrefixBytes = 5;          // a flag and the length, before each message

// Why a call ended. Numbers as gRPC's (statuscodes.md).
enum class GrpcCode : std::uint32_t {
    ok = 0,
    deadline_exceeded = 4,
    permission_denied = 7,
    failed_precondition = 9,
    unavailable = 14,
    unauthenticated = 16,
};
struct CallEnd {
    GrpcCode code = GrpcCode::unavailable;
    std::string message;
};

class GrpcStream {
  public:
    // `put` takes bytes for the wire; `message` gets each message that has come, and says whether it could be read.
    struct Sinks {
        std::function<void(std::string_view)> put;
        std::function<bool(std::string_view)> message;
    };
    // `path`: "/package.Service/Method". `encrypted` is what :scheme says.
    GrpcStream(const std::string& path, bool encrypted, Sinks sinks);
    GrpcStream(const GrpcStream&) = delete;
    GrpcStream& operator=(const GrpcStream&) = delete;
    ~GrpcStream();

    // Bytes from the wire. closed: the connection can't go on (see end()).
    Result<void> feed(std::string_view bytes);
    // A message with room for its prefix: kGrpcPrefixBytes of anything, then its bytes.
    void send(std::string&& prefixed);
    std::size_t queued() const { return queued_; }  // bytes of messages that wait for the peer's window
    void ping();
    void cancel();  // tells the peer that nothing more is wanted
    // Gives `put` what there is to send. feed() does it too.
    void flush();

    // Once set, no message comes any more.
    const std::optional<CallEnd>& end() const { return end_; }

  private:
    friend struct Http2Callbacks;
    void open(const std::string& path, bool encrypted);
    bool receive(std::string_view bytes);
    bool receive_whole(std::string_view bytes);
    void header(std::string_view name, std::string_view value);
    void stream_closed(std::uint32_t http2_error);
    void put_queued(std::size_t bytes);
    void fail_call(std::string why);

    Sinks sinks_;
    std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_;
    std::int32_t stream_ = 0;

    std::deque<std::string> out_;  // whole messages; the first may have been sent in part
    std::size_t out_at_ = 0;
    std::size_t queued_ = 0;

    std::string in_;  // prefix and bytes of a message that has not come whole yet
    std::size_t headers_bytes_ = 0;
    std::string http_status_;
    std::optional<std::uint32_t> grpc_status_;
    std::string grpc_message_;
    std::optional<CallEnd> end_;
};

}  // namespace tayori::rpc::detail

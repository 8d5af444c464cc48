#include "common/rpc/wire.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/net/offload.h"
#include "common/net/tls.h"
#include "common/rpc/limits.h"

namespace tayori::rpc::detail {
namespace {

constexpr std::string_view kOpen = "/tayori.spool.v1.SpoolStream/Open";
constexpr std::string_view kServerName = "spoold";  // in its certificate, whatever host the containers use
constexpr std::size_t kAddressesTried = 8;
constexpr net::Duration kConnectWait{10'000};

Error not_found(std::string_view address, std::string_view why) {
    return Error::make(Kind::busy, "Can't connect.", cat(address, ": ", why));
}

// Blocks on the resolver.
Result<std::vector<net::Endpoint>> resolve(const std::string& address) {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) return fail(not_found(address, "not host:port"));
    auto host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &wanted, &found);
    if (code != 0) return fail(not_found(address, ::gai_strerror(code)));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    std::vector<net::Endpoint> out;
    for (const auto* at = found; at != nullptr && out.size() < kAddressesTried; at = at->ai_next) {
        std::array<char, NI_MAXHOST> ip{};
        std::array<char, NI_MAXSERV> port{};
        if (::getnameinfo(at->ai_addr, at->ai_addrlen, ip.data(), ip.size(), port.data(), port.size(),
                          NI_NUMERICHOST | NI_NUMERICSERV) != 0)
            continue;
        const auto text = at->ai_family == AF_INET6 ? cat('[', ip.data(), "]:", port.data()) : cat(ip.data(), ':', port.data());
        if (auto endpoint = net::Endpoint::parse(text)) out.push_back(std::move(*endpoint));
    }
    if (out.empty()) return fail(not_found(address, "no address"));
    return out;
}

}  // namespace

Wire::Wire(net::Loop& loop, std::string address, TlsFiles tls, const v1::Hello& hello, std::function<void()> bell)
    : loop_(loop), address_(std::move(address)), tls_(std::move(tls)), bell_(std::move(bell)), hello_(hello) {
    running_.spawn(run(), [this](Result<void> result) {
        if (!result) end_ = CallEnd{GrpcCode::unavailable, cat(result.error().text, ' ', result.error().detail)};
        // From the loop: the caller of the constructor, or who rang last, is still on the stack.
        if (!closed_) loop_.post(bell_);
    });
}

void Wire::close() {
    closed_ = true;
    if (!conn_) return;
    stream_->cancel();
    stream_->flush();
    conn_->send_and_abort();
}

Async<net::Conn> Wire::connect() {
    const auto deadline = loop_.in(kConnectWait);
    if (address_.starts_with("unix:")) {
        auto endpoint = co_await net::Endpoint::parse(address_);
        co_return co_await net::connect(loop_, std::move(endpoint), deadline);
    }
    const net::TlsClientContext::Mutual mutual{tls_.ca, tls_.certificate, tls_.key, "h2"};
    auto tls = co_await net::TlsClientContext::make(mutual);
    auto work = [address = address_] { return resolve(address); };
    auto endpoints = co_await net::offload(loop_, std::move(work));
    auto last = not_found(address_, "no address");
    for (auto& endpoint : endpoints) {
        auto conn = co_await net::connect(loop_, std::move(endpoint), deadline).result();
        if (!conn) {
            last = std::move(conn.error());
            continue;
        }
        co_await conn->start_tls_client(*tls, std::string(kServerName), deadline);
        co_return std::move(*conn);
    }
    co_return tl::unexpected<Error>(std::move(last));
}

Async<void> Wire::run() {
    auto conn = co_await connect();
    if (closed_) co_return;
    conn_ = std::move(conn);
    stream_.emplace(std::string(kOpen), conn_->is_tls(),
                    GrpcStream::Sinks{[this](std::string_view bytes) { conn_->put(bytes); },
                                      [this](std::string_view message) { return receive(message); }});
    v1::ClientFrame hello;
    *hello.mutable_hello() = hello_;
    say(hello);
    send_frames();
    auto ended = co_await converse().result();
    if (stream_->end()) end_ = *stream_->end();
    else co_await std::move(ended);
}

// Until the connection or the call has ended.
Async<void> Wire::converse() {
    bool asked = false;  // whether it lives
    while (!closed_ && !stream_->end()) {
        auto more = co_await conn_->fill(loop_.in(asked ? kKeepaliveTimeout : kKeepaliveInterval)).result();
        if (!more && (asked || !net::is_timeout(more.error()))) co_await std::move(more);
        asked = !more;
        if (asked) {
            stream_->ping();
        } else {
            const auto bytes = conn_->buffered();
            auto fed = stream_->feed(bytes);
            conn_->consume(bytes.size());
            if (!fed) co_return;
        }
        send_frames();  // acknowledgements, and what waited for the peer's window
        if (received_.empty() || closed_) continue;
        ringing_ = true;
        bell_();
        ringing_ = false;
    }
}

bool Wire::receive(std::string_view message) {
    auto frame = std::make_unique<v1::ServerFrame>();
    if (!frame->ParseFromArray(message.data(), static_cast<int>(message.size()))) return false;
    received_.push_back(std::move(frame));
    return true;
}

void Wire::flush() {
    if (!calls_.empty() || !credits_.empty()) send_frames();
}

void Wire::send_frames() {
    if (!conn_ || closed_) return;
    while ((!calls_.empty() || !credits_.empty()) && stream_->queued() < kFrameBytesSoft) say(next_frame());
    stream_->flush();
    conn_->push();
}

v1::ClientFrame Wire::next_frame() {
    v1::ClientFrame frame;
    for (auto& credit : credits_) frame.mutable_credits()->Add(std::move(credit));
    credits_.clear();
    std::size_t bytes = 0;
    while (!calls_.empty() && bytes < kFrameBytesSoft && frame.calls_size() < kFrameCallsMax) {
        bytes += calls_.front()->ByteSizeLong();
        frame.mutable_calls()->AddAllocated(calls_.front().release());
        calls_.pop_front();
    }
    return frame;
}

void Wire::say(const v1::ClientFrame& frame) {
    std::string bytes(kGrpcPrefixBytes, '\0');
    frame.AppendToString(&bytes);
    stream_->send(std::move(bytes));
}

}  // namespace tayori::rpc::detail

#include "common/rpc/grpc_stream.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/percent.h"
#include "common/base/text.h"
#include "common/rpc/limits.h"

namespace tayori::rpc::detail {
namespace {

// Of a message's length, big-endian, behind the flag that says "not compressed".
std::size_t message_bytes(std::string_view prefix) {
    std::size_t bytes = 0;
    for (std::size_t i = 1; i < kGrpcPrefixBytes; ++i) bytes = bytes << 8 | static_cast<unsigned char>(prefix[i]);
    return bytes;
}

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) {
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // only read
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Http2Callbacks {
    static GrpcStream& stream(void* user) { return *static_cast<GrpcStream*>(user); }

    static ssize_t send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) {
        stream(user).sinks_.put(view(data, size));
        return static_cast<ssize_t>(size);
    }
    // How much of what waits may go into the next frame: all that the windows and the peer's frames have room for.
    static ssize_t frame_bytes(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t session_window,
                               std::int32_t stream_window, std::uint32_t frame_max, void*) {
        return std::min<std::int64_t>({session_window, stream_window, frame_max, kHttp2FrameMax});
    }
    static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t size, std::uint32_t* flags,
                        nghttp2_data_source*, void* user) {
        auto& self = stream(user);
        if (self.queued_ == 0) return NGHTTP2_ERR_DEFERRED;
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
        return static_cast<ssize_t>(std::min(size, self.queued_));
    }
    static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head, std::size_t size,
                         nghttp2_data_source*, void* user) {
        constexpr std::size_t kFrameHeadBytes = 9;
        stream(user).sinks_.put(view(head, kFrameHeadBytes));
        stream(user).put_queued(size);
        return 0;
    }
    static int data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size, void* user) {
        return stream(user).receive(view(data, size)) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    static int header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
        stream(user).header(view(name, name_size), view(value, value_size));
        return 0;
    }
    // The peer has said all, whether or not we have: nghttp2 itself would wait for both.
    static int received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        const bool ours = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
        if (ours && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) stream(user).stream_closed(NGHTTP2_NO_ERROR);
        return 0;
    }
    static int closed(nghttp2_session*, std::int32_t, std::uint32_t http2_error, void* user) {
        stream(user).stream_closed(http2_error);
        return 0;
    }

    static nghttp2_session* session(GrpcStream& self) {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session* made = nullptr;
        if (nghttp2_session_callbacks_new(&callbacks) != 0) return nullptr;
        nghttp2_session_callbacks_set_send_callback(callbacks, send);
        nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks, frame_bytes);
        nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, received);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closed);
        nghttp2_session_client_new(&made, callbacks, &self);
        nghttp2_session_callbacks_del(callbacks);
        return made;
    }
};

GrpcStream::GrpcStream(const std::string& path, bool encrypted, Sinks sinks)
    : sinks_(std::move(sinks)), session_(Http2Callbacks::session(*this), nghttp2_session_del) {
    if (session_) open(path, encrypted);
    else fail_call("no memory for HTTP/2");
}

void GrpcStream::open(const std::string& path, bool encrypted) {
    const std::array settings{
        nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_FRAME_SIZE, kHttp2FrameMax},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHttp2HeadersMax},
    };
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kStreamWindowBytes);
    const std::array headers{
        field(":method", "POST"),
        field(":scheme", encrypted ? "https" : "http"),
        field(":path", path),
        field(":authority", "spoold"),
        field("te", "trailers"),
        field("content-type", "application/grpc+proto"),
        field("user-agent", "tayori"),
    };
    const nghttp2_data_provider body{{.ptr = nullptr}, Http2Callbacks::read};
    stream_ = nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), &body, nullptr);
    if (stream_ < 0) fail_call(nghttp2_strerror(stream_));
}

GrpcStream::~GrpcStream() = default;

Result<void> GrpcStream::feed(std::string_view bytes) {
    if (!session_) return fail(Kind::closed, end_->message);
    const auto taken = nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0) fail_call(nghttp2_strerror(static_cast<int>(taken)));
    flush();  // acknowledgements; and what nghttp2 has to say about broken frames, behind which it reads no more
    if (nghttp2_session_want_read(session_.get()) == 0) fail_call("the connection has ended");
    if (end_) return fail(Kind::closed, end_->message);
    return {};
}

void GrpcStream::send(std::string&& prefixed) {
    if (end_) return;
    const auto size = prefixed.size() - kGrpcPrefixBytes;
    prefixed[0] = 0;
    for (std::size_t i = 1; i < kGrpcPrefixBytes; ++i) {
        const auto shift = 8 * (kGrpcPrefixBytes - 1 - i);
        prefixed[i] = static_cast<char>(size >> shift & 0xFF);
    }
    queued_ += prefixed.size();
    out_.push_back(std::move(prefixed));
    nghttp2_session_resume_data(session_.get(), stream_);
}

void GrpcStream::put_queued(std::size_t bytes) {
    queued_ -= bytes;
    while (bytes > 0) {
        const auto piece = std::string_view(out_.front()).substr(out_at_, bytes);
        sinks_.put(piece);
        bytes -= piece.size();
        out_at_ += piece.size();
        if (out_at_ < out_.front().size()) continue;
        out_.pop_front();
        out_at_ = 0;
    }
}

void GrpcStream::ping() {
    if (session_) nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void GrpcStream::cancel() {
    if (session_ && !end_) nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream_, NGHTTP2_CANCEL);
}

void GrpcStream::flush() {
    if (!session_) return;
    if (const int failed = nghttp2_session_send(session_.get()); failed != 0) fail_call(nghttp2_strerror(failed));
}

// Most messages come in one piece, and are read where they lie.
bool GrpcStream::receive(std::string_view bytes) {
    while (!bytes.empty()) {
        if (in_.empty() && bytes.size() >= kGrpcPrefixBytes) {
            const auto whole = kGrpcPrefixBytes + message_bytes(bytes);
            if (bytes.size() >= whole) {
                if (!receive_whole(bytes.substr(0, whole))) return false;
                bytes.remove_prefix(whole);
                continue;
            }
        }
        const auto missing = in_.size() < kGrpcPrefixBytes ? kGrpcPrefixBytes - in_.size()
                                                           : kGrpcPrefixBytes + message_bytes(in_) - in_.size();
        const auto taken = std::min(missing, bytes.size());
        in_.append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        if (in_.size() < kGrpcPrefixBytes) continue;
        const auto size = message_bytes(in_);
        if (size > kMessageBytesMax) {
            fail_call("a message is too large");
            return false;
        }
        in_.reserve(kGrpcPrefixBytes + size);
        if (in_.size() < kGrpcPrefixBytes + size) continue;
        const bool good = receive_whole(in_);
        in_.clear();
        if (in_.capacity() > kStreamWindowBytes) in_.shrink_to_fit();
        if (!good) return false;
    }
    return true;
}

bool GrpcStream::receive_whole(std::string_view bytes) {
    if (bytes[0] == 0 && sinks_.message(bytes.substr(kGrpcPrefixBytes))) return true;
    fail_call("a message can't be read");
    return false;
}

void GrpcStream::header(std::string_view name, std::string_view value) {
    headers_bytes_ += name.size() + value.size();
    if (headers_bytes_ > kHttp2HeadersMax) return fail_call("too many headers");
    if (name == ":status") http_status_ = value;
    if (name == "grpc-message") grpc_message_ = percent_decode(value);
    if (name != "grpc-status") return;
    std::uint32_t code = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), code);
    if (parsed.ec == std::errc() && parsed.ptr == value.data() + value.size()) grpc_status_ = code;
}

void GrpcStream::stream_closed(std::uint32_t http2_error) {
    if (end_) return;
    if (grpc_status_) end_ = CallEnd{static_cast<GrpcCode>(*grpc_status_), std::move(grpc_message_)};
    else fail_call(http2_error != 0 ? cat("stream reset: ", nghttp2_http2_strerror(http2_error))
                                    : cat("HTTP status ", http_status_));
}

void GrpcStream::fail_call(std::string why) {
    if (!end_) end_ = CallEnd{GrpcCode::unavailable, std::move(why)};
}

}  // namespace tayori::rpc::detail

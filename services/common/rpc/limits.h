// The numbers that both ends of SpoolStream agree on or are bounded by.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tayori::rpc {

inline constexpr std::uint32_t kVersion = 1;        // highest protocol version that we speak
inline constexpr std::uint32_t kVersionLowest = 1;  // one less, as soon as there are two

inline constexpr std::size_t kCreditStart =
    1024 * 1024;  // bytes of a many-reply answer sent without asking
inline constexpr std::size_t kControlBytesMax =
    16 * 1024;  // mail above it travels on the bulk stream
inline constexpr std::size_t kInlineBytesMax = 256 * 1024;   // of mail in one call; above: upload
inline constexpr std::size_t kUploadPieceMax = 1024 * 1024;  // of one UploadAppend
// Of one gRPC message, either way. The longest are a list of 5,000 folders with the longest names
// and 10,000 subscriptions, and a fetch of a million messages; a longer one would end the stream
// for everybody on it.
inline constexpr std::size_t kMessageBytesMax = 24 * 1024 * 1024;
inline constexpr std::size_t kCallBytesMax =
    kMessageBytesMax - 1024 * 1024;  // of one call or reply in it
inline constexpr std::size_t kFrameBytesSoft =
    512 * 1024;                             // a frame is sent when it has grown to this
inline constexpr int kFrameCallsMax = 256;  // calls in one frame
inline constexpr int kHttp2FrameMax = 1024 * 1024;  // of HTTP/2, either way: a mail's bytes in one frame
inline constexpr int kStreamWindowBytes = 4 * 1024 * 1024;  // of HTTP/2: on its way and not yet read

}  // namespace tayori::rpc

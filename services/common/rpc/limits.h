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
inline constexpr std::size_t kMessageBytesMax = 4 * 1024 * 1024;  // of one gRPC message, either way
inline constexpr std::size_t kFrameBytesSoft =
    512 * 1024;  // a frame is sent when it has grown to this

}  // namespace tayori::rpc

// What one stream, and spoold as a whole, takes on at a time. common/rpc/limits.h has what both
// ends agree on.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/rpc/limits.h"

namespace tayori::spool {

// Of one stream. Above these nothing more is read from it: HTTP/2's window then stops the daemon.
inline constexpr std::size_t kCallsInFlightMax = 4096;
inline constexpr std::size_t kCallBytesInFlightMax = 32 * 1024 * 1024;
inline constexpr std::size_t kQueuedBytesMax =
    8 * 1024 * 1024;  // of replies; also where bulk answers pause

// Of one stream: answers in many replies that are not at their end. More are refused as busy, not
// held up by not reading, because the credits for those in flight come by the same way.
inline constexpr std::size_t kFlowsMax = 2048;

inline constexpr std::size_t kReplyBytesSoft = 256 * 1024;  // of one reply of a many-reply answer
inline constexpr std::size_t kLeasesPerStreamMax = 4096;

inline constexpr std::size_t kTableBytesMax = 48 * 1024 * 1024;  // of one table of accounts

inline constexpr std::size_t kNameBytesMax = 128;  // of a program and its instance, in logs
inline constexpr std::size_t kStreamsMax = 1024;   // open at a time, of all daemons
inline constexpr int kGrpcThreadsMax = 16;
inline constexpr std::size_t kGrpcMemoryMax = 96 * 1024 * 1024;
inline constexpr int kKeepaliveIntervalMs = 30'000;
inline constexpr int kKeepaliveTimeoutMs = 10'000;
inline constexpr int kPingIntervalMinMs = 10'000;  // a daemon that pings more often is cut off

}  // namespace tayori::spool

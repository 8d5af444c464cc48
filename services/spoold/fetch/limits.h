// Every bound of fetching.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tayori::spool {

inline constexpr std::uint32_t kFetchSourcesPerAccountMax = 100;
inline constexpr std::size_t kFetchHostBytesMax = 253;
inline constexpr std::size_t kFetchUserBytesMax = 320;
inline constexpr std::size_t kFetchSecretBytesMax = 16 * 1024;  // tokens are long
inline constexpr std::size_t kFetchCaBytesMax = 64 * 1024;
inline constexpr std::size_t kFetchTextBytesMax = 500;          // of what a run says
inline constexpr std::uint32_t kFetchPortMax = 65'535;
inline constexpr std::uint32_t kFetchDeleteDaysMax = 3'650;

inline constexpr std::uint32_t kFetchIntervalDefaultS = 600;
inline constexpr std::uint32_t kFetchIntervalMinS = 60;
inline constexpr std::uint32_t kFetchIntervalMaxS = 7 * 86'400;

// After failures in a row the interval doubles, up to these. A login that is refused is tried less often: some servers lock
// whoever goes on.
inline constexpr std::int64_t kFetchBackoffMaxS = 4 * 3'600;
inline constexpr std::int64_t kFetchLoginBackoffMinS = 1'800;
inline constexpr std::int64_t kFetchLoginBackoffMaxS = 86'400;
// After leases in a row that nobody ended: the first time at once, then from the one to the other.
inline constexpr std::int64_t kFetchLapseBackoffMinS = 60;
inline constexpr std::int64_t kFetchLapseBackoffMaxS = 3'600;

inline constexpr std::uint32_t kFetchWaitMaxS = 60;     // for something to be due
inline constexpr std::size_t kFetchWaitersMax = 1'000;
inline constexpr std::size_t kFetchLeasesMax = 1'000;
inline constexpr std::int64_t kFetchAbsentAgainS = 600;  // when the account is deleted

}  // namespace tayori::spool

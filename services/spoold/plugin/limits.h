// Every bound of what plugins keep and decide, by name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tayori::spool {

// Declarations.
inline constexpr std::size_t kDeclaredPluginsMax = 256;             // names, of all that were ever loaded
inline constexpr std::int64_t kDeclarationWriteEveryMs = 10'000;    // of one plugin, on average,
inline constexpr std::uint32_t kDeclarationWritesAtOnce = 10;       // and so many without waiting
inline constexpr std::chrono::milliseconds kReloadWait{20'000};     // for what the daemons say to a reload

// What plugins keep (README.md). Of one plugin and one account, or the site:
inline constexpr std::size_t kPluginKeyBytesMax = 255;
inline constexpr std::size_t kPluginValueBytesMax = 4 * 1024;
inline constexpr std::uint64_t kPluginStateRowsMax = 1'000;
inline constexpr std::uint64_t kPluginStateBytesMax = 256 * 1024;
inline constexpr std::uint64_t kPluginCountsMax = 10'000;           // conditions that are being counted
inline constexpr std::uint64_t kPluginSiteCountsMax = 20'000;
inline constexpr std::uint64_t kPluginCountBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kExpiredFreedAtOnce = 1'000;           // rows that make room in one commit
inline constexpr std::int64_t kExpiredLookedForEveryMs = 1'000;     // in a table that is full
inline constexpr std::uint64_t kSweptRowsAtOnce = 200'000;          // looked at in one round of the background
inline constexpr std::int64_t kSweepEveryMs = 3'600'000;            // from the end of the table to the next round
inline constexpr std::size_t kDroppedKnownMax = 10'000;             // whose loss has been logged

// What one plan may bring.
inline constexpr std::size_t kConditionsPerMailMax = 50;
inline constexpr std::size_t kLimitsPerPlanMax = 500;
inline constexpr std::size_t kStateChangesPerPlanMax = 5'000;
inline constexpr std::size_t kNotesPerPlanMax = 500;
inline constexpr std::size_t kNoteBytesMax = 400;                   // the rest of a longer one is left out

// Profiles.
inline constexpr std::size_t kProfileCacheMax = 16'384;             // accounts
inline constexpr std::size_t kScopeCacheMax = 4'096;                // domains
inline constexpr std::size_t kPluginAliasesMax = 50;                // of an account, told with Resolve
inline constexpr std::size_t kAliasesLookedAtMax = 200;             // for them

// Work without a session.
inline constexpr std::int64_t kPluginWorkLeaseMs = 600'000;
inline constexpr std::size_t kPluginWorkLeasesMax = 1'000;
inline constexpr std::size_t kPluginWorkWaitersMax = 1'000;
inline constexpr std::uint32_t kPluginWorkWaitMaxMs = 60'000;
inline constexpr std::size_t kPluginWorkNamesMax = 64;              // in one request
inline constexpr std::int64_t kWorkLookEveryMs = 1'000;             // for changes of the directory and of mailboxes
inline constexpr std::int64_t kWorkScanShare = 20;                  // looking through all accounts takes at most one part of so many
inline constexpr std::size_t kWorkLooksMax = 10'000;                // at what is due, for one who waits
inline constexpr std::size_t kWorkTriesMax = 100;                   // of which may turn out to be over
inline constexpr std::int64_t kUsageSampleMs = 7 * 86'400'000ll;    // how old it gets (work_queue.h)
inline constexpr std::size_t kTouchedMax = 100'000;                 // accounts whose usage has to be looked at
inline constexpr std::size_t kPluginMailsMax = 100;                 // of one piece of work

}  // namespace tayori::spool

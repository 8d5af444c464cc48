// Every limit of the directory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tayori::spool {

inline constexpr std::size_t kAliasTargetsMax = 1000;   // of one alias
inline constexpr std::size_t kAliasDepthMax = 10;       // alias to alias to …
inline constexpr std::size_t kExpansionMax = 5000;      // targets behind one recipient, all levels together
inline constexpr std::size_t kRecipientsMax = 1000;     // of one Resolve
inline constexpr std::size_t kDisplayNameBytesMax = 255;
inline constexpr std::size_t kAppPasswordsMax = 50;     // of one account
inline constexpr std::size_t kAppPasswordNameBytesMax = 100;
inline constexpr std::size_t kPasswordBytesMax = 1024;
inline constexpr std::size_t kUserBytesMax = 512;       // of a login name
inline constexpr std::size_t kImportedHashBytesMax = 512;
inline constexpr std::uint32_t kScramIterationsMin = 4096;  // RFC 7677 §4
inline constexpr std::uint32_t kScramIterationsMax = 1'000'000;
inline constexpr std::size_t kScramMessageBytesMax = 4096;
inline constexpr std::size_t kScramNonceBytesMax = 512;     // the client's
inline constexpr std::chrono::milliseconds kScramExchangeTime{60'000};
inline constexpr std::size_t kScramExchangesMax = 8192;     // begun and not ended; known clients and others apart

inline constexpr std::size_t kPostmasterLooksAt = 1000;     // addresses of a domain, for its oldest account

inline constexpr std::size_t kResolvedCacheMax = 16'384;    // addresses
inline constexpr std::size_t kTicketCacheMax = 16'384;
inline constexpr std::size_t kLoginCacheMax = 16'384;
inline constexpr std::chrono::milliseconds kUseKept{3'600'000};  // last_login is written at most this often

inline constexpr std::size_t kVerifyJoinedMax = 4096;       // who wait for one and the same verification

inline constexpr std::size_t kBulkRowsMax = 50'000;         // of one table of accounts
inline constexpr std::size_t kBulkStepsMax = 20'000;        // accounts that one bulk change touches
inline constexpr std::size_t kBulkProblemsMax = 1000;       // named one by one
inline constexpr int kBulkAttemptsMax = 5;                  // where others change what it rests on meanwhile
inline constexpr std::size_t kBulkChangesKept = 1000;       // in the list of changes

inline constexpr std::chrono::hours kKnownFor{24 * 30};
inline constexpr std::size_t kFailureCountersMax = 131'072;
inline constexpr std::size_t kKnownClientsMax = 131'072;
inline constexpr std::size_t kScramExchangesPerNetworkMax = 1024;

}  // namespace tayori::spool

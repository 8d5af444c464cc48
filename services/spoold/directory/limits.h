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

inline constexpr std::size_t kResolvedCacheMax = 16'384;    // addresses
inline constexpr std::size_t kTicketCacheMax = 16'384;
inline constexpr std::size_t kLoginCacheMax = 16'384;
inline constexpr std::chrono::milliseconds kLoginCacheTime{300'000};
inline constexpr std::chrono::milliseconds kUseKept{3'600'000};  // last_login is written at most this often

inline constexpr std::size_t kVerifyWaitingKnownMax = 1024;  // verifications in the queue
inline constexpr std::size_t kVerifyWaitingOthersMax = 1024;
inline constexpr std::size_t kVerifyWaitingPerNetworkMax = 512;
inline constexpr std::size_t kVerifyJoinedMax = 4096;       // who wait for one and the same verification

// Failed logins: so many at once, then one more in so many milliseconds; above, the answer is "try again later".
struct Allowance {
    double at_once;
    double refill_ms;
};
inline constexpr Allowance kStrangerOnUser{10, 30'000};      // one network at one name
inline constexpr Allowance kStrangersOnNetwork{100, 1'000};  // one network at all names
inline constexpr Allowance kStrangersOnUser{200, 5'000};     // all networks at one name
inline constexpr Allowance kKnownOnUser{30, 2'000};          // a network from which that name logged in lately
inline constexpr std::chrono::hours kKnownFor{24 * 30};
inline constexpr std::size_t kFailureCountersMax = 131'072;
inline constexpr std::size_t kKnownClientsMax = 131'072;
inline constexpr std::size_t kScramExchangesPerNetworkMax = 1024;

}  // namespace tayori::spool

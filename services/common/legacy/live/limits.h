// Every bound on what another server may say. It is old, broken, or not what it seems.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tayori::legacy {

inline constexpr std::size_t kLiveLineBytesMax = 64 * 1024;        // of a line, without literals
inline constexpr std::size_t kLiveResponseBytesMax = 1024 * 1024;  // of a response, without a mail's bytes
inline constexpr std::size_t kLiveLiteralsMax = 64;                // in one response
inline constexpr std::size_t kLiveValuesMax = 4'096;               // in one response
inline constexpr std::size_t kLiveNestingMax = 16;
inline constexpr std::size_t kLiveNameBytesMax = 1'000;      // of a folder, with all its levels
inline constexpr std::size_t kLiveFoldersMax = 5'000;        // as spoold's, of an account
inline constexpr std::size_t kLiveMailsMax = 5'000'000;      // of one mailbox
inline constexpr std::size_t kLiveFlagsMax = 200;            // of one mail
inline constexpr std::size_t kLiveFieldBytesMax = 998;       // Message-ID, Date (RFC 5322 §2.1.1)
inline constexpr std::size_t kLiveUnaskedMax = 1'000'000;    // responses before a command's end that nobody wanted
inline constexpr std::size_t kLiveTopBytesMax = 256 * 1024;  // of a mail's header
inline constexpr std::size_t kLiveUidsPerCommand = 500;      // in one STORE or EXPUNGE
inline constexpr std::size_t kLiveHeadersPerCommand = 500;   // UIDs in one FETCH of a listing

// Bodies on their way: asked for before they are needed.
inline constexpr std::size_t kLiveWindowMails = 64;
inline constexpr std::uint64_t kLiveWindowBytes = 8 * 1024 * 1024;  // a larger mail comes alone
inline constexpr std::size_t kLivePop3Pipeline = 32;

inline constexpr std::size_t kLiveReceiveBytes = 64 * 1024;
inline constexpr unsigned kLiveTriesOfOneMail = 3;  // then it is the mail that ends the connection
inline constexpr std::chrono::milliseconds kLiveBackoffFirst{500};
inline constexpr std::chrono::milliseconds kLiveBackoffMax{30'000};

}  // namespace tayori::legacy

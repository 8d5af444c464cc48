// The numbers that name things, as types that can't be taken for each other (README.md of mailbox/ says who counts them).
#pragma once

#include <cstdint>

namespace tayori::spool {

enum class AccountId : std::uint64_t {};  // 0: the site
enum class FolderId : std::uint64_t {};   // MAILBOXID (RFC 8474 §4)
enum class MessageId : std::uint64_t {};  // EMAILID (RFC 8474 §5.1)
enum class QueueId : std::uint64_t {};    // an outbound mail
enum class JobId : std::uint64_t {};      // a conversion and the like
enum class ImportId : std::uint64_t {};   // mail of an old server, brought in
enum class FetchId : std::uint64_t {};    // an account at another server that mail is pulled from

using Uid = std::uint32_t;      // of a message in a folder, RFC 3501 §2.3.1.1
using Modseq = std::uint64_t;   // at most 63 bits, RFC 7162 §3.1

template <class Id>
constexpr std::uint64_t raw(Id id) {
    return static_cast<std::uint64_t>(id);
}

}  // namespace tayori::spool

// Every bound of the mailbox, by name. Those that a site may want to change are in MailboxSettings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace tayori::spool {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// Folders.
inline constexpr std::size_t kFolderNameBytesMax = 1000;
inline constexpr std::size_t kFolderDepthMax = 32;
inline constexpr std::uint32_t kFoldersPerAccountMax = 5'000;
inline constexpr std::uint32_t kSubscriptionsPerAccountMax = 10'000;
// What a listing of all names may take, with the levels above them and with subscriptions: it travels as one message.
inline constexpr std::uint64_t kListBytesMax = 2 * kMiB;
inline constexpr std::uint64_t kListEntryBytes = 64;  // of an entry besides its name

// References.
inline constexpr std::size_t kPageUidsMax = 256;        // a page of references
inline constexpr std::uint32_t kUidNextMax = 4'294'967'000;  // above it the folder must be renumbered first
// A folder that keeps high UIDs is renumbered when only so many are left: mail goes on meanwhile.
inline constexpr std::uint32_t kUidHeadroomLeft = 1'000'000;
inline constexpr std::uint32_t kImportedUidValidityMax = 4'294'000'000;  // a higher one is not taken over: some must be left
inline constexpr std::size_t kUidRangesMax = 100'000;   // in one call
inline constexpr std::size_t kKeywordsPerAccountMax = 1'000;
inline constexpr std::size_t kKeywordBytesMax = 128;
inline constexpr std::size_t kKeywordsPerMessageMax = 100;
inline constexpr std::size_t kUidlBytesMax = 70;        // RFC 1939 §7
inline constexpr std::uint32_t kExpungeLogEntriesMax = 4'096;  // per folder; then the older half goes

// Messages.
inline constexpr std::size_t kPrefixBytesMax = 4 * kKiB;
inline constexpr std::size_t kHeaderKeptBytesMax = 16 * kKiB;  // raw headers kept beside the body
inline constexpr std::size_t kInlineBytesMax = 256 * kKiB;     // larger bodies come as uploads
inline constexpr std::size_t kUploadPieceBytesMax = 1 * kMiB;
inline constexpr std::size_t kSummaryBytesMax = 1 * kMiB;      // all fields of a summary but the raw header

// Calls.
inline constexpr std::size_t kRequestIdBytesMax = 64;
inline constexpr std::size_t kDeliveriesPerPlanMax = 1'000;
inline constexpr std::size_t kOutboundPerPlanMax = 1'000;
inline constexpr std::size_t kOutboundRecipientsMax = 10'000;
inline constexpr std::size_t kBodyChunkBytesMax = 256 * kKiB;
inline constexpr std::size_t kFetchMessagesMax = 1'000'000;    // ids or ranges in one fetch

// Change events that wait for a slow subscriber, before it gets a resync marker instead.
inline constexpr std::size_t kEventsPerFolderMax = 1'024;
// One event may not fill a frame either: a COPY of a hundred thousand messages is read anew, in portions.
inline constexpr std::size_t kEventBytesMax = 1 * kMiB;
inline constexpr std::size_t kEventBytesPerSubscriberMax = 8 * kMiB;

// Work done in one commit by background jobs, so that mail is not held up by them.
inline constexpr std::size_t kPurgeMessagesPerCommit = 1'000;

struct MailboxSettings {
    std::uint32_t undelete_days = 7;              // store.undelete_days
    std::uint32_t uid_renumber_at = 1U << 31;     // mailbox.uid_renumber_at: for clients that count with a sign
    std::optional<bool> imap4_pinned;             // imap4.enabled, where the file says so
    bool convert_at_login = false;                // imap4.convert_at_login
    std::uint64_t message_bytes_max = 64 * kMiB;  // the largest message that is ever stored
    // What Sent and Drafts may take above the quota, so that sending works with a full mailbox: the greater of both.
    std::uint32_t reserve_percent = 10;
    std::uint64_t reserve_bytes_min = 10 * kMiB;
    std::uint64_t reserve_messages_min = 100;
};

}  // namespace tayori::spool

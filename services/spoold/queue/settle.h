// What becomes of a mail in one mutation: its recipients' states, notifications to its sender, traces, and its end.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "common/mail/dsn.h"
#include "spoold/queue/queue.h"
#include "spoold/queue/retry.h"

namespace tayori::spool {

struct NoticeOptions {
    std::string hostname;                                  // of the reporting MTA
    mail::DsnLanguage language = mail::DsnLanguage::english;
    std::uint64_t full_bytes_max = 64 * 1024;              // outbound.dsn_full_bytes_max: a longer original is cut to its header
    std::uint64_t header_bytes_max = 32 * 1024;
};

// Of one recipient.
struct Fate {
    enum class What { delivered, relayed, deferred, failed, expired, delayed, cancelled };
    std::uint32_t index = 0;
    What what = What::deferred;
    v1::Said said;
    bool tell = true;    // cancelled: the sender hears of it
    bool final = false;  // delivered: into a mailbox; else to a system that takes care of notifications itself
};

// Made before the mutation.
struct Settlement {
    QueueId id{};
    std::vector<Fate> fates;
    RetryRules rules;        // of the destination
    NoticeOptions notices;
    std::string notice_from; // address
    std::string original;    // the mail or its header, for a notification; empty: none will be needed
    bool original_full = false;
    std::uint64_t seed = 0;  // for jitter, ids and boundaries
};

// And after it.
struct Settled {
    bool known = false;
    bool gone = false;                // all recipients are settled
    QueuedMail mail;
    std::vector<QueuedMail> notices;  // in the queue now
    std::uint64_t delivered = 0;
    std::uint64_t deferred = 0;
    std::uint64_t failed = 0;
    std::deque<std::string> bodies;   // the store reads them until the commit is done
};

// Does the sender get a notification of this fate? (Of a deferred one whose time is over as of a failure.)
bool wants_notice(const QueuedMail& mail, const QueuedRecipient& recipient, const Fate& fate);

Result<void> apply(store::Transaction& transaction, const Settlement& settlement, Settled& settled);

}  // namespace tayori::spool

// Leases of maildrops: one POP3 session at a time (RFC 1939 §4 "exclusive-access lock"). They live in memory: a restart
// of spoold drops pop3d's streams, and with them the sessions.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "spoold/ids.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/mailbox/uid_set.h"

namespace tayori::spool {

// Which message has which number: runs of consecutive UIDs of one folder under consecutive numbers.
class MaildropNumbers {
  public:
    void add(FolderId folder, Uid uid);
    struct InFolder {
        FolderId folder{};
        UidSet uids;
    };
    // invalid: a number that there is not.
    Result<std::vector<InFolder>> find(const UidSet& numbers) const;

  private:
    struct Run {
        FolderId folder{};
        std::uint32_t first_number = 0;
        Uid first_uid = 0;
        std::uint32_t count = 0;
    };
    std::vector<Run> runs_;
    std::uint32_t count_ = 0;
};

class Maildrops {
  public:
    // in_use.
    Result<std::uint64_t> acquire(AccountId account, LeaseOwner owner);
    void set_numbers(std::uint64_t lease, MaildropNumbers numbers);
    // Once only: a lease that is being closed takes no second close, but still keeps others out until release().
    // not_found: void.
    Result<MaildropNumbers> close(AccountId account, std::uint64_t lease);
    void release(std::uint64_t lease);
    void release_all(LeaseOwner owner);

  private:
    struct Lease {
        AccountId account{};
        LeaseOwner owner{};
        bool closing = false;
        MaildropNumbers numbers;
    };
    std::mutex mutex_;
    std::uint64_t last_ = 0;
    absl::flat_hash_map<std::uint64_t, Lease> leases_;
    absl::flat_hash_map<std::uint64_t, std::uint64_t> by_account_;
};

}  // namespace tayori::spool

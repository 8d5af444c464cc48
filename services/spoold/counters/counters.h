// The counters: shown with what is left of them, proved against what is in use, and raised (design.md §3).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "spoold/counters/raised.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/mailbox/reading.h"
#include "tayori/spool/v1/admin.pb.h"

namespace tayori::spool {

// An account's address for reports.
using AddressOf = std::function<std::string(AccountId)>;
// The living account of an address; not_found.
using AccountOf = std::function<Result<AccountId>(const std::string&)>;

// Reads every reference: counters, folder records, ledgers and reference counts against a recount. AccountId{0}: all.
Result<v1::CountersReport> verify_counters(const store::Snapshot& snapshot, AccountId account,
                                           const AddressOf& address_of);

struct Floors;

// Below these a folder's UIDs are told of as running out, long before it is renumbered by itself.
inline constexpr double kHeadroomPercentLow = 10.0;
inline constexpr double kHeadroomYearsLow = 1.0;

class Counters {
  public:
    struct Parts {
        store::Store& store;
        const Clock& clock;
        AddressOf address_of;
        AccountOf account_of;
        RaisedCount& raised;
        std::uint32_t uid_renumber_at;  // MailboxSettings
    };
    explicit Counters(Parts parts) : parts_(std::move(parts)) {}

    // Raises every counter that is not above the highest number in use. At any time: it looks in a snapshot for what is wrong,
    // and a counter that has risen meanwhile stays as it is. Waits for its commits, so not on the committer's thread.
    Result<v1::CountersRaised> repair();
    // Raises counters to at least these, as an export or an old server has them. invalid: a number that none may have.
    Result<v1::CountersRaised> raise(const v1::RaiseCountersRequest& request);

    // Takes a sample for the pace of the site's counters, where one is due; call it now and then.
    void note_pace();

    // Looks for the folder whose UIDs run out first, at most once an hour; call it now and then. One that runs low is logged
    // when it is first seen so.
    void note_headroom();
    // The folder with the least headroom, as it was last seen; none: there is no folder. Thread-safe.
    std::optional<v1::FolderCounters> least_headroom() const;
    // A sentence about it for administrators where it runs low.
    std::optional<std::string> headroom_warning() const;

    // AccountId{0}: the site's counters only.
    Result<v1::Counters> show(AccountId account) const;
    // Of all living accounts, until `visit` returns false.
    Result<void> list_folders(const std::function<bool(const v1::FolderCounters&)>& visit) const;
    Result<v1::CountersReport> verify(AccountId account) const;

    // Usage by the ledger and by recount. AccountId{0}: all.
    Result<v1::QuotaReport> quota(AccountId account) const;  // recounted_* are 0
    Result<v1::QuotaReport> recount(AccountId account) const;

  private:
    void show_folder(const NumberedFolder& folder, const std::string& address, v1::FolderCounters& to) const;
    Result<v1::CountersRaised> raise_all(const Floors& floors, bool dry_run);

    Parts parts_;
    std::int64_t headroom_seen_ms_ = 0;  // of the caller of note_headroom()
    mutable std::mutex mutex_;
    std::optional<v1::FolderCounters> least_;
};

}  // namespace tayori::spool

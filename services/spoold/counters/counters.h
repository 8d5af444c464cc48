// The counters: shown, proved against what is in use, and at start repaired upward (design.md §3).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "spoold/mailbox/mailboxes.h"
#include "tayori/spool/v1/admin.pb.h"

namespace tayori::spool {

// An account's address for reports.
using AddressOf = std::function<std::string(AccountId)>;

// Reads every reference: counters, folder records, ledgers and reference counts against a recount. AccountId{0}: all.
Result<v1::CountersReport> verify_counters(const store::Snapshot& snapshot, AccountId account,
                                           const AddressOf& address_of);

class Counters {
  public:
    Counters(store::Store& store, AddressOf address_of) : store_(store), address_of_(std::move(address_of)) {}

    // Called once at start, before any call is served: every counter that is not above the highest number in use is
    // raised, in one commit. Says what it repaired, a sentence each. Waits for the commit.
    Result<std::vector<std::string>> check_and_repair();

    // AccountId{0}: the site's counters only.
    Result<v1::Counters> show(AccountId account) const;
    Result<v1::CountersReport> verify(AccountId account) const;

    // Usage by the ledger and by recount. AccountId{0}: all.
    Result<v1::QuotaReport> quota(AccountId account) const;  // recounted_* are 0
    Result<v1::QuotaReport> recount(AccountId account) const;

  private:
    store::Store& store_;
    AddressOf address_of_;
};

}  // namespace tayori::spool

// What a job does with one mailbox: proving it from a snapshot, and changing it inside a mutation.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/reading.h"
#include "tayori/spool/stored/v1/jobs.pb.h"

namespace tayori::spool {

v1::Notice make_notice(std::string code, std::vector<std::string> values = {});

struct Proof {
    std::uint64_t mails = 0;
    std::uint64_t folders = 0;
    bool rebuild = false;  // numbers that are kept differ from what is there: the mutation has to mend them
    std::vector<v1::Notice> notices;
};
// Reads every reference: UIDs ascend, counts agree, no UIDL and no place in the POP3 order is there twice. `seen` hears of
// every few thousand mails. corrupt: something can't be read.
Result<Proof> prove_mailbox(const store::Snapshot& snapshot, AccountId account, const AccountState& state,
                            const std::function<void(std::uint64_t)>& seen);

// Does the mailbox need anything of this job?
bool is_as_wanted(const v1::JobSpec& spec, const AccountState& state);

// Inside a mutation, on a mailbox that needs it. `outcome` gets what was done, `changes` the sessions that end.
Result<void> convert_mailbox(AccountTx& box, const v1::JobSpec& spec, JobId job, bool rebuild,
                             stored::v1::StoredOutcome& outcome, ChangeSet& changes);
Result<void> rebuild_mailbox(AccountTx& box, stored::v1::StoredOutcome& outcome);
// exists: a client has seen the result, or the mailbox has been changed by another job since.
Result<void> undo_mailbox(AccountTx& box, JobId undone, const stored::v1::StoredOutcome& was, JobId job,
                          stored::v1::StoredOutcome& outcome, ChangeSet& changes);

}  // namespace tayori::spool

// What restoring one account would change: the mailbox at a moment of the backup compared with the living one.
//
// A mail is known again by its message id, which is never given twice; where the account was made anew since, by its
// UIDL, which a restore carries over. For each folder of the backup one of the mailbox is the target: the same one by id,
// also when it was renamed, else that of the same name, else a new one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spoold/backup/moment.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/mailbox/reading.h"
#include "spoold/mailbox/reference.h"
#include "tayori/spool/v1/backup.pb.h"

namespace tayori::spool {

using RestoreMode = v1::RestoreAccountRequest::Mode;

struct AccountWish {
    AccountId past{};
    AccountId living{};
    RestoreMode mode = v1::RestoreAccountRequest::MODE_MERGE;
    std::string beside;  // the folder above all, where mode is beside

    bool same_account() const { return past == living; }
};

// One mail to bring back.
struct Comeback {
    enum class From { backup, trash, living };
    From from = From::backup;
    Reference reference;    // as it was
    MessageId message{};    // of `living` and `trash`: in the mailbox
    std::string trash_key;  // of `trash`: the page
    bool new_uidl = false;  // the old one is in use
};

struct FlagsBack {
    Uid uid = 0;  // in the living folder
    std::uint8_t flags = 0;
    std::vector<std::string> keywords;
};

struct FolderPlan {
    std::string past_name;
    v1::SpecialUse special_use = v1::SPECIAL_USE_UNSPECIFIED;
    bool subscribed = false;
    std::optional<FolderId> target;  // none: it is created
    std::string target_name;
    std::vector<Comeback> back;
    std::uint64_t present = 0;
    std::vector<Uid> remove;  // ascending
    std::vector<FlagsBack> flags;
    bool delete_folder = false;

    v1::RestoredFolder report() const;
};

// not_found: no such mailbox in the backup.
Result<std::vector<FolderPlan>> plan_account(const store::Snapshot& past, const store::Snapshot& living,
                                             const AccountWish& wish);

}  // namespace tayori::spool

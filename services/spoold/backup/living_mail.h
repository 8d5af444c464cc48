// The mail of one mailbox by what it is known by: where it lies, what lies in the trash, and which UIDLs are in use.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/base/result.h"
#include "spoold/mailbox/reading.h"
#include "spoold/mailbox/reference.h"

namespace tayori::spool {

enum class KnownBy { message_id, uidl };
std::string key_of(const Reference& reference, KnownBy by);
std::string uidl_of(const Reference& reference);

struct LivingMail {
    struct Place {
        FolderId folder{};
        Reference reference;
    };
    struct Trashed {
        std::string page;  // its key
        MessageId message{};
    };
    struct Mail {
        std::vector<Place> places;
        std::vector<Trashed> trashed;
    };
    std::vector<NumberedFolder> folders;
    absl::flat_hash_map<std::string, Mail> mails;
    absl::flat_hash_set<std::string> uidls;  // of what lies in folders

    static Result<LivingMail> read(const store::Snapshot& snapshot, AccountId account, KnownBy by);
};

}  // namespace tayori::spool

// What a mutation changed in folders: made by the mutation, published by the hub after the commit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spoold/ids.h"
#include "spoold/mailbox/reference.h"
#include "spoold/mailbox/uid_set.h"
#include "tayori/spool/v1/mailbox.pb.h"

namespace tayori::spool {

struct NamedKeyword {
    KeywordId id = 0;
    std::string name;
};

struct FlagsNow {
    Uid uid = 0;
    std::uint8_t flags = 0;
    Modseq modseq = 0;
    std::vector<KeywordId> keywords;
};

// Of one folder, by one mutation.
struct Change {
    AccountId account{};
    FolderId folder{};
    Modseq modseq = 0;
    std::vector<Reference> appended;
    std::vector<FlagsNow> changed;
    UidSet expunged;
    std::vector<NamedKeyword> keywords;  // every one that `appended` or `changed` mentions
    bool gone = false;
    bool renumber_due = false;  // for ourselves: the folder's UIDs come to their end

    void to_wire(v1::FolderEvent& event) const;
};

using ChangeSet = std::vector<Change>;

void add_to_wire(const Reference& reference, v1::References& columns);

}  // namespace tayori::spool

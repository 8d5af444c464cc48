// What a mutation changed in folders: made by the mutation, published by the hub after the commit.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "spoold/ids.h"
#include "tayori/spool/v1/mailbox.pb.h"

namespace tayori::spool {

// All changes of one mutation, in order; at most one event for each folder and modseq.
struct ChangeSet {
    std::vector<v1::FolderEvent> events;

    v1::FolderEvent& add(AccountId account, FolderId folder, Modseq modseq) {
        auto& event = events.emplace_back();
        event.set_account_id(raw(account));
        event.set_folder_id(raw(folder));
        event.set_modseq(modseq);
        return event;
    }
};

}  // namespace tayori::spool

// Which messages a command names: by message sequence number, or by UID (RFC 3501 §6.4.8).
#pragma once

#include "imapd/grammar/sequence_set.h"
#include "imapd/mirror/folder_view.h"

namespace tayori::imap {

enum class Numbers { sequence, uid };

// The sequence numbers that a set names in this session. A number beyond the folder's is `invalid`
// (RFC 3501 §9, seq-number); UIDs that are not there are passed over (§6.4.8).
Result<NumberSet> resolve(const FolderView& view, const SequenceSet& set, Numbers by);

template <class Request>
void put_uids(Request& request, const NumberSet& uids) {
    for (const auto& range : uids) {
        auto& out = *request.add_uids();
        out.set_first(range.first);
        out.set_last(range.last);
    }
}

}  // namespace tayori::imap

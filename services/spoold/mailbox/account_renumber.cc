// New UIDs for a folder: before they come to their end, on an administrator's wish, and back again.
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {

// Page by page, so that a million references are not in memory at once.
Result<FolderTx*> AccountTx::move_to_new_id(FolderTx& folder, std::uint32_t uid_validity, const NextUid& next_uid,
                                            Change& change) {
    change = start_change(folder);
    change.modseq = modseq();
    change.gone = true;
    FolderTx fresh;
    fresh.id = FolderId{take_numbers(tx_, keys::kNextFolderId, 1)};
    fresh.record = folder.record;
    fresh.dirty = true;
    auto& record = fresh.record;
    record.uid_validity = uid_validity;
    record.highest_modseq = record.expunge_floor = modseq();
    record.expunge_entries = 0;
    record.tail_first = 1;
    record.tail_messages = 0;
    record.first_unseen = 0;
    record.keeps_high_uids = false;
    record.pace = {};
    const auto recent_first = folder.record.recent_first;
    record.recent = 0;
    record.recent_first = 0;
    FolderPages to(tx_, fresh.id, record);
    std::vector<Reference> page;
    std::optional<Error> error;
    Uid last = 0;
    const auto flush = [&] {
        if (error || page.empty()) return;
        if (auto appended = to.append(page); !appended) error = std::move(appended.error());
        page.clear();
    };
    FolderPages from(tx_, folder.id, folder.record);
    auto visited = from.visit(UidSet::all(), [&](Reference&& reference) {
        const bool recent = reference.uid >= recent_first;
        last = reference.uid = next_uid(reference);
        reference.modseq = modseq();
        if (!reference.seen() && record.first_unseen == 0) record.first_unseen = reference.uid;
        if (recent && record.recent++ == 0) record.recent_first = reference.uid;
        page.push_back(std::move(reference));
        if (page.size() == kPageUidsMax) flush();
    });
    flush();
    if (!visited) return fail(std::move(visited.error()));
    if (error) return fail(std::move(*error));
    record.uid_next = last + 1;
    if (record.recent == 0) record.recent_first = record.uid_next;

    const auto references = keys::all_references(folder.id);
    tx_.erase_range(references.from, references.to);
    const auto log = keys::expunged_after(folder.id, 0);
    tx_.erase_range(log.from, log.to);
    tx_.erase(keys::folder(account_, folder.id));
    tx_.put(keys::name(account_, record.name), encode_number(raw(fresh.id)));
    if (state_.inbox == folder.id) state_.inbox = fresh.id;
    folder.dirty = false;
    folders_.push_back(std::move(fresh));
    return &folders_.back();
}

Result<FolderTx*> AccountTx::renumber(FolderTx& folder, Change& change) {
    Uid next = 1;
    return move_to_new_id(folder, take_uid_validity(), [&next](const Reference&) { return next++; }, change);
}

Result<FolderTx*> AccountTx::renumber_back(FolderTx& folder, const OldNumbers& old, Change& change) {
    // The n-th UID of the old set is what UID n was.
    std::uint64_t before = 0;
    auto range = old.uids.ranges().begin();
    Uid next = old.uid_next;
    const auto number = [&](const Reference& reference) -> Uid {
        while (range != old.uids.ranges().end() && before + (range->last - range->first + 1) < reference.uid) {
            before += range->last - range->first + 1;
            ++range;
        }
        if (range == old.uids.ranges().end()) return next++;
        return range->first + static_cast<Uid>(reference.uid - before - 1);
    };
    auto back = move_to_new_id(folder, old.uid_validity, number, change);
    if (back) (*back)->record.uid_next = std::max((*back)->record.uid_next, old.uid_next);
    return back;
}

void AccountTx::set_form(v1::MailboxForm form, JobId by) {
    state_.form = form;
    state_.form_job = by;
    state_.form_seen = false;
}

}  // namespace tayori::spool

// What an import does to numbers inside a mutation: UIDs, UIDVALIDITY and POP3 orders of an old server are taken over where
// nobody can have seen others, and counters always stand above them.
#include <algorithm>

#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {
namespace {


}  // namespace

Result<std::vector<AccountTx::Placed>> AccountTx::place(FolderTx& folder, std::vector<Reference> references,
                                                        Change& change) {
    std::vector<Placed> placed;
    if (references.empty()) return placed;
    auto& record = folder.record;
    record.pace.note(tx_.now_ms(), record.uid_next);
    for (auto& reference : references) {
        // A high UID that was kept on purpose must not be renumbered at once.
        if (reference.uid > parts_.settings.uid_renumber_at) record.keeps_high_uids = true;
        if (reference.uid == 0) reference.uid = record.uid_next++;
        reference.modseq = modseq();
        state_.next_pop3_order = std::max(state_.next_pop3_order, reference.pop3_order + 1);
    }
    std::sort(references.begin(), references.end(),
              [](const Reference& a, const Reference& b) { return a.uid < b.uid; });
    for (const auto& reference : references) placed.push_back({reference.message, reference.uid});
    // Sequence numbers of mail that a session knows already would shift below it (RFC 3501 §2.3.1.1): it has to look anew.
    const bool below_others = has_mail_above(folder, references.front().uid);
    auto put = put_in(folder, std::move(references), FolderPages::kImportedPageMin, change);
    if (!put) return fail(std::move(put.error()));
    if (!below_others) return placed;
    change = start_change(folder);
    change.modseq = modseq();
    change.gone = true;
    return placed;
}

bool AccountTx::has_mail_above(const FolderTx& folder, Uid uid) {
    bool any = false;
    const auto range = keys::references_from(folder.id, keys::References::tail, uid);
    tx_.scan(range.from, range.to, [&](std::string_view, std::string_view) { return !(any = true); });
    return any;
}

bool AccountTx::adopt_uid_validity(FolderTx& folder, std::uint32_t uid_validity) {
    if (!is_unused(folder) || uid_validity > kImportedUidValidityMax) return false;
    if (uid_validity == 0 || uid_validity == folder.record.uid_validity) return true;
    folder.record.uid_validity = uid_validity;
    state_.next_uid_validity = std::max(state_.next_uid_validity, uid_validity + 1);
    folder.dirty = true;
    return true;
}

bool AccountTx::reserve_uids(FolderTx& folder, Uid uid_next) {
    if (uid_next > kUidNextMax) return false;
    auto& record = folder.record;
    if (uid_next <= record.uid_next) return true;
    record.skip_uids(uid_next);  // the old server's users have seen what comes below
    folder.dirty = true;
    return true;
}

std::uint64_t AccountTx::reserve_pop3_orders(std::uint64_t count) {
    const auto before = state_.next_pop3_order - 1;
    state_.next_pop3_order += count;
    return before;
}

void AccountTx::renew_folder(FolderTx& folder) {
    auto& record = folder.record;
    const auto now_s = static_cast<std::uint32_t>(tx_.now_ms() / kMillisPerSecond);
    record.uid_validity = std::max(state_.next_uid_validity, now_s);
    state_.next_uid_validity = record.uid_validity + 1;
    record.uid_next = record.tail_first = record.recent_first = 1;
    record.recent = record.tail_messages = 0;
    record.pace = {};
    record.highest_modseq = record.expunge_floor = modseq();
    record.expunge_entries = 0;
    const auto log = keys::expunged_after(folder.id, 0);
    tx_.erase_range(log.from, log.to);
    folder.dirty = true;
}

}  // namespace tayori::spool

#include "spoold/jobs/mailbox_work.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "common/base/text.h"
#include "spoold/counters/census.h"

namespace tayori::spool {
namespace {

constexpr std::uint64_t kSeenStep = 4096;    // mails between two words of progress
constexpr std::size_t kProblemsShown = 20;   // of one mailbox; the rest is counted

// UIDLs and places in the order, as far as POP3 shows them.
class Maildrop {
  public:
    void add(const Reference& reference) {
        if (reference.pop3_order == 0) return;
        if (!orders_.insert(reference.pop3_order).second) ++double_orders;
        // Ours name the message's id, which nobody else has.
        if (!reference.uidl.empty() && !uidls_.insert(reference.uidl).second) ++double_uidls;
    }
    std::uint64_t double_orders = 0;
    std::uint64_t double_uidls = 0;

  private:
    absl::flat_hash_set<std::uint64_t> orders_;
    absl::flat_hash_set<std::string> uidls_;
};

Result<UidSet> uids_of(AccountTx& box, FolderTx& folder) {
    UidSet uids;
    FolderPages pages(box.tx(), folder.id, folder.record);
    auto visited = pages.visit(UidSet::all(), [&](Reference&& reference) { uids.add_last(reference.uid); });
    if (!visited) return fail(std::move(visited.error()));
    return uids;
}

Result<void> renumber_all(AccountTx& box, stored::v1::StoredOutcome& outcome, ChangeSet& changes) {
    auto ids = box.folder_ids();
    if (!ids) return fail(std::move(ids.error()));
    for (const auto id : *ids) {
        auto folder = box.folder(id);
        if (!folder) return fail(std::move(folder.error()));
        const auto before = (*folder)->record;
        auto uids = uids_of(box, **folder);
        if (!uids) return fail(std::move(uids.error()));
        Change change;
        auto fresh = box.renumber(**folder, change);
        if (!fresh) return fail(std::move(fresh.error()));
        changes.push_back(std::move(change));
        auto& kept = *outcome.add_renumbered();
        kept.set_folder_id(raw((*fresh)->id));
        kept.set_uid_validity(before.uid_validity);
        kept.set_uid_next(before.uid_next);
        uids->write(*kept.mutable_uids());
        *outcome.mutable_outcome()->add_notices() = make_notice(
            "convert-reassigned", {before.name, cat(before.uid_validity), cat((*fresh)->record.uid_validity)});
    }
    return {};
}

// Sessions that have a folder selected hear that it is gone: in POP3 form there is nothing for IMAP.
Result<void> end_selections(AccountTx& box, ChangeSet& changes) {
    auto ids = box.folder_ids();
    if (!ids) return fail(std::move(ids.error()));
    for (const auto id : *ids) {
        auto folder = box.folder(id);
        if (!folder) return fail(std::move(folder.error()));
        auto change = box.start_change(**folder);
        change.modseq = box.modseq();
        change.gone = true;
        changes.push_back(std::move(change));
    }
    return {};
}

void describe(AccountTx& box, v1::MailboxOutcome& outcome) {
    outcome.set_mails(box.state().messages);
    outcome.set_folders(box.state().folders);
    outcome.set_to(box.state().form);
    outcome.set_at_ms(box.tx().now_ms());
}

Result<void> rebuild_into(AccountTx& box, v1::MailboxOutcome& outcome) {
    auto notices = box.rebuild();
    if (!notices) return fail(std::move(notices.error()));
    for (auto& notice : *notices) *outcome.add_notices() = std::move(notice);
    return {};
}

}  // namespace

v1::Notice make_notice(std::string code, std::vector<std::string> values) {
    v1::Notice notice;
    notice.set_code(std::move(code));
    for (auto& value : values) notice.add_values(std::move(value));
    return notice;
}

Result<Proof> prove_mailbox(const store::Snapshot& snapshot, AccountId account, const AccountState& state,
                            const std::function<void(std::uint64_t)>& seen) {
    Proof proof;
    Maildrop maildrop;
    std::uint64_t count = 0, hidden = 0;
    const auto see = [&](const NumberedFolder& folder, const Reference& reference) {
        maildrop.add(reference);
        if (folder.id == state.inbox && reference.pop3_order == 0) ++hidden;
        if (reference.pop3_order >= state.next_pop3_order) proof.rebuild = true;
        if (++count % kSeenStep == 0) seen(kSeenStep);
    };
    auto census = take_census(snapshot, account, state, CensusScope::folders, see);
    if (!census) return fail(std::move(census.error()));
    seen(count % kSeenStep);
    proof.mails = census->references;
    proof.folders = census->folders;
    proof.rebuild = proof.rebuild || !census->problems.empty();
    for (std::size_t i = 0; i < std::min(census->problems.size(), kProblemsShown); ++i)
        proof.notices.push_back(make_notice("convert-mended", {census->problems[i]}));
    if (census->problems.size() > kProblemsShown)
        proof.notices.push_back(make_notice("convert-mended-more", {cat(census->problems.size() - kProblemsShown)}));
    if (hidden != 0) proof.notices.push_back(make_notice("convert-hidden", {cat(hidden)}));
    if (maildrop.double_uidls != 0)
        proof.notices.push_back(make_notice("convert-double-uidl", {cat(maildrop.double_uidls)}));
    if (maildrop.double_orders != 0)
        proof.notices.push_back(make_notice("convert-double-order", {cat(maildrop.double_orders)}));
    return proof;
}

bool is_as_wanted(const v1::JobSpec& spec, const AccountState& state) {
    return spec.kind() == v1::JOB_KIND_CONVERT && state.form == spec.to() && !spec.reassign();
}

Result<void> convert_mailbox(AccountTx& box, const v1::JobSpec& spec, JobId job, bool rebuild,
                             stored::v1::StoredOutcome& outcome, ChangeSet& changes) {
    auto& told = *outcome.mutable_outcome();
    told.set_from(box.state().form);
    if (rebuild) {
        if (auto mended = rebuild_into(box, told); !mended) return mended;
    }
    if (spec.reassign()) {
        if (auto renumbered = renumber_all(box, outcome, changes); !renumbered) return renumbered;
    } else if (spec.to() == v1::MAILBOX_FORM_POP3) {
        if (auto ended = end_selections(box, changes); !ended) return ended;
    }
    box.set_form(spec.to(), job);
    describe(box, told);
    return {};
}

Result<void> rebuild_mailbox(AccountTx& box, stored::v1::StoredOutcome& outcome) {
    auto& told = *outcome.mutable_outcome();
    told.set_from(box.state().form);
    if (auto mended = rebuild_into(box, told); !mended) return mended;
    describe(box, told);
    return {};
}

Result<void> undo_mailbox(AccountTx& box, JobId undone, const stored::v1::StoredOutcome& was, JobId job,
                          stored::v1::StoredOutcome& outcome, ChangeSet& changes) {
    auto& told = *outcome.mutable_outcome();
    told.set_from(box.state().form);
    if (box.state().form_job != undone) return fail(Kind::exists, "undo-changed");
    if (box.state().form_seen) return fail(Kind::exists, "undo-seen");
    for (const auto& old : was.renumbered()) {
        auto folder = box.folder(FolderId{old.folder_id()});
        if (!folder && folder.error().kind == Kind::not_found) continue;  // deleted since
        if (!folder) return fail(std::move(folder.error()));
        AccountTx::OldNumbers numbers{old.uid_validity(), old.uid_next(), {}};
        Reader in(old.uids());
        if (!UidSet::read(in, numbers.uids)) return fail(corrupt_record("outcome of a job"));
        Change change;
        auto back = box.renumber_back(**folder, numbers, change);
        if (!back) return fail(std::move(back.error()));
        changes.push_back(std::move(change));
    }
    if (was.outcome().from() == v1::MAILBOX_FORM_POP3 && was.renumbered().empty()) {
        if (auto ended = end_selections(box, changes); !ended) return ended;
    }
    box.set_form(was.outcome().from(), job);
    describe(box, told);
    return {};
}

}  // namespace tayori::spool

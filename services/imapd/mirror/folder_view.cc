#include "imapd/mirror/folder_view.h"

#include <algorithm>

#include "common/base/text.h"
#include "imapd/grammar/flags.h"

namespace tayori::imap {

FolderView::FolderView(std::shared_ptr<FolderMirror> mirror, Access access)
    : mirror_(std::move(mirror)), access_(access) {
    for (const auto& row : state().rows()) numbers_.append(row.uid);
    numbers_.shrink();
    told_changes_ = told_expunges_ = state().modseq();
    told_keywords_ = state().keyword_count();
    mirror_->attach(*this);
}

bool FolderView::has_new_messages() const {
    return !state().rows().empty() && state().rows().back().uid > numbers_.last_uid();
}

bool FolderView::has_expunges() const { return state().expunged_modseq() > told_expunges_; }

bool FolderView::has_news() const {
    return has_new_messages() || state().changed_modseq() > told_changes_ ||
           state().keyword_count() > told_keywords_;
}

Async<void> FolderView::claim_recent() {
    if (access_ == Access::read_only) co_return;
    auto mirror = mirror_;
    auto claimed = co_await mirror->claim_recent();
    add_recent(claimed);
}

void FolderView::add_recent(const NumberSet& uids) {
    recent_.insert(recent_.end(), uids.begin(), uids.end());
    normalize(recent_);
}

bool FolderView::is_recent(Uid uid) const { return contains(recent_, uid); }

SequenceNumber FolderView::count_recent() const {
    SequenceNumber total = 0;
    for (const auto& range : recent_) total += numbers_.count_in(range.first, range.last);
    return total;
}

SequenceNumber FolderView::first_unseen() const {
    for (const auto& row : state().rows()) {
        if ((row.flags & kSeen) == 0) return numbers_.find(row.uid);
    }
    return 0;
}

std::uint64_t FolderView::visible_modseq() const {
    if (!has_expunges()) return state().modseq();
    const auto hidden = state().first_expunge_after(told_expunges_);
    return hidden == 0 ? told_expunges_ : hidden - 1;
}

const Row* FolderView::find(Uid uid, std::size_t& hint) const {
    const Row* row = state().find(uid, hint);
    return row != nullptr ? row : state().find_ghost(uid);
}

void FolderView::sync(std::string& out, const SyncRules& rules) {
    const Uid known_up_to = numbers_.last_uid();
    if (rules.expunges == Expunges::told && has_expunges()) tell_expunges(out);
    if (has_new_keywords()) tell_keywords(out);
    if (has_new_messages()) tell_new_messages(out);
    if (state().changed_modseq() > told_changes_) tell_changes(out, known_up_to, rules);
    told_changes_ = state().modseq();
}

void FolderView::tell_keywords(std::string& out) {
    append_defined_flags(out);
    told_keywords_ = state().keyword_count();
}

void FolderView::tell_expunges(std::string& out) {
    std::vector<Uid> gone;
    auto row = state().rows().begin();
    numbers_.for_each({{1, numbers_.size()}}, [&](SequenceNumber number, Uid uid) {
        while (row != state().rows().end() && row->uid < uid) ++row;
        if (row != state().rows().end() && row->uid == uid) return;
        // Each EXPUNGE moves what is behind it down by one (RFC 3501 §7.4.1).
        append(out, "* ", number - static_cast<SequenceNumber>(gone.size()), " EXPUNGE\r\n");
        gone.push_back(uid);
    });
    numbers_.remove(gone);
    told_expunges_ = state().modseq();
    mirror_->forget_told_ghosts();
}

void FolderView::tell_new_messages(std::string& out) {
    const Uid known = numbers_.last_uid();
    const auto& rows = state().rows();
    auto first = std::upper_bound(rows.begin(), rows.end(), known,
                                  [](Uid u, const Row& row) { return u < row.uid; });
    for (auto row = first; row != rows.end(); ++row) numbers_.append(row->uid);
    // Nobody is told of them but the readers of this folder, who all may call them recent (RFC 3501
    // §2.3.2).
    if (access_ == Access::read_only) add_recent({{known + 1, numbers_.last_uid()}});
    append(out, "* ", numbers_.size(), " EXISTS\r\n* ", count_recent(), " RECENT\r\n");
}

void FolderView::tell_changes(std::string& out, Uid known_up_to, const SyncRules& rules) {
    for (const auto& row : state().rows()) {
        if (row.uid > known_up_to) break;
        if (row.modseq <= told_changes_) continue;
        const auto number = numbers_.find(row.uid);
        if (number != 0) append_fetch(out, number, row, rules);
    }
}

void FolderView::append_flags(std::string& out, const Row& row) const {
    out.append("FLAGS (");
    const auto begin = out.size();
    append_system_flags(out, row.flags, is_recent(row.uid));
    for (const auto id : state().keywords(row.keywords)) {
        if (out.size() > begin) out.push_back(' ');
        out.append(state().keyword_name(id));
    }
    out.push_back(')');
}

void FolderView::append_fetch(std::string& out, SequenceNumber number, const Row& row,
                              const SyncRules& rules) const {
    append(out, "* ", number, " FETCH (");
    if (rules.with_uid) append(out, "UID ", row.uid, ' ');
    append_flags(out, row);
    if (rules.with_modseq) append(out, " MODSEQ (", row.modseq, ')');
    out.append(")\r\n");
}

void FolderView::append_defined_flags(std::string& out) const {
    std::string names;
    append_system_flags(names, kAllSystemFlags, false);
    for (const auto& [id, name] : state().all_keywords()) append(names, ' ', name);
    append(out, "* FLAGS (", names, ")\r\n");
    if (access_ == Access::read_only)
        out.append("* OK [PERMANENTFLAGS ()] No changes: the mailbox is read-only.\r\n");
    else
        append(out, "* OK [PERMANENTFLAGS (", names, " \\*)] All flags are kept.\r\n");
}

}  // namespace tayori::imap

#include "imapd/mirror/folder_state.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::imap {
namespace {

template <class Rows>
auto lower_row(Rows& rows, Uid uid) {
    return std::lower_bound(rows.begin(), rows.end(), uid,
                            [](const Row& row, Uid u) { return row.uid < u; });
}

template <class Column>
auto at_or(const Column& column, int i, std::remove_cvref_t<decltype(column.Get(0))> otherwise) {
    return i < column.size() ? column.Get(i) : otherwise;
}

Row row_at(const v1::References& refs, int i, KeywordSet keywords) {
    Row row;
    row.uid = refs.uid(i);
    row.modseq = at_or(refs.modseq(), i, 0);
    row.message_id = at_or(refs.message_id(), i, 0);
    row.internal_date_s = at_or(refs.internal_date_s(), i, 0);
    row.bytes =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(at_or(refs.bytes(), i, 0), UINT32_MAX));
    row.zone_minutes = static_cast<std::int16_t>(at_or(refs.zone_minutes(), i, 0));
    row.prefix_bytes = static_cast<std::uint16_t>(at_or(refs.prefix_bytes(), i, 0));
    row.flags = static_cast<std::uint8_t>(at_or(refs.flags(), i, 0));
    row.keywords = keywords;
    return row;
}

}  // namespace

void FolderState::add_keywords(const google::protobuf::RepeatedPtrField<v1::Keyword>& keywords) {
    for (const auto& keyword : keywords) names_[keyword.keyword_id()] = keyword.name();
}

void FolderState::add_folder(const v1::Folder& folder) {
    folder_id_ = folder.folder_id();
    uid_validity_ = folder.uid_validity();
    uid_next_ = std::max(folder.uid_next(), std::uint32_t{1});
    modseq_ = std::max(modseq_, folder.highest_modseq());
}

std::vector<KeywordSet> FolderState::keyword_column(const v1::References& references) {
    std::vector<KeywordSet> column;
    if (references.keywords().empty()) return column;
    column.resize(static_cast<std::size_t>(references.uid_size()), 0);
    for (const auto& at : references.keywords()) {
        if (at.index() >= column.size()) continue;
        column[at.index()] = intern({at.keyword_id().begin(), at.keyword_id().end()});
    }
    return column;
}

void FolderState::upsert(const v1::References& references) {
    const auto keywords = keyword_column(references);
    rows_.reserve(rows_.size() + static_cast<std::size_t>(references.uid_size()));
    for (int i = 0; i < references.uid_size(); ++i) {
        const auto row =
            row_at(references, i, keywords.empty() ? 0 : keywords[static_cast<std::size_t>(i)]);
        modseq_ = std::max(modseq_, row.modseq);
        uid_next_ = std::max(uid_next_, row.uid + 1);
        if (rows_.empty() || rows_.back().uid < row.uid) {
            rows_.push_back(row);
            continue;
        }
        auto at = lower_row(rows_, row.uid);
        if (at->uid == row.uid)
            *at = row;
        else
            rows_.insert(at, row);
        changed_modseq_ = std::max(changed_modseq_, row.modseq);
    }
}

void FolderState::change(const v1::References& references) {
    const auto keywords = keyword_column(references);
    auto at = rows_.begin();
    for (int i = 0; i < references.uid_size(); ++i) {
        const Uid uid = references.uid(i);
        if (at == rows_.end() || at->uid >= uid) at = rows_.begin();
        at = std::lower_bound(at, rows_.end(), uid,
                              [](const Row& row, Uid u) { return row.uid < u; });
        if (at == rows_.end() || at->uid != uid) continue;
        at->flags = static_cast<std::uint8_t>(at_or(references.flags(), i, 0));
        at->modseq = at_or(references.modseq(), i, 0);
        at->keywords = keywords.empty() ? 0 : keywords[static_cast<std::size_t>(i)];
        modseq_ = std::max(modseq_, at->modseq);
        changed_modseq_ = std::max(changed_modseq_, at->modseq);
    }
}

void FolderState::expunge(const google::protobuf::RepeatedPtrField<v1::UidRange>& ranges,
                          std::uint64_t modseq) {
    if (ranges.empty()) return;
    NumberSet gone;
    for (const auto& range : ranges) gone.push_back({range.first(), range.last()});
    normalize(gone);
    std::vector<Ghost> ghosts;
    auto kept = rows_.begin();
    auto range = gone.begin();
    for (const auto& row : rows_) {
        while (range != gone.end() && range->last < row.uid) ++range;
        if (range != gone.end() && range->first <= row.uid)
            ghosts.push_back({row, modseq});
        else
            *kept++ = row;
    }
    if (ghosts.empty()) return;
    rows_.erase(kept, rows_.end());
    const auto middle = static_cast<std::ptrdiff_t>(ghosts_.size());
    ghosts_.insert(ghosts_.end(), ghosts.begin(), ghosts.end());
    std::inplace_merge(ghosts_.begin(), ghosts_.begin() + middle, ghosts_.end(),
                       [](const Ghost& a, const Ghost& b) { return a.row.uid < b.row.uid; });
    expunged_modseq_ = std::max(expunged_modseq_, modseq);
}

void FolderState::snapshot(const v1::OpenFolderReply& reply) {
    if (reply.has_folder()) add_folder(reply.folder());
    add_keywords(reply.keywords());
    upsert(reply.references());
}

void FolderState::catch_up(const v1::OpenFolderReply& reply) {
    if (reply.has_folder()) add_folder(reply.folder());
    add_keywords(reply.keywords());
    upsert(reply.references());
    expunge(reply.vanished(), modseq_);
}

void FolderState::apply(const v1::FolderEvent& event) {
    if (event.modseq() != 0 && event.modseq() <= modseq_) return;  // older than the snapshot
    add_keywords(event.new_keywords());
    upsert(event.appended());
    change(event.changed());
    expunge(event.expunged(), event.modseq());
    modseq_ = std::max(modseq_, event.modseq());
}

void FolderState::clear() { *this = FolderState(); }

const Row* FolderState::find(Uid uid, std::size_t& hint) const {
    if (hint < rows_.size() && rows_[hint].uid == uid) return &rows_[hint++];
    auto at = lower_row(rows_, uid);
    if (at == rows_.end() || at->uid != uid) return nullptr;
    hint = static_cast<std::size_t>(at - rows_.begin()) + 1;
    return &*at;
}

const Row* FolderState::find(Uid uid) const {
    std::size_t hint = SIZE_MAX;
    return find(uid, hint);
}

const Row* FolderState::find_ghost(Uid uid) const {
    auto at = std::lower_bound(ghosts_.begin(), ghosts_.end(), uid,
                               [](const Ghost& ghost, Uid u) { return ghost.row.uid < u; });
    return at == ghosts_.end() || at->row.uid != uid ? nullptr : &at->row;
}

void FolderState::drop_ghosts(std::uint64_t told_modseq) {
    std::erase_if(ghosts_,
                  [&](const Ghost& ghost) { return ghost.expunged_modseq <= told_modseq; });
    if (ghosts_.empty()) ghosts_.shrink_to_fit();
}

std::uint64_t FolderState::first_expunge_after(std::uint64_t told_modseq) const {
    std::uint64_t first = 0;
    for (const auto& ghost : ghosts_) {
        if (ghost.expunged_modseq <= told_modseq) continue;
        if (first == 0 || ghost.expunged_modseq < first) first = ghost.expunged_modseq;
    }
    return first;
}

std::string_view FolderState::keyword_name(std::uint32_t id) const {
    auto found = names_.find(id);
    return found == names_.end() ? std::string_view() : std::string_view(found->second);
}

bool FolderState::find_keyword(std::string_view name, std::uint32_t& id) const {
    for (const auto& [known, text] : names_) {
        if (!equals_ignoring_case(text, name)) continue;
        id = known;
        return true;
    }
    return false;
}

KeywordSet FolderState::intern(std::vector<std::uint32_t> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    if (ids.empty()) return 0;
    const auto next = static_cast<KeywordSet>(sets_.size());
    auto [at, added] = set_index_.try_emplace(std::move(ids), next);
    if (added) sets_.push_back(at->first);
    return at->second;
}

void FolderState::tidy_keywords() {
    if (sets_.size() < 1024 || sets_.size() < 4 * (rows_.size() + ghosts_.size())) return;
    const auto old = std::move(sets_);
    sets_.assign(1, {});
    set_index_.clear();
    for (auto& row : rows_) row.keywords = intern(old[row.keywords]);
    for (auto& ghost : ghosts_) ghost.row.keywords = intern(old[ghost.row.keywords]);
}

}  // namespace tayori::imap

// What the old servers' "rebuild" of folder.txt did, in one commit and while everything runs.
#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {

v1::Notice notice(std::string code, std::vector<std::string> values) {
    v1::Notice out;
    out.set_code(std::move(code));
    for (auto& value : values) out.add_values(std::move(value));
    return out;
}

bool same_counts(const FolderRecord& a, const FolderRecord& b) {
    return a.messages == b.messages && a.unseen == b.unseen && a.deleted == b.deleted && a.bytes == b.bytes &&
           a.first_unseen == b.first_unseen && a.pop3_messages == b.pop3_messages && a.uid_next == b.uid_next &&
           a.highest_modseq == b.highest_modseq && a.tail_first == b.tail_first && a.tail_messages == b.tail_messages;
}

}  // namespace

Result<std::vector<FolderId>> AccountTx::folder_ids() {
    std::vector<FolderId> ids;
    const auto range = keys::folders(account_);
    tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        ids.push_back(keys::folder_of_key(key));
        return true;
    });
    return ids;
}

Result<void> AccountTx::recount(FolderTx& folder, std::vector<v1::Notice>& notices) {
    auto right = folder.record;
    right.messages = right.unseen = right.deleted = right.pop3_messages = right.tail_messages = 0;
    right.bytes = 0;
    right.first_unseen = 0;
    // Where the pages end, the tail begins.
    const auto pages = keys::references_from(folder.id, keys::References::fixed, 1);
    right.tail_first = 1;
    tx_.scan_backwards(pages.from, pages.to, [&](std::string_view key, std::string_view) {
        right.tail_first = keys::uid_of_key(key) + 1;
        return false;
    });
    const auto tail = keys::references_from(folder.id, keys::References::tail, 1);
    tx_.scan(tail.from, tail.to, [&](std::string_view, std::string_view) { return ++right.tail_messages > 0; });
    Uid greatest = 0;
    auto counting = right;  // visit() goes by the record that it was made with
    FolderPages references(tx_, folder.id, counting);
    auto visited = references.visit(UidSet::all(), [&](Reference&& reference) {
        greatest = reference.uid;
        ++right.messages;
        right.bytes += reference.bytes;
        if (!reference.seen() && right.unseen++ == 0) right.first_unseen = reference.uid;
        if (reference.deleted()) ++right.deleted;
        if (reference.pop3_order != 0) ++right.pop3_messages;
        right.highest_modseq = std::max(right.highest_modseq, reference.modseq);
        if (reference.pop3_order >= state_.next_pop3_order) state_.next_pop3_order = reference.pop3_order + 1;
    });
    if (!visited) return visited;
    right.uid_next = std::max(right.uid_next, greatest + 1);
    right.recent = std::min(right.recent, right.messages);
    state_.modseq = std::max(state_.modseq, right.highest_modseq);
    if (same_counts(folder.record, right)) return {};
    notices.push_back(notice("rebuild-counts", {folder.record.name, cat(folder.record.messages), cat(right.messages)}));
    folder.record = right;
    folder.dirty = true;
    return {};
}

void AccountTx::rebuild_names(const std::vector<FolderTx*>& folders, std::vector<v1::Notice>& notices) {
    std::set<std::string> taken;
    for (auto* folder : folders) {
        auto name = folder->record.name;
        for (int n = 2; name.empty() || taken.contains(name); ++n) name = cat(folder->record.name, "-", n);
        if (name != folder->record.name) {
            notices.push_back(notice("rebuild-name", {folder->record.name, name}));
            folder->record.name = name;
            folder->dirty = true;
        }
        taken.insert(name);
        const auto key = keys::name(account_, name);
        if (decode_number(tx_.get(key), 0) == raw(folder->id)) continue;
        notices.push_back(notice("rebuild-index", {name}));
        tx_.put(key, encode_number(raw(folder->id)));
    }
    std::vector<std::string> orphans;
    const auto range = keys::names(account_);
    tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        if (!taken.contains(std::string(keys::name_of_key(key)))) orphans.emplace_back(key);
        return true;
    });
    for (const auto& key : orphans) {
        notices.push_back(notice("rebuild-orphan", {std::string(keys::name_of_key(key))}));
        tx_.erase(key);
    }
}

void AccountTx::rebuild_inbox(const std::vector<FolderTx*>& folders, std::vector<v1::Notice>& notices) {
    for (const auto* folder : folders) {
        if (folder->record.name != kInbox) continue;
        if (state_.inbox != folder->id) notices.push_back(notice("rebuild-inbox", {}));
        state_.inbox = folder->id;
        return;
    }
    notices.push_back(notice("rebuild-inbox", {}));
    state_.inbox = new_folder(kInbox, v1::SPECIAL_USE_UNSPECIFIED).id;
}

void AccountTx::rebuild_totals(const std::vector<FolderTx*>& folders, std::vector<v1::Notice>& notices) {
    auto right = state_;
    right.bytes = right.messages = right.list_bytes = 0;
    right.folders = right.subscriptions = 0;
    for (const auto* folder : folders) {
        ++right.folders;
        right.list_bytes += list_cost(folder->record.name);
        right.bytes += folder->record.bytes;
        right.messages += folder->record.messages;
        right.next_uid_validity = std::max(right.next_uid_validity, folder->record.uid_validity + 1);
    }
    const auto range = keys::subscriptions(account_);
    tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        ++right.subscriptions;
        right.list_bytes += keys::name_of_key(key).size() + kListEntryBytes;
        return true;
    });
    if (right.bytes != state_.bytes || right.messages != state_.messages || right.folders != state_.folders ||
        right.subscriptions != state_.subscriptions || right.list_bytes != state_.list_bytes) {
        notices.push_back(notice("rebuild-totals", {cat(state_.messages), cat(right.messages)}));
    }
    state_ = right;
}

Result<std::vector<v1::Notice>> AccountTx::rebuild() {
    std::vector<v1::Notice> notices;
    auto ids = folder_ids();
    if (!ids) return fail(std::move(ids.error()));
    std::vector<FolderTx*> all;
    for (const auto id : *ids) {
        auto one = folder(id);
        if (!one) return fail(std::move(one.error()));
        if (auto counted = recount(**one, notices); !counted) return fail(std::move(counted.error()));
        all.push_back(*one);
    }
    rebuild_names(all, notices);
    rebuild_inbox(all, notices);
    all.clear();
    for (auto& one : folders_) all.push_back(&one);
    rebuild_totals(all, notices);
    return notices;
}

}  // namespace tayori::spool

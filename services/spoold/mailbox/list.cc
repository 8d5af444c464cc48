// Reads of whole folders: LIST, STATUS, GETQUOTA, and the claim of \Recent.
#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "spoold/keys.h"
#include "spoold/mailbox/names.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {
namespace {

Result<absl::flat_hash_set<std::string>> read_subscriptions(const store::Snapshot& snapshot, AccountId account) {
    absl::flat_hash_set<std::string> names;
    const auto range = keys::subscriptions(account);
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        names.emplace(keys::name_of_key(key));
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return names;
}

// Levels that have something below, but no folder of their own.
void add_levels(v1::ListFoldersReply& reply) {
    absl::flat_hash_set<std::string> names;
    for (const auto& folder : reply.folders()) names.insert(folder.name());
    std::vector<std::string> levels;
    for (const auto& folder : reply.folders()) {
        for (const auto level : levels_above(folder.name())) {
            if (names.insert(std::string(level)).second) levels.emplace_back(level);
        }
    }
    for (auto& level : levels) {
        auto* folder = reply.add_folders();
        folder->set_name(std::move(level));
        folder->set_selectable(false);
    }
}

}  // namespace

Result<v1::ListFoldersReply> Mailboxes::list_folders(AccountId account, const v1::ListFolders&) const {
    const auto snapshot = parts_->store.snapshot();
    auto folders = read_folders(*snapshot, account);
    if (!folders) return fail(std::move(folders.error()));
    auto subscribed = read_subscriptions(*snapshot, account);
    if (!subscribed) return fail(std::move(subscribed.error()));
    v1::ListFoldersReply reply;
    for (auto& folder : *folders) {
        parts_->recents.apply(folder.id, folder.record);
        folder.record.to_wire(folder.id, *reply.add_folders());
    }
    add_levels(reply);
    auto& list = *reply.mutable_folders();
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
    for (auto& folder : list) folder.set_subscribed(subscribed->erase(folder.name()) > 0);
    std::vector<std::string> rest(subscribed->begin(), subscribed->end());
    std::sort(rest.begin(), rest.end());
    for (auto& name : rest) reply.add_subscribed_without_folder(std::move(name));
    return reply;
}

Result<v1::GetFolderReply> Mailboxes::get_folder(AccountId account, const v1::GetFolder& request) const {
    FolderId id{request.folder_id()};
    const auto snapshot = parts_->store.snapshot();
    if (request.folder_id() == 0) {
        const auto name = canonical_name(request.name());
        if (!name) return fail(Kind::not_found, "No such mailbox.");
        const auto found = find_folder(*snapshot, account, *name);
        if (!found) return fail(found.error());
        id = *found;
    }
    auto record = read_folder(*snapshot, account, id);
    if (!record) return fail(std::move(record.error()));
    parts_->recents.apply(id, *record);
    const auto subscription = snapshot->get(keys::subscription(account, record->name));
    if (!subscription) return fail(subscription.error());
    v1::GetFolderReply reply;
    record->to_wire(id, *reply.mutable_folder());
    reply.mutable_folder()->set_subscribed(subscription->has_value());
    return reply;
}

Result<v1::ClaimRecentReply> Mailboxes::claim_recent(AccountId account, const v1::ClaimRecent& request) {
    const FolderId id{request.folder_id()};
    const auto record = read_folder(parts_->store, account, id);
    if (!record) return fail(record.error());
    return parts_->recents.claim(id, *record);
}

Result<v1::GetQuotaReply> Mailboxes::get_quota(AccountId account) const {
    const auto state = read_state(parts_->store, account);
    if (!state) return fail(state.error());
    const auto limits = parts_->limits.committed(raw(account));
    if (!limits) return fail(limits.error());
    v1::GetQuotaReply reply;
    reply.set_bytes_used(state->bytes);
    reply.set_bytes_limit(limits->quota_bytes);
    reply.set_messages_used(state->messages);
    reply.set_messages_limit(limits->quota_messages);
    return reply;
}

}  // namespace tayori::spool

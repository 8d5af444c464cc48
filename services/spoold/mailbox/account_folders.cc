// Folders as a whole inside a mutation: made, renamed, deleted, and INBOX replaced.
#include <algorithm>

#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/form.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {


struct DefaultFolder {
    std::string_view name;
    v1::SpecialUse use;
};
// What mail programs look for (RFC 6154 §2).
constexpr DefaultFolder kDefaultFolders[] = {
    {kInbox, v1::SPECIAL_USE_UNSPECIFIED}, {"Archive", v1::SPECIAL_USE_ARCHIVE},
    {"Drafts", v1::SPECIAL_USE_DRAFTS},    {"Junk", v1::SPECIAL_USE_JUNK},
    {"Sent", v1::SPECIAL_USE_SENT},        {"Trash", v1::SPECIAL_USE_TRASH},
};

std::string_view default_name(v1::SpecialUse use) {
    if (use == v1::SPECIAL_USE_UNSPECIFIED) return {};
    for (const auto& folder : kDefaultFolders) {
        if (folder.use == use) return folder.name;
    }
    return {};
}

}  // namespace

// UIDVALIDITY is the time, or one more than the last: it rises however fast folders are made (RFC 3501 §2.3.1.1).
std::uint32_t AccountTx::take_uid_validity() {
    const auto now_s = static_cast<std::uint32_t>(tx_.now_ms() / kMillisPerSecond);
    const auto taken = std::max(state_.next_uid_validity, now_s);
    state_.next_uid_validity = taken + 1;
    return taken;
}

FolderTx& AccountTx::new_folder(std::string_view name, v1::SpecialUse special_use) {
    FolderTx folder;
    folder.id = FolderId{take_numbers(tx_, keys::kNextFolderId, 1)};
    folder.record.uid_validity = take_uid_validity();
    folder.record.name = name;
    folder.record.special_use = special_use;
    folder.record.highest_modseq = folder.record.expunge_floor = modseq();
    folder.dirty = true;
    ++state_.folders;
    state_.list_bytes += list_cost(name);
    tx_.put(keys::name(account_, name), encode_number(raw(folder.id)));
    folders_.push_back(std::move(folder));
    return folders_.back();
}

Result<FolderTx*> AccountTx::create_folder(std::string_view name, v1::SpecialUse special_use) {
    if (find_name(name)) return fail(Kind::exists, "The mailbox exists already.");
    if (state_.folders >= kFoldersPerAccountMax) return fail(Kind::over_quota, "Too many mailboxes.");
    if (auto room = check_list(list_cost(name)); !room) return fail(std::move(room.error()));
    return &new_folder(name, special_use);
}

Result<FolderTx*> AccountTx::ensure_folder(std::string_view name) {
    if (const auto id = find_name(name)) return folder(*id);
    auto made = create_folder(name, v1::SPECIAL_USE_UNSPECIFIED);
    if (made && !tx_.get(keys::subscription(account_, name))) {
        if (auto subscribed = add_subscription(name); !subscribed) return fail(std::move(subscribed.error()));
    }
    return made;
}

Result<FolderTx*> AccountTx::special_folder(v1::SpecialUse special_use) {
    // Nearly always under the name that it was made with.
    const auto usual = default_name(special_use);
    if (!usual.empty()) {
        if (const auto id = find_name(usual)) {
            auto found = folder(*id);
            if (!found || (*found)->record.special_use == special_use) return found;
        }
    }
    std::optional<FolderId> found;
    std::optional<Error> error;
    const auto range = keys::folders(account_);
    tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        auto record = FolderRecord::decode(value);
        if (!record) error = std::move(record.error());
        else if (record->special_use == special_use) found = keys::folder_of_key(key);
        return !error && !found;
    });
    if (error) return fail(std::move(*error));
    if (!found) return fail(Kind::not_found, "No mailbox has this use.");
    return folder(*found);
}

Result<FolderTx*> AccountTx::ensure_special_folder(v1::SpecialUse special_use) {
    auto found = special_folder(special_use);
    if (found || found.error().kind != Kind::not_found) return found;
    const auto name = default_name(special_use);
    if (name.empty()) return fail(Kind::unsupported, "No such special use.");
    auto made = ensure_folder(name);
    if (!made) return made;
    // One of that name, which a user made for himself, is what its name says.
    if ((*made)->record.special_use == v1::SPECIAL_USE_UNSPECIFIED) {
        (*made)->record.special_use = special_use;
        (*made)->dirty = true;
    }
    return made;
}

Result<void> AccountTx::check_list(std::uint64_t more_bytes) const {
    if (state_.list_bytes + more_bytes <= kListBytesMax) return {};
    return fail(Kind::over_quota, "Too many or too long mailbox names.");
}

Result<void> AccountTx::rename_folder(FolderTx& folder, std::string_view name) {
    const auto cost = list_cost(name);
    const auto cost_before = list_cost(folder.record.name);
    if (cost > cost_before) {
        if (auto room = check_list(cost - cost_before); !room) return room;
    }
    state_.list_bytes = state_.list_bytes - cost_before + cost;
    tx_.erase(keys::name(account_, folder.record.name));
    tx_.put(keys::name(account_, name), encode_number(raw(folder.id)));
    folder.record.name = name;
    folder.dirty = true;
    return {};
}

Result<void> AccountTx::add_subscription(std::string_view name) {
    if (state_.subscriptions >= kSubscriptionsPerAccountMax) return fail(Kind::over_quota, "Too many subscriptions.");
    const auto cost = name.size() + kListEntryBytes;
    if (auto room = check_list(cost); !room) return room;
    tx_.put(keys::subscription(account_, name), {});
    ++state_.subscriptions;
    state_.list_bytes += cost;
    return {};
}

void AccountTx::remove_subscription(std::string_view name) {
    tx_.erase(keys::subscription(account_, name));
    --state_.subscriptions;
    state_.list_bytes -= name.size() + kListEntryBytes;
}

Result<void> AccountTx::delete_folder(FolderTx& folder, Change& change) {
    const auto everything = [](Uid, std::uint8_t) { return true; };
    auto removed = remove(folder, UidSet::all(), everything, Goes::to_trash, change);
    if (!removed) return fail(std::move(removed.error()));
    tx_.erase(keys::name(account_, folder.record.name));
    tx_.erase(keys::folder(account_, folder.id));
    const auto log = keys::expunged_after(folder.id, 0);
    tx_.erase_range(log.from, log.to);
    --state_.folders;
    state_.list_bytes -= list_cost(folder.record.name);
    change = start_change(folder);
    change.modseq = modseq();
    change.gone = true;
    folder.dirty = false;
    return {};
}

// RFC 3501 §6.3.5: the mail moves to the new name, INBOX stays. The folder with the mail keeps its id and UIDVALIDITY, so
// that nothing is copied; INBOX gets new ones (design.md §3). POP3 goes on showing the mail that has a POP3 order.
Result<FolderTx*> AccountTx::replace_inbox(std::string_view old_gets, Change& change) {
    auto old = folder(state_.inbox);
    if (!old) return old;
    if (state_.folders >= kFoldersPerAccountMax) return fail(Kind::over_quota, "Too many mailboxes.");
    change = start_change(**old);
    change.modseq = modseq();
    change.gone = true;
    if (auto renamed = rename_folder(**old, old_gets); !renamed) return fail(std::move(renamed.error()));
    auto& inbox = new_folder(kInbox, v1::SPECIAL_USE_UNSPECIFIED);
    state_.inbox = inbox.id;
    return *old;
}

Result<void> create_mailbox(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account) {
    if (transaction.get(keys::account_state(account))) return fail(Kind::exists, "The mailbox exists already.");
    auto box = AccountTx::create(transaction, parts, account);
    const bool imap4 = imap4_enabled(parts.settings, transaction.get(keys::kImap4));
    box.set_form(imap4 ? v1::MAILBOX_FORM_IMAP4 : v1::MAILBOX_FORM_POP3, JobId{0});
    for (const auto& folder : kDefaultFolders) {
        auto made = box.create_folder(folder.name, folder.use);
        if (!made) return fail(std::move(made.error()));
        if (folder.name == kInbox) box.set_inbox((*made)->id);
        if (auto subscribed = box.add_subscription(folder.name); !subscribed) return subscribed;
    }
    box.save();
    return {};
}

}  // namespace tayori::spool

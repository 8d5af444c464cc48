#include "spoold/mailbox/account_tx.h"

#include <algorithm>
#include <random>

#include "common/base/text.h"
#include "spoold/keys.h"
#include "spoold/mailbox/names.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

constexpr std::uint64_t kPercent = 100;

bool has_reserve(v1::SpecialUse use) {
    return use == v1::SPECIAL_USE_SENT || use == v1::SPECIAL_USE_DRAFTS;
}

std::uint64_t with_reserve(std::uint64_t limit, std::uint32_t percent, std::uint64_t at_least) {
    return limit + std::max(limit / kPercent * percent, at_least);
}

}  // namespace

std::uint64_t take_numbers(store::Transaction& transaction, std::string_view counter, std::uint64_t count) {
    const auto first = decode_number(transaction.get(counter), 1);
    transaction.put(counter, encode_number(first + count));
    return first;
}

std::uint64_t next_random(std::uint64_t& seed) {
    seed += 0x9E3779B97F4A7C15;
    auto z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

std::uint64_t random_seed() {
    thread_local std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

Result<AccountTx> AccountTx::open(store::Transaction& transaction, const Mailboxes::Parts& parts,
                                  AccountId account) {
    const auto value = transaction.get(keys::account_state(account));
    if (!value) return fail(Kind::not_found, "No such mailbox.");
    auto state = AccountState::decode(*value);
    if (!state) return fail(std::move(state.error()));
    return AccountTx(transaction, parts, account, std::move(*state));
}

Result<FolderTx*> AccountTx::folder(FolderId id) {
    for (auto& folder : folders_) {
        if (folder.id == id) return &folder;
    }
    const auto value = tx_.get(keys::folder(account_, id));
    if (!value) return fail(Kind::not_found, "No such mailbox.");
    auto record = FolderRecord::decode(*value);
    if (!record) return fail(std::move(record.error()));
    parts_.recents.apply(id, *record);
    folders_.push_back({id, std::move(*record), false});
    return &folders_.back();
}

std::optional<FolderId> AccountTx::find_name(std::string_view name) {
    if (name == kInbox && raw(state_.inbox) != 0) return state_.inbox;
    const auto value = tx_.get(keys::name(account_, name));
    if (!value) return std::nullopt;
    return FolderId{decode_number(value, 0)};
}

bool AccountTx::has_children(std::string_view name) {
    const auto range = keys::names_below(account_, name);
    bool any = false;
    tx_.scan(range.from, range.to, [&](std::string_view, std::string_view) { return !(any = true); });
    return any;
}

Result<FolderTx*> AccountTx::folder_named(std::string_view name) {
    if (const auto id = find_name(name)) return folder(*id);
    if (has_children(name)) return fail(Kind::unsupported, "This is only a level of the hierarchy.");
    return fail(Kind::not_found, "No such mailbox.");
}

Modseq AccountTx::modseq() {
    if (modseq_ == 0) modseq_ = ++state_.modseq;
    return modseq_;
}

Change AccountTx::start_change(const FolderTx& folder) {
    Change change;
    change.account = account_;
    change.folder = folder.id;
    return change;
}

Result<void> AccountTx::check_room(const FolderTx& folder, std::uint64_t bytes, std::uint64_t messages) {
    if (!limits_) limits_ = parts_.limits.in_transaction(tx_, raw(account_));
    if (!limits_->receives) return fail(Kind::not_found, "No such mailbox.");
    auto bytes_max = limits_->quota_bytes;
    auto messages_max = limits_->quota_messages;
    const auto& settings = parts_.settings;
    if (has_reserve(folder.record.special_use)) {
        if (bytes_max != 0) {
            bytes_max = with_reserve(bytes_max, settings.reserve_percent, settings.reserve_bytes_min);
        }
        if (messages_max != 0) {
            messages_max = with_reserve(messages_max, settings.reserve_percent, settings.reserve_messages_min);
        }
    }
    if ((bytes_max != 0 && state_.bytes + bytes > bytes_max) ||
        (messages_max != 0 && state_.messages + messages > messages_max)) {
        return fail(Kind::over_quota, "The mailbox is full.");
    }
    return {};
}

Result<void> AccountTx::check_uids(const FolderTx& folder, std::uint64_t messages) {
    if (folder.record.uid_next + messages <= kUidNextMax) return {};
    return fail(Kind::busy, "This mailbox must be renumbered before it can take more mail.",
                cat("folder ", raw(folder.id), " is at UID ", folder.record.uid_next));
}

void AccountTx::count(FolderTx& folder, const Reference& reference) {
    auto& record = folder.record;
    ++record.messages;
    ++state_.messages;
    record.bytes += reference.bytes;
    state_.bytes += reference.bytes;
    if (reference.uid >= record.recent_first) ++record.recent;
    if (reference.pop3_order != 0) ++record.pop3_messages;
    if (reference.deleted()) ++record.deleted;
    if (reference.seen()) return;
    ++record.unseen;
    if (record.first_unseen == 0 || reference.uid < record.first_unseen) record.first_unseen = reference.uid;
}

Result<void> AccountTx::put_in(FolderTx& folder, std::vector<Reference> references, std::size_t page_min,
                               Change& change) {
    for (const auto& reference : references) count(folder, reference);
    folder.record.highest_modseq = modseq();
    folder.dirty = true;
    FolderPages pages(tx_, folder.id, folder.record);
    if (auto appended = pages.append(references, page_min); !appended) return appended;
    change.modseq = modseq();
    change.appended = std::move(references);
    const auto limit = folder.record.keeps_high_uids ? kUidNextMax - kUidHeadroomLeft : parts_.settings.uid_renumber_at;
    change.renumber_due = folder.record.uid_next > limit;
    return {};
}

Result<void> AccountTx::append(FolderTx& folder, std::vector<Reference> references, Change& change, Pop3Order order) {
    const bool shown_by_pop3 =
        order == Pop3Order::by_folder && (folder.id == state_.inbox || state_.form == v1::MAILBOX_FORM_POP3);
    folder.record.pace.note(tx_.now_ms(), folder.record.uid_next);
    for (auto& reference : references) {
        reference.uid = folder.record.uid_next++;
        reference.modseq = modseq();
        reference.pop3_order = shown_by_pop3 ? state_.next_pop3_order++ : 0;
    }
    return put_in(folder, std::move(references), kPageUidsMax, change);
}

Result<void> AccountTx::change_flags(FolderTx& folder, const UidSet& uids,
                                     const std::function<bool(FlagsNow&)>& alter, Change& change) {
    auto& record = folder.record;
    const auto counted = [&record](std::uint8_t flags, int by) {
        const auto step = static_cast<std::uint32_t>(by);
        if ((flags & v1::SYSTEM_FLAG_SEEN) == 0) record.unseen += step;
        if ((flags & v1::SYSTEM_FLAG_DELETED) != 0) record.deleted += step;
    };
    bool first_is_seen = false;
    FolderPages pages(tx_, folder.id, record);
    const auto changed = pages.change_flags(uids, [&](FlagsNow& now) {
        const auto before = now.flags;
        if (!alter(now)) return false;
        now.modseq = modseq();
        counted(before, -1);
        counted(now.flags, +1);
        const bool unseen_now = (now.flags & v1::SYSTEM_FLAG_SEEN) == 0;
        if (unseen_now && (record.first_unseen == 0 || now.uid < record.first_unseen)) {
            record.first_unseen = now.uid;
        }
        first_is_seen = first_is_seen || (!unseen_now && now.uid == record.first_unseen);
        change.changed.push_back(now);
        return true;
    });
    if (!changed) return changed;
    if (change.changed.empty()) return {};
    change.modseq = record.highest_modseq = modseq();
    folder.dirty = true;
    if (first_is_seen) return repair_first_unseen(folder);
    return {};
}

Result<void> AccountTx::repair_first_unseen(FolderTx& folder) {
    auto& record = folder.record;
    if (record.unseen == 0) {
        record.first_unseen = 0;
        return {};
    }
    FolderPages pages(tx_, folder.id, record);
    auto first = pages.first_unseen(record.first_unseen);
    if (!first) return fail(std::move(first.error()));
    record.first_unseen = *first;
    return {};
}

void AccountTx::uncount(FolderTx& folder, const std::vector<Reference>& references) {
    auto& record = folder.record;
    for (const auto& reference : references) {
        --record.messages;
        record.bytes -= reference.bytes;
        state_.bytes -= reference.bytes;
        --state_.messages;
        if (reference.pop3_order != 0) --record.pop3_messages;
        if (reference.deleted()) --record.deleted;
        if (!reference.seen()) --record.unseen;
        if (reference.uid >= record.recent_first && record.recent > 0) --record.recent;
    }
}

Result<std::vector<Reference>> AccountTx::remove(FolderTx& folder, const UidSet& uids,
                                                 const std::function<bool(Uid, std::uint8_t)>& chosen,
                                                 Goes goes, Change& change) {
    FolderPages pages(tx_, folder.id, folder.record);
    auto removed = pages.remove(uids, chosen);
    if (!removed || removed->empty()) return removed;
    uncount(folder, *removed);
    UidSet gone;
    for (const auto& reference : *removed) gone.add_last(reference.uid);
    change.modseq = folder.record.highest_modseq = modseq();
    folder.dirty = true;
    log_expunge(folder, gone);
    if (goes == Goes::to_trash) to_trash(folder, *removed);
    if (gone.contains(folder.record.first_unseen)) {
        if (auto repaired = repair_first_unseen(folder); !repaired) return fail(std::move(repaired.error()));
    }
    change.expunged = std::move(gone);
    return removed;
}

void AccountTx::log_expunge(FolderTx& folder, const UidSet& uids) {
    std::string value;
    uids.write(value);
    tx_.put(keys::expunged(folder.id, modseq()), value);
    if (++folder.record.expunge_entries > kExpungeLogEntriesMax) trim_expunge_log(folder);
}

// The older half goes at once, so that it costs little for each expunge.
void AccountTx::trim_expunge_log(FolderTx& folder) {
    const auto range = keys::expunged_after(folder.id, 0);
    std::vector<std::string> old;
    tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        old.emplace_back(key);
        return old.size() < kExpungeLogEntriesMax / 2;
    });
    for (const auto& key : old) tx_.erase(key);
    if (!old.empty()) folder.record.expunge_floor = keys::modseq_of_key(old.back());
    folder.record.expunge_entries -= static_cast<std::uint32_t>(old.size());
}

void AccountTx::to_trash(const FolderTx& folder, const std::vector<Reference>& references) {
    for (std::size_t i = 0; i < references.size(); i += kPageUidsMax) {
        const auto end = std::min(references.size(), i + kPageUidsMax);
        TrashPage page;
        page.folder_name = folder.record.name;
        page.references.assign(references.begin() + static_cast<std::ptrdiff_t>(i),
                               references.begin() + static_cast<std::ptrdiff_t>(end));
        tx_.put(keys::trash({account_, tx_.now_ms(), modseq(), folder.id, references[i].uid}), page.encode());
    }
}

Result<KeywordTable*> AccountTx::keywords() {
    if (!keywords_) {
        const auto value = tx_.get(keys::keyword_table(account_));
        if (!value) {
            keywords_.emplace();
        } else {
            auto table = KeywordTable::decode(*value);
            if (!table) return fail(std::move(table.error()));
            keywords_ = std::move(*table);
        }
    }
    return &*keywords_;
}

Result<std::vector<KeywordId>> AccountTx::keyword_ids(
    const google::protobuf::RepeatedPtrField<std::string>& names) {
    std::vector<KeywordId> ids;
    if (names.empty()) return ids;
    if (static_cast<std::size_t>(names.size()) > kKeywordsPerMessageMax) {
        return fail(Kind::invalid, "Too many keywords on one message.");
    }
    auto table = keywords();
    if (!table) return fail(std::move(table.error()));
    for (const auto& name : names) {
        auto id = (*table)->find_or_add(name);
        if (!id) return fail(std::move(id.error()));
        ids.push_back(*id);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

Result<void> AccountTx::name_keywords(Change& change) {
    std::vector<KeywordId> ids;
    for (const auto& reference : change.appended) {
        ids.insert(ids.end(), reference.keywords.begin(), reference.keywords.end());
    }
    for (const auto& now : change.changed) ids.insert(ids.end(), now.keywords.begin(), now.keywords.end());
    if (ids.empty()) return {};
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    auto table = keywords();
    if (!table) return fail(std::move(table.error()));
    for (const auto id : ids) change.keywords.push_back({id, std::string((*table)->name_of(id))});
    return {};
}

void AccountTx::save() {
    for (auto& folder : folders_) {
        if (!folder.dirty) continue;
        tx_.put(keys::folder(account_, folder.id), folder.record.encode());
        folder.dirty = false;
    }
    if (keywords_ && keywords_->grew()) tx_.put(keys::keyword_table(account_), keywords_->encode());
    tx_.put(keys::account_state(account_), state_.encode());
}

}  // namespace tayori::spool

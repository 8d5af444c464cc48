#include "spoold/backup/raise.h"

#include <algorithm>

#include "spoold/counters/census.h"
#include "spoold/directory/records.h"
#include "spoold/keys.h"
#include "spoold/mailbox/limits.h"
#include "spoold/mailbox/pages.h"
#include "spoold/store/commit.h"

namespace tayori::spool {
namespace {

using keys::References;

// Close to the end of the 32 bits only half of what is left: the folder must be renumbered soon anyway.
Uid above(Uid a, Uid b) {
    const auto most = std::max(a, b);
    if (most >= kUidNextMax) return most;
    return most + std::min(static_cast<Uid>(kRestoreGap), (kUidNextMax - most) / 2 + 1);
}

// What the living store has of the same account and folder; nothing without one.
class Living {
  public:
    explicit Living(const store::Snapshot* snapshot) : snapshot_(snapshot) {}
    Result<AccountState> state(AccountId account) const {
        return or_nothing(snapshot_ == nullptr ? Result<AccountState>(AccountState()) : read_state(*snapshot_, account));
    }
    Result<FolderRecord> folder(AccountId account, FolderId id) const {
        return or_nothing(snapshot_ == nullptr ? Result<FolderRecord>(FolderRecord())
                                               : read_folder(*snapshot_, account, id));
    }
    Result<std::optional<std::string>> get(std::string_view key) const {
        return snapshot_ == nullptr ? Result<std::optional<std::string>>(std::nullopt) : snapshot_->get(key);
    }

  private:
    template <class T>
    static Result<T> or_nothing(Result<T> read) {
        if (!read && read.error().kind == Kind::not_found) return T();
        return read;
    }
    const store::Snapshot* snapshot_;
};

// Gives every reference of the folder this modseq.
Result<std::uint64_t> renew(store::Transaction& t, FolderId folder, const FolderRecord& record, Modseq modseq) {
    std::vector<std::pair<std::string, std::string>> puts;
    std::optional<Error> error;
    std::uint64_t references = 0;
    const auto pages = keys::references_from(folder, References::changing, 1);
    MutablePage page;
    t.scan(pages.from, pages.to, [&](std::string_view key, std::string_view value) {
        if (auto decoded = page.decode(value); !decoded) error = std::move(decoded.error());
        else {
            std::fill_n(page.modseq.begin(), page.count, modseq);
            references += page.count;
            puts.emplace_back(std::string(key), page.encode());
        }
        return !error;
    });
    const auto tail = keys::references_from(folder, References::tail, record.tail_first);
    if (!error) t.scan(tail.from, tail.to, [&](std::string_view key, std::string_view value) {
        auto row = decode_row(keys::uid_of_key(key), value);
        if (!row) error = std::move(row.error());
        else {
            row->modseq = modseq;
            ++references;
            puts.emplace_back(std::string(key), encode_row(*row));
        }
        return !error;
    });
    if (error) return fail(std::move(*error));
    for (const auto& [key, value] : puts) t.put(key, value);
    return references;
}

Result<void> raise_folder(store::Transaction& t, AccountId account, NumberedFolder& folder, Modseq modseq,
                          const Living& living, Raised& raised) {
    auto other = living.folder(account, folder.id);
    if (!other) return fail(std::move(other.error()));
    auto& record = folder.record;
    const bool same = other->uid_validity == record.uid_validity;
    record.skip_uids(above(record.uid_next, same ? other->uid_next : 1));
    record.highest_modseq = record.expunge_floor = modseq;
    record.expunge_entries = 0;
    const auto log = keys::expunged_after(folder.id, 0);
    t.erase_range(log.from, log.to);
    auto references = renew(t, folder.id, record, modseq);
    if (!references) return fail(std::move(references.error()));
    t.put(keys::folder(account, folder.id), record.encode());
    ++raised.folders;
    raised.references += *references;
    return {};
}

Result<void> raise_account(store::Store& store, AccountId account, AccountState state, const Living& living,
                           Raised& raised) {
    auto other = living.state(account);
    if (!other) return fail(std::move(other.error()));
    auto folders = read_folders(*store.snapshot(), account);
    if (!folders) return fail(std::move(folders.error()));
    state.modseq = std::max(state.modseq, other->modseq) + kRestoreGap;
    state.next_uid_validity = std::max(state.next_uid_validity, other->next_uid_validity) +
                              static_cast<std::uint32_t>(kRestoreGap);
    state.next_pop3_order = std::max(state.next_pop3_order, other->next_pop3_order) + kRestoreGap;
    ++raised.accounts;
    return store::commit_and_wait(store, raw(account), store::Effect::shrinks, [&](store::Transaction& t) -> Result<void> {
        for (auto& folder : *folders) {
            if (auto done = raise_folder(t, account, folder, state.modseq, living, raised); !done) return done;
        }
        t.put(keys::account_state(account), state.encode());
        return {};
    });
}

Result<void> raise_site(store::Store& store, const Living& living) {
    return store::commit_and_wait(store, 0, store::Effect::shrinks, [&](store::Transaction& t) -> Result<void> {
        for (const auto key : {keys::kNextMessageId, keys::kNextFolderId, keys::kNextQueueId}) {
            auto other = living.get(key);
            if (!other) return fail(std::move(other.error()));
            t.put(key, encode_number(std::max(decode_number(t.get(key), 1), decode_number(*other, 1)) + kRestoreGap));
        }
        auto other = living.get(row_key::next_account());
        if (!other) return fail(std::move(other.error()));
        const auto number = [](const std::optional<std::string>& value) { return value ? decode_u64(*value) : 1; };
        const auto next = std::max(number(t.get(row_key::next_account())), number(*other)) + kRestoreGap;
        t.put(row_key::next_account(), encode_u64(next));
        t.erase(keys::kPace);
        t.erase(keys::kServerId);
        t.erase(row_key::secret("ticket"));
        return {};
    });
}

}  // namespace

Result<Raised> raise_counters(store::Store& store, const store::Snapshot* living_snapshot) {
    const Living living(living_snapshot);
    Raised raised;
    raised.queued = decode_number(store.get(keys::kQueued).value_or(std::nullopt), 0);
    std::vector<std::pair<AccountId, AccountState>> accounts;
    auto visited = visit_accounts(*store.snapshot(), [&](AccountId account, const AccountState& state) {
        accounts.emplace_back(account, state);
        return true;
    });
    if (!visited) return fail(std::move(visited.error()));
    for (auto& [account, state] : accounts) {
        auto done = raise_account(store, account, std::move(state), living, raised);
        if (!done) return fail(std::move(done.error()));
    }
    if (auto done = raise_site(store, living); !done) return fail(std::move(done.error()));
    return raised;
}

}  // namespace tayori::spool

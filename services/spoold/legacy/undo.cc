// Taking an import back, as long as no client has come (directory/imported.h). Each step is one bounded commit that checks
// this anew; where a machine stops between two, undo is asked for again and goes on.
#include <map>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/core.h"
#include "spoold/directory/imported.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/limits.h"
#include "spoold/legacy/records.h"
#include "spoold/legacy/waiting.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

struct Step {
    bool more = false;
    bool kept = false;     // a client has come
    bool removed = false;  // the account as a whole
    std::uint64_t mails = 0;
};

class UndoTx {
  public:
    UndoTx(store::Transaction& transaction, const Mailboxes::Parts& parts, ImportId id, AccountId account)
        : tx_(transaction), parts_(parts), id_(id), account_(account) {}

    Result<void> run(Step& step, ChangeSet& changes) {
        const TransactionRows rows(tx_);
        auto import = read_import(rows, id_);
        if (!import) return fail(std::move(import.error()));
        auto row = read_import_account(rows, id_, account_);
        if (!row) return fail(std::move(row.error()));
        if (row->state() == stored::v1::STORED_IMPORT_STATE_UNDONE) return {};
        auto box = AccountTx::open(tx_, parts_, account_);
        if (!box && box.error().kind == Kind::not_found) return finish(*import, *row);  // deleted and purged
        if (!box) return fail(std::move(box.error()));
        step.kept = !is_untouched(tx_, raw(account_));
        if (step.kept) return {};
        box_ = &*box;
        if (row->created() && !row->others_changed() && row->modseq() == box->state().modseq) {
            step.removed = true;
            step.mails = row->mails();
            if (auto gone = discard_account(tx_, raw(account_)); !gone) return gone;
            return finish(*import, *row);
        }
        return some(*import, *row, step, changes);
    }

  private:
    struct Taken {
        UidSet uids;
        std::vector<std::string> keys;
    };

    Result<void> some(StoredImport& import, StoredImportAccount& row, Step& step, ChangeSet& changes) {
        row.set_others_changed(true);
        auto batch = next_batch(step);
        if (!batch) return fail(std::move(batch.error()));
        for (auto& [folder, taken] : *batch) {
            if (auto removed = remove(folder, taken, step, changes); !removed) return removed;
        }
        if (!step.more) {
            if (auto tidied = tidy_folders(changes); !tidied) return tidied;
        }
        box_->save();
        if (step.more) {
            write_row(tx_, keys::import_account(id_, account_), row);
            return {};
        }
        if (auto removed = remove_plugin_settings(tx_, raw(account_), raw(id_)); !removed) return removed;
        if (row.created() && box_->state().messages == 0) {
            step.removed = true;
            if (auto gone = discard_account(tx_, raw(account_)); !gone) return gone;
        }
        return finish(import, row);
    }

    Result<void> finish(StoredImport& import, StoredImportAccount& row) {
        import.set_accounts(import.accounts() - std::min<std::uint64_t>(import.accounts(), 1));
        import.set_mails(import.mails() - std::min(import.mails(), row.mails()));
        import.set_bytes(import.bytes() - std::min(import.bytes(), row.bytes()));
        const auto address = row.address();
        const auto next_batch = row.next_batch();
        row.Clear();
        row.set_next_batch(next_batch + 1);
        row.set_address(address);
        row.set_state(stored::v1::STORED_IMPORT_STATE_UNDONE);
        write_row(tx_, keys::import_account(id_, account_), row);
        write_row(tx_, keys::import(id_), import);
        return {};
    }

    Result<std::map<FolderId, Taken>> next_batch(Step& step) {
        std::map<FolderId, Taken> batch;
        std::vector<std::pair<FolderId, Uid>> found;
        std::optional<Error> error;
        const auto range = keys::all_imported(account_, id_);
        tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            if (found.size() >= kUndoMailsPerCommit) return !(step.more = true);
            auto row = decode_stored<StoredImportedMail>(value);
            if (!row) {
                error = std::move(row.error());
                return false;
            }
            found.emplace_back(FolderId{row->folder_id()}, row->uid());
            batch[found.back().first].keys.emplace_back(key);
            return true;
        });
        if (error) return fail(std::move(*error));
        for (const auto& [folder, uid] : found) batch[folder].uids.add(uid, uid);
        return batch;
    }

    Result<void> remove(FolderId id, const Taken& taken, Step& step, ChangeSet& changes) {
        for (const auto& key : taken.keys) tx_.erase(key);
        auto folder = box_->folder(id);
        if (!folder && folder.error().kind == Kind::not_found) return {};  // it was deleted with its mail
        if (!folder) return fail(std::move(folder.error()));
        auto change = box_->start_change(**folder);
        auto removed = box_->remove(
            **folder, taken.uids, [](Uid, std::uint8_t) { return true; }, AccountTx::Goes::elsewhere, change);
        if (!removed) return fail(std::move(removed.error()));
        for (const auto& reference : *removed) {
            if (!reference.uidl.empty()) tx_.erase(keys::imported_uidl(account_, reference.uidl));
            auto released = release_message(tx_, account_, reference.message);
            if (!released) return released;
        }
        step.mails += removed->size();
        if (!removed->empty()) changes.push_back(std::move(change));
        return {};
    }

    // Folders that the import made go when they are empty; others are as if nobody had used them.
    Result<void> tidy_folders(ChangeSet& changes) {
        std::vector<std::pair<FolderId, StoredImportFolder>> rows;
        std::optional<Error> error;
        const auto range = keys::import_folders(account_, id_);
        tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            auto row = decode_stored<StoredImportFolder>(value);
            if (!row) error = std::move(row.error());
            else rows.emplace_back(keys::folder_of_import_folder(key), std::move(*row));
            return !error;
        });
        if (error) return fail(std::move(*error));
        tx_.erase_range(range.from, range.to);
        for (const auto& [id, row] : rows) {
            auto folder = box_->folder(id);
            if (!folder || (*folder)->record.messages > 0) continue;
            const auto name = (*folder)->record.name;
            auto change = box_->start_change(**folder);
            change.modseq = box_->modseq();
            change.gone = true;
            if (row.created()) {
                if (auto deleted = box_->delete_folder(**folder, change); !deleted) return deleted;
                if (tx_.get(keys::subscription(account_, name))) box_->remove_subscription(name);
            } else if (row.keeps_uids()) {
                box_->renew_folder(**folder);
            } else {
                continue;
            }
            changes.push_back(std::move(change));
        }
        return {};
    }

    store::Transaction& tx_;
    const Mailboxes::Parts& parts_;
    const ImportId id_;
    const AccountId account_;
    AccountTx* box_ = nullptr;
};

Result<Step> undo_some(const Mailboxes::Parts& parts, const CorePtr& core, ImportId id, AccountId account) {
    auto step = wait_for_answer<Step>([&](auto done) {
        submit_write<Step>(
            parts, account, store::Effect::shrinks,
            [&parts, id, account](store::Transaction& transaction, Step& reply, ChangeSet& changes) {
                return UndoTx(transaction, parts, id, account).run(reply, changes);
            },
            std::move(done));
    });
    core->changed();
    return step;
}

}  // namespace

Result<v1::UndoImportReply> Imports::undo(ImportId id) {
    v1::UndoImportReply reply;
    std::vector<v1::ImportAccount> accounts;
    auto listed = list_accounts(id, [&](const v1::ImportAccount& account) {
        if (account.state() != v1::IMPORT_STATE_UNDONE) accounts.push_back(account);
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    const auto& parts = mailboxes_.parts();
    const auto core = directory_.core();
    for (const auto& account : accounts) {
        Step step;
        do {
            auto done = undo_some(parts, core, id, AccountId{account.account_id()});
            if (!done) return fail(std::move(done.error()));
            step = *done;
            reply.set_mails_removed(reply.mails_removed() + step.mails);
        } while (step.more && !step.kept);
        if (step.removed) reply.set_accounts_removed(reply.accounts_removed() + 1);
        if (step.kept) reply.add_kept(account.address());
    }
    if (reply.kept().empty()) {
        auto aliases = undo_aliases(id);
        if (!aliases) return fail(std::move(aliases.error()));
        reply.set_aliases_removed(*aliases);
    }
    directory_.purge_expired();
    auto row = read_import(StoreRows(parts.store), id);
    if (!row) return fail(std::move(row.error()));
    *reply.mutable_import() = show(id, *row);
    log_info("import_undone", {{"import", raw(id)}, {"mails", reply.mails_removed()}, {"kept", reply.kept_size()}});
    return reply;
}

}  // namespace tayori::spool

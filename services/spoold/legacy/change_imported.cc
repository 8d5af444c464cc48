// What has changed at the source since a mail was imported, in one commit. As with undo, only while no client has come:
// from the first login on, flags and removals are the owner's.
#include <map>

#include "common/base/text.h"
#include "spoold/directory/imported.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/limits.h"
#include "spoold/legacy/records.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {
namespace {

struct WantedChange {
    const v1::ImportedChange* change = nullptr;
    std::vector<KeywordId> keywords;
};

class ChangeTx {
  public:
    ChangeTx(store::Transaction& transaction, const Mailboxes::Parts& parts, const v1::ChangeImportedRequest& request)
        : tx_(transaction),
          parts_(parts),
          request_(request),
          id_{request.import_id()},
          account_{request.account_id()} {}

    Result<void> run(v1::ChangeImportedReply& reply, ChangeSet& changes) {
        auto row = read_import_account(TransactionRows(tx_), id_, account_);
        if (!row) return fail(std::move(row.error()));
        reply.set_clients_came(!is_untouched(tx_, raw(account_)));
        if (reply.clients_came()) return {};
        auto box = AccountTx::open(tx_, parts_, account_);
        if (!box) return fail(std::move(box.error()));
        box_ = &*box;
        if (row->modseq() != box_->state().modseq) row->set_others_changed(true);
        if (auto sorted = sort_by_folder(); !sorted) return sorted;
        for (auto& [folder, wanted] : folders_) {
            if (auto done = change_folder(folder, wanted, reply, changes); !done) return done;
        }
        if (changes.empty()) return {};
        row->set_modseq(box_->state().modseq);
        box_->save();
        write_row(tx_, keys::import_account(id_, account_), *row);
        return {};
    }

  private:
    Result<void> sort_by_folder() {
        for (const auto& change : request_.changes()) {
            auto row =
                read_row<StoredImportedMail>(TransactionRows(tx_), keys::imported(account_, id_, change.identity()));
            if (!row) return fail(std::move(row.error()));
            if (!*row) continue;  // it has never come
            WantedChange wanted{&change, {}};
            if (!change.gone()) {
                auto ids = box_->keyword_ids(change.keywords());
                if (!ids && ids.error().kind != Kind::invalid) return fail(std::move(ids.error()));
                if (ids) wanted.keywords = std::move(*ids);
            }
            folders_[FolderId{(*row)->folder_id()}][(*row)->uid()] = std::move(wanted);
        }
        return {};
    }

    Result<void> change_folder(FolderId id, const std::map<Uid, WantedChange>& wanted, v1::ChangeImportedReply& reply,
                               ChangeSet& changes) {
        auto folder = box_->folder(id);
        if (!folder && folder.error().kind == Kind::not_found) return {};  // it was deleted with its mail
        if (!folder) return fail(std::move(folder.error()));
        UidSet gone;
        UidSet flagged;
        for (const auto& [uid, one] : wanted) (one.change->gone() ? gone : flagged).add_last(uid);
        auto change = box_->start_change(**folder);
        auto changed = box_->change_flags(
            **folder, flagged, [&](FlagsNow& now) { return alter(now, wanted.at(now.uid)); }, change);
        if (!changed) return changed;
        const auto flags_changed = change.changed.size();
        // The rows that name the mails stay: what is gone at the source does not come again, and its UIDL is nobody
        // else's.
        auto removed =
            box_->remove(**folder, gone, [](Uid, std::uint8_t) { return true; }, AccountTx::Goes::to_trash, change);
        if (!removed) return fail(std::move(removed.error()));
        if (flags_changed == 0 && removed->empty()) return {};
        reply.set_changed(reply.changed() + static_cast<std::uint32_t>(flags_changed));
        reply.set_removed(reply.removed() + static_cast<std::uint32_t>(removed->size()));
        if (auto named = box_->name_keywords(change); !named) return named;
        changes.push_back(std::move(change));
        return {};
    }

    static bool alter(FlagsNow& now, const WantedChange& wanted) {
        const auto flags = static_cast<std::uint8_t>(wanted.change->flags() & kSystemFlags);
        if (now.flags == flags && now.keywords == wanted.keywords) return false;
        now.flags = flags;
        now.keywords = wanted.keywords;
        return true;
    }

    store::Transaction& tx_;
    const Mailboxes::Parts& parts_;
    const v1::ChangeImportedRequest& request_;
    const ImportId id_;
    const AccountId account_;
    AccountTx* box_ = nullptr;
    std::map<FolderId, std::map<Uid, WantedChange>> folders_;
};

}  // namespace

void Imports::change(Shared<v1::ChangeImportedRequest> request, Answer<v1::ChangeImportedReply> done) {
    if (request->changes_size() > kImportChangesMax)
        return done(fail(Kind::invalid, cat("At most ", kImportChangesMax, " changes come at once.")));
    const auto& parts = mailboxes_.parts();
    submit_write<v1::ChangeImportedReply>(
        parts, AccountId{request->account_id()}, store::Effect::grows,
        [&parts, request](store::Transaction& transaction, v1::ChangeImportedReply& reply, ChangeSet& changes) {
            return ChangeTx(transaction, parts, *request).run(reply, changes);
        },
        std::move(done));
}

}  // namespace tayori::spool

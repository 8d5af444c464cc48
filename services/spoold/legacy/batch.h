// One batch of imported mail inside its mutation.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "spoold/intake/new_mail.h"
#include "spoold/legacy/records.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {

// A mail as it was checked and encoded before the mutation; views lie in the request.
struct PreparedImport {
    const v1::ImportMail* mail = nullptr;
    NewMail content;
    std::string uidl;               // as it would be, were it not taken; empty: a new one
    bool uidl_hashed = false;
    std::optional<Error> refused;   // of this mail alone
};

class BatchTx {
  public:
    BatchTx(store::Transaction& transaction, const Mailboxes::Parts& parts, const v1::ImportBatch& batch,
            const std::vector<PreparedImport>& mails)
        : tx_(transaction), parts_(parts), batch_(batch), mails_(mails), id_{batch.import_id()},
          account_{batch.account_id()} {}

    Result<void> run(v1::ImportBatchReply& reply, ChangeSet& changes);

  private:
    struct Target {
        FolderTx* folder = nullptr;
        StoredImportFolder row;
        std::vector<Reference> references;
        std::uint64_t unnumbered = 0;
    };

    Result<void> open();
    Result<Target*> target(FolderId id);
    Result<void> import(std::size_t at, v1::ImportBatchReply& reply);
    Result<Reference> reference(std::size_t at, Target& target);
    Result<std::vector<KeywordId>> keywords(const v1::ImportMail& mail);
    Uid uid_for(const v1::ImportMail& mail, Target& target);
    std::string uidl_for(const PreparedImport& prepared);
    Result<std::uint64_t> pop3_order_for(const v1::ImportMail& mail) const;
    Result<void> place(Target& target, ChangeSet& changes);
    Result<std::vector<AccountTx::Placed>> put_in(Target& target, Change& change);
    void refuse(const v1::ImportMail& mail, const Error& error, v1::ImportBatchReply& reply);
    void note(const v1::ImportMail& mail, std::string_view code, std::vector<std::string> values);

    store::Transaction& tx_;
    const Mailboxes::Parts& parts_;
    const v1::ImportBatch& batch_;
    const std::vector<PreparedImport>& mails_;
    const ImportId id_;
    const AccountId account_;

    std::optional<AccountTx> box_;
    StoredImport import_;
    StoredImportAccount row_;
    std::map<FolderId, Target> targets_;
    absl::flat_hash_set<std::string_view> seen_;  // identities in this batch
    std::uint64_t first_message_ = 0;
    std::uint64_t bytes_ahead_ = 0;     // of this batch, not counted in the account yet
    std::uint64_t messages_ahead_ = 0;
};

}  // namespace tayori::spool

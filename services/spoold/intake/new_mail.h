// A new mail on its way into mailboxes and queue: its bytes and summary, checked and encoded before the mutation, so
// that the committer only copies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/intake.pb.h"
#include "tayori/spool/v1/mailbox.pb.h"

namespace tayori::spool {

// The views lie in the request.
struct NewMail {
    std::string_view bytes;
    std::optional<store::UploadId> upload;
    std::string summary;          // encoded
    std::string_view header;      // to be kept; empty: too large
    std::uint64_t bytes_max = 0;  // MailboxSettings::message_bytes_max
    std::uint64_t seed = 0;       // for UIDLs
};

// An upload that is not there any more (spoold was started anew in between, or it expired) is temporary trouble: the mail is
// still with its sender, who has to try again. not_found would be told to him as an unknown recipient.
Error as_upload_error(Error error);

// invalid: no content or a broken summary; too_big.
Result<NewMail> prepare_mail(const v1::Append& request, const MailboxSettings& settings);
Result<NewMail> prepare_mail(const v1::CommitPlan& request, const MailboxSettings& settings);

// The body of a NewMail inside a mutation: stored once, one reference for each take().
class BodyTx {
  public:
    // busy: no such upload; too_big.
    static Result<BodyTx> store(store::Transaction& transaction, const NewMail& mail);
    store::BodyId id() const { return id_; }
    std::uint64_t bytes() const { return bytes_; }
    store::BodyId take();
    // When nobody took it, it goes again.
    Result<void> end();

  private:
    BodyTx(store::Transaction& transaction, store::BodyId id, std::uint64_t bytes)
        : tx_(&transaction), id_(id), bytes_(bytes) {}
    store::Transaction* tx_;
    store::BodyId id_;
    std::uint64_t bytes_;
    bool taken_ = false;
};

// Where a mail goes in one account.
struct Placement {
    MessageId message{};
    std::string_view prefix;
    std::uint8_t flags = 0;
    std::vector<KeywordId> keywords;
    std::int64_t internal_date_s = 0;
    std::int32_t zone_minutes = 0;
};

// Stores the message in the folder, whose room has been checked, and saves the account.
Result<Reference> place_mail(AccountTx& box, FolderTx& folder, const NewMail& mail, BodyTx& body, Placement to,
                             std::uint64_t uidl_random, ChangeSet& changes);

}  // namespace tayori::spool

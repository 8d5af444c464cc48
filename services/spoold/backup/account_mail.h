// One mail of a backup on its way into the living mailbox.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "spoold/backup/account_plan.h"
#include "spoold/intake/new_mail.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {

// With all that is needed to bring it back; its bytes live until the commit is done. Not copied: views lie in it.
struct LoadedMail {
    Comeback comeback;
    std::vector<std::string> keywords;
    std::string record_bytes;  // of the backup
    MessageRecord record;
    std::string header;
    std::string bytes;
    NewMail mail;
    std::uint64_t uidl_random = 0;
    // Set by the mutation.
    bool done = false;
    MessageId made{};

    LoadedMail() = default;
    LoadedMail(const LoadedMail&) = delete;
    LoadedMail& operator=(const LoadedMail&) = delete;
};
using LoadedMailPtr = std::shared_ptr<LoadedMail>;

// Reads body and header of `mail.record_bytes`, with what is to be stored of them. The body's checksum is compared; a large
// one is staged.
using OpenBody = std::function<Result<std::shared_ptr<const store::BodyReader>>(store::BodyId)>;
Result<void> load_body(const store::Snapshot& snapshot, const OpenBody& open, store::Staging& staging, LoadedMail& mail);

// Where a mail is read: the backup, and the table that names its keywords.
struct MailSource {
    const store::Past& past;
    const store::Snapshot& snapshot;
    AccountId account{};
    const KeywordTable& keywords;
};
Result<LoadedMailPtr> load_mail(const MailSource& source, const Comeback& comeback, store::Staging& staging);

// Messages that a restore has made, by their number in the backup.
using MadeMessages = absl::flat_hash_map<std::uint64_t, MessageId>;
enum class Numbers { kept, fresh };
struct MadeSoFar {
    const MadeMessages& before;  // by earlier commits
    MadeMessages now;            // by this one
};
// Inside a mutation: the reference to append, or nothing where somebody was faster. Sets mail.done and mail.made.
Result<std::optional<Reference>> place_again(AccountTx& box, LoadedMail& mail, MadeSoFar& made, Numbers numbers);

}  // namespace tayori::spool

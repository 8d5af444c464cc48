// One account's mailbox inside a mutation: reads its state once, changes counters, ledger and folders together, writes
// them back with save(). The only place that assigns UIDs, modseqs, folder ids and UIDVALIDITY (design.md §3).
//
// Order of work in a mutation: look things up, check everything that can refuse, change, save.
#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/changes/change.h"
#include "spoold/mailbox/folder_pages.h"
#include "spoold/mailbox/limits.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/records.h"
#include "tayori/spool/v1/jobs.pb.h"

namespace tayori::spool {

struct FolderTx {
    FolderId id{};
    FolderRecord record;
    bool dirty = false;
};

class AccountTx {
  public:
    // not_found: no such mailbox.
    static Result<AccountTx> open(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account);

    // A new one, without folders.
    static AccountTx create(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account) {
        return AccountTx(transaction, parts, account, AccountState());
    }

    AccountId id() const { return account_; }
    const AccountState& state() const { return state_; }
    store::Transaction& tx() { return tx_; }

    // not_found. Pointers stay valid as long as this.
    Result<FolderTx*> folder(FolderId id);
    // By canonical name. not_found; unsupported: a bare level.
    Result<FolderTx*> folder_named(std::string_view name);
    std::optional<FolderId> find_name(std::string_view name);
    bool has_children(std::string_view name);

    // The modseq of this mutation's change, taken at the first use.
    Modseq modseq();

    Result<FolderTx*> create_folder(std::string_view name, v1::SpecialUse special_use);
    // The folder of that name, made and subscribed where it is missing.
    Result<FolderTx*> ensure_folder(std::string_view name);
    // The folder with this use. not_found: none has it.
    Result<FolderTx*> special_folder(v1::SpecialUse special_use);
    // Made and subscribed where none has it, under the name that new mailboxes have for it.
    Result<FolderTx*> ensure_special_folder(v1::SpecialUse special_use);
    // over_quota: longer than a listing may get.
    Result<void> rename_folder(FolderTx& folder, std::string_view name);
    // Its mail goes where it can be undeleted.
    Result<void> delete_folder(FolderTx& folder, Change& change);
    // INBOX becomes a folder of that name; an empty one with a greater UIDVALIDITY takes its place.
    Result<FolderTx*> replace_inbox(std::string_view old_gets, Change& change);

    // The folder gets a new id, a greater UIDVALIDITY, and UIDs from 1 in the same order; everything else of its
    // references stays. Sessions on it end. Gives what it has become; the pointer that came in is void.
    Result<FolderTx*> renumber(FolderTx& folder, Change& change);
    // The way back: the UIDVALIDITY and UIDs that it had; references that came later get UIDs from uid_next on.
    struct OldNumbers {
        std::uint32_t uid_validity = 0;
        Uid uid_next = 1;
        UidSet uids;
    };
    Result<FolderTx*> renumber_back(FolderTx& folder, const OldNumbers& old, Change& change);

    // Makes the records of all folders agree with what is in them: counts, ledger, names, and an INBOX. Hierarchy,
    // subscriptions, special uses, ids and UIDs stay. Says what it had to change.
    Result<std::vector<v1::Notice>> rebuild();
    Result<std::vector<FolderId>> folder_ids();

    void set_form(v1::MailboxForm form, JobId by);
    void set_form_seen() { state_.form_seen = true; }

    // over_quota, also where only the number of messages is limited; not_found: the account has been deleted.
    // Sent and Drafts may go into the reserve.
    Result<void> check_room(const FolderTx& folder, std::uint64_t bytes, std::uint64_t messages);
    // busy: the folder's UIDs come to their end.
    static Result<void> check_uids(const FolderTx& folder, std::uint64_t messages);

    // Gives each the next UID, the modseq, and in INBOX a POP3 order (in POP3 form in every folder, since POP3 is the only
    // way to them); counts them.
    // `hidden`: POP3 does not show them wherever they go, as it has let go of them.
    enum class Pop3Order : std::uint8_t { by_folder, hidden };
    Result<void> append(FolderTx& folder, std::vector<Reference> references, Change& change,
                        Pop3Order order = Pop3Order::by_folder);
    // Mail of an import (spoold/legacy): like append(), but a UID and a POP3 order that are there stay. A UID must be one
    // that may_place() has let through; 0 gets the next one, a POP3 order of 0 stays hidden from POP3. Says where each is.
    struct Placed {
        MessageId message{};
        Uid uid = 0;
    };
    Result<std::vector<Placed>> place(FolderTx& folder, std::vector<Reference> references, Change& change);
    // Below UIDNEXT, in the part of the folder that is still open. Who uses a UID twice is the caller's to prevent.
    static bool may_place(const FolderTx& folder, Uid uid) {
        return uid < folder.record.uid_next && uid >= folder.record.tail_first;
    }
    // Has no mail, and never had.
    static bool is_unused(const FolderTx& folder) { return folder.record.uid_next == 1; }
    // The UIDVALIDITY that an old server gave to what is now to come; 0: a new one. Only of an unused folder, and never so
    // high that the account would run out of them. False: it stays as it is.
    bool adopt_uid_validity(FolderTx& folder, std::uint32_t uid_validity);
    // Keeps every UID below `uid_next` free. False: so high that the folder would come to its end.
    static bool reserve_uids(FolderTx& folder, Uid uid_next);
    // Of so many POP3 orders; returns what lies before the first.
    std::uint64_t reserve_pop3_orders(std::uint64_t count);
    // An empty folder as if it had never been used, with a greater UIDVALIDITY.
    void renew_folder(FolderTx& folder);

    // Same bounds as FolderPages::change_flags; `change` sees flags and keywords, modseq is set here.
    Result<void> change_flags(FolderTx& folder, const UidSet& uids, const std::function<bool(FlagsNow&)>& alter,
                              Change& change);
    enum class Goes { to_trash, elsewhere };
    // Takes references out of the folder, with an entry in the expunge log.
    Result<std::vector<Reference>> remove(FolderTx& folder, const UidSet& uids,
                                          const std::function<bool(Uid, std::uint8_t)>& chosen, Goes goes,
                                          Change& change);

    Result<KeywordTable*> keywords();
    Result<std::vector<KeywordId>> keyword_ids(const google::protobuf::RepeatedPtrField<std::string>& names);
    // Names for every keyword that the change mentions.
    Result<void> name_keywords(Change& change);

    // over_quota: too many.
    Result<void> add_subscription(std::string_view name);
    void remove_subscription(std::string_view name);
    void set_inbox(FolderId id) { state_.inbox = id; }
    Change start_change(const FolderTx& folder);
    void save();

  private:
    AccountTx(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account,
              AccountState state)
        : tx_(transaction), parts_(parts), account_(account), state_(std::move(state)) {}
    Result<void> repair_first_unseen(FolderTx& folder);
    void log_expunge(FolderTx& folder, const UidSet& uids);
    void trim_expunge_log(FolderTx& folder);
    void to_trash(const FolderTx& folder, const std::vector<Reference>& references);
    void uncount(FolderTx& folder, const std::vector<Reference>& references);
    void count(FolderTx& folder, const Reference& reference);
    bool has_mail_above(const FolderTx& folder, Uid uid);
    Result<void> put_in(FolderTx& folder, std::vector<Reference> references, std::size_t page_min, Change& change);
    Result<void> check_list(std::uint64_t more_bytes) const;
    FolderTx& new_folder(std::string_view name, v1::SpecialUse special_use);
    std::uint32_t take_uid_validity();
    Result<void> recount(FolderTx& folder, std::vector<v1::Notice>& notices);
    void rebuild_names(const std::vector<FolderTx*>& folders, std::vector<v1::Notice>& notices);
    void rebuild_inbox(const std::vector<FolderTx*>& folders, std::vector<v1::Notice>& notices);
    void rebuild_totals(const std::vector<FolderTx*>& folders, std::vector<v1::Notice>& notices);
    using NextUid = std::function<Uid(const Reference&)>;
    Result<FolderTx*> move_to_new_id(FolderTx& folder, std::uint32_t uid_validity, const NextUid& next_uid,
                                     Change& change);

    store::Transaction& tx_;
    const Mailboxes::Parts& parts_;
    AccountId account_;
    AccountState state_;
    std::deque<FolderTx> folders_;
    std::optional<KeywordTable> keywords_;
    std::optional<AccountLimits> limits_;
    Modseq modseq_ = 0;
};

// Site-wide counters. Returns the first of `count` numbers that nobody else gets.
std::uint64_t take_numbers(store::Transaction& transaction, std::string_view counter, std::uint64_t count);

// INBOX and the default folders, all subscribed. exists: it is there already.
Result<void> create_mailbox(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account);

// The next random number of a seed that was drawn outside the mutation (splitmix64), so that a repeat gives the same.
std::uint64_t next_random(std::uint64_t& seed);
std::uint64_t random_seed();

}  // namespace tayori::spool

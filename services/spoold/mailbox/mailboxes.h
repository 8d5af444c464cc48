// An account's mailbox: the calls of proto/tayori/spool/v1/mailbox.proto, which says what each means.
//
// Thread-safe. Reads run on the caller's thread from committed state. Writes are mutations of the committer; `done` is
// called once on its thread, after the change is durable and its events are published, or at once with an error of
// the request itself. Requests are shared so that their bytes stay valid until then; a frame may be aliased.
//
// Lifetime: must outlive the store's last `done`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "spoold/changes/hub.h"
#include "spoold/directory/directory.h"
#include "spoold/ids.h"
#include "spoold/mailbox/limits.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/intake.pb.h"
#include "tayori/spool/v1/mailbox.pb.h"

namespace tayori::spool {

// An answer in several replies. next() fills one of at most about max_bytes (one item may be larger) and says whether
// more follow; after an error or `false` it must not be called again. Not thread-safe, but may move between threads.
template <class Reply>
class Cursor {
  public:
    virtual ~Cursor() = default;
    virtual Result<bool> next(std::size_t max_bytes, Reply& reply) = 0;
};

template <class Message>
using Shared = std::shared_ptr<const Message>;

// Whom a maildrop's lease belongs to: a stream of pop3d. Chosen by rpc, unique while it lives.
enum class LeaseOwner : std::uint64_t {};

// How the mailbox learns what an account may hold (directory.h); functions so that tests need no directory.
struct LimitsSource {
    std::function<AccountLimits(store::Transaction&, std::uint64_t account_id)> in_transaction;
    std::function<Result<AccountLimits>(std::uint64_t account_id)> committed;
    static LimitsSource of_directory(const store::Store& store);
};

class Maildrops;  // leases (maildrop.h)

class Mailboxes {
  public:
    Mailboxes(store::Store& store, Hub& hub, const Clock& clock, LimitsSource limits, MailboxSettings settings);
    ~Mailboxes();
    Mailboxes(const Mailboxes&) = delete;
    Mailboxes& operator=(const Mailboxes&) = delete;

    // Folders.
    Result<v1::ListFoldersReply> list_folders(AccountId account, const v1::ListFolders& request) const;
    Result<v1::GetFolderReply> get_folder(AccountId account, const v1::GetFolder& request) const;
    void create_folder(AccountId account, Shared<v1::CreateFolder> request, Answer<v1::CreateFolderReply> done);
    void delete_folder(AccountId account, Shared<v1::DeleteFolder> request, Answer<v1::DeleteFolderReply> done);
    void rename_folder(AccountId account, Shared<v1::RenameFolder> request, Answer<v1::RenameFolderReply> done);
    void set_subscribed(AccountId account, Shared<v1::SetSubscribed> request,
                        Answer<v1::SetSubscribedReply> done);

    // With request.subscribe() the folder is watched by `subscriber`: call subscriber->start(folder) once the last
    // reply is queued, or unwatch() it when the call is given up.
    Result<std::unique_ptr<Cursor<v1::OpenFolderReply>>> open_folder(AccountId account,
                                                                    const v1::OpenFolder& request,
                                                                    Subscriber* subscriber) const;
    Result<v1::ClaimRecentReply> claim_recent(AccountId account, const v1::ClaimRecent& request);

    // Messages.
    void store_flags(AccountId account, Shared<v1::StoreFlags> request, Answer<v1::StoreFlagsReply> done);
    void expunge(AccountId account, Shared<v1::Expunge> request, Answer<v1::ExpungeReply> done);
    void copy_messages(AccountId account, Shared<v1::CopyMessages> request, Answer<v1::CopyMessagesReply> done);
    void append(AccountId account, Shared<v1::Append> request, Answer<v1::AppendReply> done);
    Result<std::unique_ptr<Cursor<v1::FetchSummariesReply>>> fetch_summaries(
        AccountId account, Shared<v1::FetchSummaries> request) const;
    Result<std::unique_ptr<Cursor<v1::FetchBodiesReply>>> fetch_bodies(AccountId account,
                                                                      Shared<v1::FetchBodies> request) const;
    Result<v1::GetQuotaReply> get_quota(AccountId account) const;

    // POP3. In a maildrop's references `uid` is the message's number in the maildrop, from 1 without gaps, also in
    // CloseMaildrop.remove: a maildrop may span folders (after RENAME INBOX), where UIDs are not unique.
    Result<std::unique_ptr<Cursor<v1::OpenMaildropReply>>> open_maildrop(AccountId account, LeaseOwner owner);
    void close_maildrop(AccountId account, Shared<v1::CloseMaildrop> request, Answer<v1::CloseMaildropReply> done);
    void release_leases(LeaseOwner owner);  // the stream dropped
    // Keeps POP3 sessions out of a maildrop while something is done with it. in_use.
    Result<std::uint64_t> lock_maildrop(AccountId account);
    void unlock_maildrop(std::uint64_t lease);

    // What the directory needs of mailboxes (spoold/directory/options.h).
    MailboxHooks hooks();

    struct Parts;  // what the calls share (parts.h)
    const Parts& parts() const { return *parts_; }

  private:
    std::unique_ptr<Parts> parts_;
    std::unique_ptr<Maildrops> maildrops_;
};

}  // namespace tayori::spool

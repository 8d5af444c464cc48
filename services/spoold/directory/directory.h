// Domains, accounts and aliases: who may receive, who may send, and what an administrator changes about it.
//
// Thread-safe. Reads answer at once from committed state; writes call `done` on the committer's thread (or at once,
// with an error of the request itself) after they are durable. One name space: an address is an account or an alias,
// never both. Account ids are never reused, also not when an address is made anew.
//
// Lifetime: `done` callbacks may run until the store has stopped; they keep what they need of the directory alive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "spoold/directory/options.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/directory.pb.h"
#include "tayori/spool/v1/intake.pb.h"

namespace tayori::spool {

template <class T>
using Answer = std::function<void(Result<T>)>;

struct DirectoryCore;  // what directory, auth and tickets share (core.h)

// Whom a recipient leads back to whose mail was forwarded (spoold/srs): none, where it is no such address; not_found.
using ReturnPath = std::function<std::optional<Result<std::string>>(const std::string& recipient)>;

struct Resolution;
// Adds to each target which plugins apply to it (spoold/plugin).
using AddPlugins = std::function<Result<void>(Resolution& resolution)>;

struct DirectoryCounts {
    std::uint64_t domains = 0;
    std::uint64_t accounts = 0;  // active and suspended
    std::uint64_t next_account_id = 0;
};

class Directory {
  public:
    // Makes the site's keys at the first start, so it may wait for one commit.
    static Result<std::unique_ptr<Directory>> open(store::Store& store, const Clock& clock, MailboxHooks mailboxes,
                                                   DirectoryOptions options);
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    // DirectoryService, one method per rpc (proto/tayori/spool/v1/directory.proto says what each does).
    void add_domain(const v1::AddDomainRequest& request, Answer<v1::Domain> done);
    void delete_domain(const v1::DeleteDomainRequest& request, Answer<v1::DeleteDomainResponse> done);
    void set_domain(const v1::SetDomainRequest& request, Answer<v1::Domain> done);
    Result<v1::ListDomainsResponse> list_domains(const v1::ListDomainsRequest& request) const;

    void add_account(const v1::AddAccountRequest& request, Answer<v1::Account> done);
    // `also` belongs to the same commit: its error undoes both.
    using Also = std::function<Result<void>(store::Transaction&, std::uint64_t account_id)>;
    void add_account(const v1::AddAccountRequest& request, Also also, Answer<v1::Account> done);
    void delete_account(const v1::AccountRequest& request, Answer<v1::Account> done);
    void undelete_account(const v1::AccountRequest& request, Answer<v1::Account> done);
    void set_suspended(const v1::SetSuspendedRequest& request, Answer<v1::Account> done);
    void rename_account(const v1::RenameAccountRequest& request, Answer<v1::Account> done);
    void set_password(const v1::SetPasswordRequest& request, Answer<v1::Account> done);
    void add_app_password(const v1::AddAppPasswordRequest& request, Answer<v1::AddAppPasswordResponse> done);
    void delete_app_password(const v1::DeleteAppPasswordRequest& request, Answer<v1::Account> done);
    void set_account(const v1::SetAccountRequest& request, Answer<v1::Account> done);
    Result<v1::Account> get_account(const v1::AccountRequest& request) const;
    // Calls `visit` for each, by domain and name, until it returns false.
    Result<void> list_accounts(const v1::ListAccountsRequest& request,
                               const std::function<bool(const v1::Account&)>& visit) const;

    void add_alias(const v1::AddAliasRequest& request, Answer<v1::Alias> done);
    void delete_alias(const v1::DeleteAliasRequest& request, Answer<v1::DeleteAliasResponse> done);
    Result<void> list_aliases(const v1::ListAliasesRequest& request,
                              const std::function<bool(const v1::Alias&)>& visit) const;

    // Intake. `submitter` is the account whose ticket came with the call: it may send to addresses elsewhere.
    Result<v1::ResolveReply> resolve(const v1::Resolve& request, std::optional<std::uint64_t> submitter) const;
    // The account's own address, its aliases and their +tag variants; and "" (RFC 8098 §3 wants it of receipts).
    Result<void> check_sender(std::uint64_t account_id, std::string_view address) const;

    // The living account behind an address as an administrator writes it (no alias, no tag). not_found.
    Result<std::uint64_t> account_id_of(std::string_view address) const;
    Result<std::string> address_of(std::uint64_t account_id) const;
    Result<DirectoryCounts> counts() const;
    // Reads all of it and compares its rows with each other: a sentence for each problem.
    Result<std::vector<std::string>> verify() const;

    // Called with the directory's version after each change, on the committer's thread; set before anything is served.
    void on_change(std::function<void(std::uint64_t version)> tell);
    // Addresses under which mail was forwarded; set before anything is served.
    void on_return_path(ReturnPath behind);
    // Called where a recipient is looked up that is not in the cache; set before anything is served.
    void on_resolved(AddPlugins add);
    // The mailbox can't be read by IMAP any more: every IMAP login of the account ends with this mutation. Afterwards call
    // logins_changed().
    static Result<void> end_imap_logins(store::Transaction& transaction, std::uint64_t account_id);
    void logins_changed();

    // Removes for good what was deleted more than undelete_days ago; call it every few minutes. It takes as many
    // commits as the mailboxes need, one after the other.
    void purge_expired();

    const std::shared_ptr<DirectoryCore>& core() const { return core_; }

  private:
    explicit Directory(std::shared_ptr<DirectoryCore> core);
    std::shared_ptr<DirectoryCore> core_;
};

// For mutations of the mailbox: may this account receive, and how much may it hold? As the transaction sees it.
struct AccountLimits {
    bool receives = false;  // false: never existed, deleted or purged
    std::uint64_t quota_bytes = 0;  // 0: none
    std::uint64_t quota_messages = 0;
};
AccountLimits account_limits(store::Transaction& transaction, std::uint64_t account_id);
Result<AccountLimits> account_limits(const store::Store& store, std::uint64_t account_id);

}  // namespace tayori::spool

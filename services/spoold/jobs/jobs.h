// Jobs: conversion of mailboxes between the POP3 and the IMAP4 form, rebuilding of folders, and taking a conversion back.
// proto/tayori/spool/v1/jobs.proto says what each does.
//
// One job at a time; a thread of its own goes from mailbox to mailbox. A mailbox is read and proved from a snapshot, then
// changed in one commit, together with the job's own record: whatever is killed when, a mailbox is converted whole or not
// at all, and counted once. What a job did to a mailbox is kept (keys::job_outcome) for the report and for the way back.
//
// Thread-safe. Lifetime: stop() before the store is closed; `done` callbacks may run until then.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "spoold/mailbox/form.h"
#include "spoold/mailbox/mailboxes.h"
#include "tayori/spool/stored/v1/jobs.pb.h"

namespace tayori::spool {

// How jobs reach the directory; functions so that tests need none.
struct JobHooks {
    std::function<Result<std::string>(AccountId)> address_of;
    std::function<Result<AccountId>(const std::string&)> account_of;
    std::function<Result<void>(store::Transaction&, AccountId)> end_imap_logins;
    std::function<void()> logins_changed;  // after a commit that ended some
};

// Told whenever the job that runs has moved on; must not block, nor call back.
using JobWatcher = std::function<void()>;

class Jobs {
  public:
    Jobs(Mailboxes& mailboxes, store::Store& store, const Clock& clock, JobHooks hooks);
    ~Jobs();
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;

    // Goes on with what was running when spoold ended.
    Result<void> start();
    void stop();

    Result<v1::JobPlan> plan(const v1::JobSpec& spec) const;
    void start_job(v1::JobSpec spec, Answer<v1::Job> done);
    void undo(const v1::JobRequest& request, Answer<v1::Job> done);
    void control(const v1::ControlJobRequest& request, Answer<v1::Job> done);
    // 0: the latest. not_found.
    Result<v1::Job> get(std::uint64_t id) const;
    Result<void> list(const std::function<bool(const v1::Job&)>& visit) const;
    Result<void> report(const v1::JobRequest& request,
                        const std::function<bool(const v1::MailboxOutcome&)>& visit) const;

    // An IMAP login to a mailbox in POP3 form, where the site wants it converted then.
    void convert_at_login(AccountId account, Answer<v1::MailboxOutcome> done);

    std::uint64_t watch(JobWatcher watcher);
    void unwatch(std::uint64_t id);

  private:
    struct Turn;
    void run();
    bool work(std::unique_lock<std::mutex>& lock);
    Result<std::vector<AccountId>> next_accounts(const stored::v1::StoredJob& job) const;
    Result<bool> wanted(const v1::JobSpec& spec, AccountId account) const;
    Result<void> do_turn(const stored::v1::StoredJob& job, const std::vector<AccountId>& accounts);
    void prove(Turn& turn);
    void change(Turn& turn);
    Result<void> end_turn(const stored::v1::StoredJob& job, const std::vector<Turn>& turns, AccountId last);
    // Where no other is active: then it is exists.
    void add_job(const v1::JobSpec& spec, std::uint64_t mailboxes, std::uint64_t mails, Answer<v1::Job> done);
    void keep(const v1::Job& job);  // as committed
    void tell_watchers();
    void see_mails(std::uint64_t more);
    template <class Apply>
    void change_job(std::uint64_t id, Apply apply, Answer<v1::Job> done);

    Mailboxes& mailboxes_;
    store::Store& store_;
    const Clock& clock_;
    const JobHooks hooks_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::optional<v1::Job> active_;      // the one that runs or is paused, as committed
    std::uint64_t mails_ahead_ = 0;      // seen of mailboxes that are not committed yet
    std::int64_t working_since_ms_ = 0;  // 0: not working
    std::vector<std::pair<std::uint64_t, JobWatcher>> watchers_;
    std::uint64_t next_watcher_ = 1;
    std::thread thread_;
};

}  // namespace tayori::spool

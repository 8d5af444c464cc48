// Sources at other servers: kept in the store, due one after the other, leased to workers, and how each run went
// (proto/tayori/spool/v1/fetch.proto says what each call does). The mail itself comes through legacy/imports.h.
//
// Thread-safe. Writes call `done` once, on the committer's thread or at once with an error of the request itself. A lease is
// asked for on any thread and answered on that or on ours.
//
// Lifetime: stop() before the server goes, and the store's last `done` before this.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/crypto/sealed.h"
#include "spoold/fetch/schedule.h"
#include "spoold/fetch/settings.h"
#include "spoold/legacy/imports.h"

namespace tayori::spool {

class Fetches {
  public:
    struct Parts {
        Mailboxes& mailboxes;
        Directory& directory;
        Imports& imports;
        const Clock& clock;
        crypto::Sealer& sealer;
        std::uint32_t lease_s = 60;
    };
    // Reads the sources.
    static Result<std::unique_ptr<Fetches>> open(Parts parts);
    ~Fetches() { stop(); }
    Fetches(const Fetches&) = delete;
    Fetches& operator=(const Fetches&) = delete;

    // From here on who waits for a source gets one when it is due.
    void start();
    // Who waits gets nothing.
    void stop();

    void add(const v1::FetchSettings& wanted, Answer<v1::FetchSource> done);
    void set(const v1::SetFetchSourceRequest& request, Answer<v1::FetchSource> done);
    void remove(FetchId id, Answer<v1::FetchSource> done);
    Result<void> list(const std::string& address, const std::function<bool(const v1::FetchSource&)>& visit) const;

    // `gone`: is the asker not there any more?
    void lease(const v1::LeaseFetchSourceRequest& request, std::function<bool()> gone, Answer<v1::FetchLease> done);
    Result<v1::RenewFetchLeaseReply> renew(std::uint64_t lease_id);
    void report(const v1::FetchReport& report, Answer<v1::FetchSource> done);

    // May one who only fetches touch this account's mail, of this import (0: of any)?
    bool covers(AccountId account, ImportId import) const;
    bool covers(const std::string& address, ImportId import) const;

    struct Counts {
        std::size_t sources = 0;
        std::size_t running = 0;
        std::size_t failing = 0;
    };
    Counts counts() const;

  private:
    struct Waiter {
        std::int64_t until_ms = 0;
        std::function<bool()> gone;
        Answer<v1::FetchLease> done;
    };
    explicit Fetches(Parts parts) : parts_(std::move(parts)) {}

    Result<void> load();
    // With the lock held.
    void remember(FetchId id, AccountId account, const StoredFetchSource& row, bool by_hand);
    v1::FetchSource show(FetchId id, AccountId account, const StoredFetchSource& row) const;
    // Nothing: this one can't be fetched now.
    Result<std::optional<v1::FetchLease>> grant(FetchId id);
    Result<v1::FetchLease> grant_named(FetchId id);
    std::optional<v1::FetchLease> grant_due();
    // Without the lock: what could not even be leased is kept as the outcome of a run, since that is where people look.
    void note_unstarted();
    Result<std::vector<std::uint64_t>> migrations_from(AccountId account, const std::string& host) const;

    template <class Apply>
    void change(FetchId id, bool by_hand, Apply apply, Answer<v1::FetchSource> done);
    bool receives(AccountId account) const;
    void serve_waiters();
    void ring();

    const Parts parts_;

    mutable std::mutex mutex_;
    mutable FetchSchedule schedule_;
    std::set<FetchId> failing_;
    std::vector<std::pair<FetchId, v1::FetchOutcome>> unstarted_;
    std::list<Waiter> waiters_;
    std::condition_variable wake_;
    bool rung_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace tayori::spool

// One lease being carried: its mails one after the other, over one connection where there is one, and then more of the same
// destination while that connection is open.
#pragma once

#include <optional>
#include <vector>

#include "common/metrics/metrics.h"
#include "smtpd/outbound/client.h"
#include "smtpd/outbound/local.h"
#include "smtpd/outbound/report_hooks.h"
#include "smtpd/outbound/reports.h"
#include "smtpd/outbound/transaction.h"

namespace tayori::smtp {

class Ownership;

inline constexpr std::uint32_t kLeaseMailsMax = 100;
inline constexpr std::size_t kRecipientsAtOnce = 100;  // of one transaction (RFC 5321 §4.5.3.1.8)
inline constexpr int kTransactionsMax = 1000;          // of one mail
inline constexpr int kBrokenMax = 3;                   // connections in a row that carry nothing; then the destination rests

struct OutboundCounters {
    Counter& delivered;  // recipients
    Counter& deferred;
    Counter& failed;
    Gauge& lanes;
};

// What all lanes share.
struct LaneParts {
    Parts& smtp;
    Hosts& hosts;
    ClientOptions client;
    Ownership& ownership;
    OutboundCounters counters;
    ReportHooks& hooks;
    std::uint32_t max_age_s = 0;  // of a mail, where its route does not say
    bool draining = false;
    Event drain;  // notified when draining begins
    std::uint32_t dkim_expire_days = 0;
};

class Lane {
  public:
    Lane(LaneParts& parts, v1::Lease lease);
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    ~Lane();

    Async<void> run();

    // For Ownership.
    v1::HeldLease held() const;
    void lose() { lost_ = true; }

  private:
    enum class Carried {
        done,       // every recipient has its outcome
        untried,    // the connection was lost before the first of them
        lost,       // the lease is not ours any more
    };
    Async<void> carry_lease();
    Async<void> carry_remote();
    Async<void> carry_local();
    Async<void> connect();
    Async<Carried> carry(const v1::LeasedMail& mail);
    Async<void> sign(Content& content);
    Async<void> transact(const v1::LeasedMail& mail, const Wire& wire, Content& content, std::vector<Verdict>& verdicts);
    Async<void> refuse(v1::Said said);
    Async<void> fail_last_tries();
    Async<void> report(const v1::LeasedMail& mail, std::vector<Verdict> verdicts);
    Async<v1::Lease> lease_more();
    void end_lease();
    void take(v1::Lease lease);
    Async<bool> still_ours();
    void stay_alive();
    bool may_go_on() const;
    bool stopping() const { return parts_.draining || lost_; }

    LaneParts& parts_;
    v1::Route route_;  // of all its leases
    v1::Lease lease_;
    Reports reports_;
    net::Timer prolong_;
    std::optional<Client> client_;
    std::vector<Target> targets_;
    std::size_t next_target_ = 0;
    std::optional<Trouble> trouble_;   // of the last target that failed
    bool all_permanent_ = true;        // what all of them said
    std::size_t carried_ = 0;          // mails over this connection
    int broken_ = 0;                   // connections that broke while in use, without having carried a mail
    std::optional<v1::Said> refusal_;  // the destination takes no mail: for all of it
    std::optional<v1::Said> ending_;   // the destination has failed
    std::size_t next_mail_ = 0;
    bool lost_ = false;
};

}  // namespace tayori::smtp

// The recipients of a plan (intake.proto): who gets it here, and what goes on to others. For mail that comes in and for mail of
// the queue that ends here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/lua/job.h"
#include "common/rpc/calls.h"

namespace tayori::smtp {

struct Parts;

struct PlanRecipient {
    std::string path;      // as it was asked for
    std::vector<rpc::v1::Target> targets;
    std::string original;  // ORCPT
    std::uint32_t notify = 0;
    std::vector<lua::ProfilePtr> profiles;  // of the targets, where any has plugins; else empty
};

// Who gets it here, and by which of the recipients.
struct PlanHere {
    std::size_t recipient = 0;  // place among those that were added
    std::size_t target = 0;     // of it
};

// Behind the last "@"; `otherwise` where there is none: postmaster.
std::string domain_of(const std::string& path, const std::string& otherwise);

struct PlanEnvelope {
    std::string hostname;  // ours
    std::string reverse_path;
    std::string received;  // our Received field
    std::uint64_t account_id = 0;  // of the sender who has logged in
    std::string envelope_id;
    std::uint32_t dsn_return = 0;
    bool smtputf8 = false;
};

class PlanRecipients {
  public:
    PlanRecipients(rpc::v1::CommitPlan& plan, PlanEnvelope envelope) : plan_(plan), envelope_(std::move(envelope)) {}

    // One Delivery per account, however many of its addresses were named; what goes elsewhere in one Outbound, and what an
    // alias of ours leads elsewhere in another.
    void add(const PlanRecipient& recipient);
    // Who is here and wants to be told of success (RFC 3461 §4.1).
    const std::vector<PlanRecipient>& told_of_success() const { return told_; }
    // As many as the plan has deliveries, in the same order.
    const std::vector<PlanHere>& here() const { return here_; }

  private:
    rpc::v1::Outbound& outbound(const std::string& forward_domain);

    rpc::v1::CommitPlan& plan_;
    PlanEnvelope envelope_;
    std::set<std::uint64_t> accounts_;
    std::set<std::string> outside_;
    std::vector<PlanRecipient> told_;
    std::vector<PlanHere> here_;
    std::size_t added_ = 0;
    std::map<std::string, int> outbound_at_;  // by the domain that passes it on; empty: it was sent there
};

// The Received field of mail that this program takes from the queue.
std::string local_received(const Parts& parts, const std::string& id, const std::string& only_recipient);

}  // namespace tayori::smtp

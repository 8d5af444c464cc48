// What plugins have decided about a mail, inside the mutation of its plan: limits, conditions of mails to be sent, what they keep,
// and what traces tell of it. A plan without any of it costs nothing here.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "spoold/plugin/state.h"
#include "tayori/spool/v1/intake.pb.h"

namespace tayori::spool {

// Counts each. The error of the first that is passed: with it the mutation, and every count, is undone.
using Limits = google::protobuf::RepeatedPtrField<v1::PluginLimit>;
Result<void> count_limits(store::Transaction& transaction, const Limits& limits, std::vector<DroppedState>& dropped);

class PlanPlugins {
  public:
    // Before the mutation: invalid.
    static Result<void> check(const v1::CommitPlan& plan);

    PlanPlugins(store::Transaction& transaction, const v1::CommitPlan& plan, std::vector<DroppedState>& dropped)
        : tx_(transaction), plan_(plan), dropped_(dropped) {}

    Result<void> limits() { return count_limits(tx_, plan_.limits(), dropped_); }
    // Do all of its conditions hold? Then each is counted; else a note says why it is not sent.
    bool may_send(const v1::Outbound& outbound);
    void keep_state();
    // Conditions for which something was not sent.
    void put_spent(v1::CommitPlanReply& reply) const;
    // Lines, those of the plan first.
    std::string take_notes();

  private:
    store::Transaction& tx_;
    const v1::CommitPlan& plan_;
    std::vector<DroppedState>& dropped_;
    std::vector<std::string> unsent_;
    struct Spent {
        const v1::PluginCondition* condition;
        std::int64_t for_ms;
    };
    std::vector<Spent> spent_;
};

// "3 days", for notes.
std::string period_text(std::uint32_t seconds);
// Why a mail is not sent; `which` of its conditions does not hold.
std::string unsent_note(const v1::PluginCondition& which, Holds holds);

}  // namespace tayori::spool

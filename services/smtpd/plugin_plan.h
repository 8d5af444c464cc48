// From what plugins have decided to the plan that spoold applies in one commit (intake.proto). Pure; docs/decisions/0011 says why
// effects ride in the plan, and what one answer for all recipients means for refusals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/lua/job.h"
#include "common/rpc/calls.h"

namespace tayori::smtp {

inline constexpr std::size_t kPlanPrefixBytesMax = 4 * 1024;           // of a delivery and of what goes out (intake.proto)
inline constexpr std::size_t kPlanContentBytesMax = 256 * 1024;        // of one mail that a plugin writes
inline constexpr std::size_t kPlanContentsBytesMax = 8 * 1024 * 1024;  // of all of them in one plan
inline constexpr int kPlanOutboundMax = 1000;                          // of one plan
inline constexpr std::int64_t kPlanDeliveriesMax = 1000;
inline constexpr int kPlanNotesMax = 200;
inline constexpr std::size_t kRefusalTextMax = 400;                    // a reply's line is short (RFC 5321 §4.5.3.1.5)

// What a hook has decided for an account; account_id 0: for the site.
struct PluginDecision {
    std::uint64_t account_id = 0;
    std::string address;  // for the note
    lua::Action action;
};

struct PlanAccount {  // in the order of the plan's deliveries
    std::uint64_t account_id = 0;
    std::string address;
    std::string path;  // the recipient that led to it
    bool may_tell = true;  // its sender wants to hear of failures
};

struct PluginMail {
    std::string hostname;
    std::string received;        // our Received field
    std::string sender;          // the reverse path
    std::uint64_t account_id = 0;  // of the sender who has logged in
    std::string address;           // and its address
    bool smtputf8 = false;
    bool automatic = false;      // a program has written it: nobody is written to because of it
};

struct RefusedRecipient {
    std::string path;
    lua::Refusal refusal;
};
struct PluginVerdict {
    std::optional<lua::Refusal> refusal;   // the answer for all; the plan is not to be used
    std::vector<RefusedRecipient> refused;  // some, of a sender who has logged in: to be told by a notification
    bool discarded = false;                // nobody gets it
};

class PluginPlan {
  public:
    PluginPlan(rpc::v1::CommitPlan& plan, PluginMail mail) : plan_(plan), mail_(std::move(mail)) {}

    // Of the hooks before the text: limits, what is kept, what is written.
    void add(const PluginDecision& decision);
    // Of `headers`, `message` and `deliver`. `accounts`: whose deliveries the plan has, in its order.
    PluginVerdict apply(const lua::MailDecided& decided, const std::vector<PlanAccount>& accounts);

  private:
    struct Whose {
        std::uint64_t account_id = 0;
        std::string address;
    };
    struct Placed {
        std::string folder;
        rpc::v1::SpecialUse special_use = rpc::v1::SPECIAL_USE_UNSPECIFIED;
        bool create = false;
        bool operator==(const Placed&) const = default;
    };
    void common(const lua::Action& action, const Whose& whose);
    void place(const lua::Decided& decided, rpc::v1::Delivery base, const PlanAccount& account);
    std::vector<Placed> places(const lua::Decided& decided) const;
    void put_outside_headers();
    bool forward(const lua::Forward& forward, const Whose& whose, const lua::Action& action);
    void copy(const lua::Copy& copy, const Whose& whose, const lua::Action& action);
    void compose(const lua::Compose& compose, const Whose& whose, const lua::Action& action);
    // Null where there is no room for it.
    rpc::v1::Outbound* outbound(std::size_t content_bytes, const lua::Action& action, const Whose& whose);
    void add_fields(std::string& prefix, const std::vector<const lua::Action*>& fields, const Whose& whose);
    void note(const lua::Action& action, const Whose& whose, std::string_view but = {});

    rpc::v1::CommitPlan& plan_;
    PluginMail mail_;
    std::vector<const lua::Action*> fields_;  // of all recipients
    bool quarantined_ = false;
    bool kept_back_ = false;           // a forward of this account could not be made
    std::int64_t extra_left_ = 0;      // second copies
    std::size_t contents_ = 0;
};

// The refusal as what a client hears; one line, never a success.
lua::Refusal sanitized(lua::Refusal refusal);
std::string refusal_reply(const lua::Refusal& refusal);

}  // namespace tayori::smtp

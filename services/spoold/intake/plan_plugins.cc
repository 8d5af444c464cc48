#include "spoold/intake/plan_plugins.h"

#include "common/base/text.h"
#include "spoold/plugin/limits.h"

namespace tayori::spool {
namespace {

Result<void> check_conditions(const Conditions& conditions) {
    if (static_cast<std::size_t>(conditions.size()) > kConditionsPerMailMax)
        return fail(Kind::invalid, cat("A mail to be sent has at most ", kConditionsPerMailMax, " conditions."));
    for (const auto& condition : conditions) {
        if (auto checked = check_condition(condition); !checked) return checked;
    }
    return {};
}

// A limit without words of its own is temporary, as whoever counts expects the next period to be better.
Error refusal_of(const v1::PluginLimit& limit) {
    const auto& refused = limit.refused();
    auto error = Error::make(Kind::busy, "Too many, try again later.",
                             cat(limit.condition().plugin(), " counts ", limit.condition().key()));
    // Kind and ErrorKind have the same order; zero is "unspecified" there.
    if (refused.kind() != v1::ERROR_KIND_UNSPECIFIED && v1::ErrorKind_IsValid(refused.kind()))
        error.kind = static_cast<Kind>(static_cast<int>(refused.kind()) - 1);
    if (!refused.text().empty()) error.text = refused.text();
    if (!refused.detail().empty()) error.detail = refused.detail();
    return error;
}

// At most so many octets, and no half character at the end. A note is one line.
void add_note(std::string& out, std::string_view note) {
    auto size = std::min(note.size(), kNoteBytesMax);
    while (size < note.size() && size > 0 && (static_cast<unsigned char>(note[size]) & 0xC0) == 0x80) --size;
    if (!out.empty()) out.push_back('\n');
    for (const char c : note.substr(0, size)) out.push_back(c == '\n' || c == '\r' ? ' ' : c);
}

}  // namespace

std::string period_text(std::uint32_t seconds) {
    struct Unit {
        std::uint32_t seconds;
        std::string_view one, many;
    };
    static constexpr Unit kUnits[] = {{86'400, "day", "days"}, {3'600, "hour", "hours"}, {60, "minute", "minutes"}, {1, "second", "seconds"}};
    for (const auto& unit : kUnits) {
        if (seconds % unit.seconds != 0) continue;
        const auto count = seconds / unit.seconds;
        return cat(count, " ", count == 1 ? unit.one : unit.many);
    }
    return cat(seconds, " seconds");
}

std::string unsent_note(const v1::PluginCondition& which, Holds holds) {
    if (holds == Holds::full)
        return cat(which.plugin(), ": not sent, as no more can be counted for this account (", which.key(), ")");
    return cat(which.plugin(), ": not sent, as it may happen ", which.max() == 1 ? std::string("once") : cat(which.max(), " times"),
               " within ", period_text(which.period_s()), " (", which.key(), ")");
}

Result<void> PlanPlugins::check(const v1::CommitPlan& plan) {
    if (static_cast<std::size_t>(plan.limits_size()) > kLimitsPerPlanMax ||
        static_cast<std::size_t>(plan.state_size()) > kStateChangesPerPlanMax ||
        static_cast<std::size_t>(plan.notes_size()) > kNotesPerPlanMax)
        return fail(Kind::invalid, "Plugins have decided too much in one plan.");
    for (const auto& limit : plan.limits()) {
        if (auto checked = check_condition(limit.condition()); !checked) return checked;
    }
    for (const auto& change : plan.state()) {
        if (auto checked = check_state_change(change); !checked) return checked;
    }
    for (const auto& outbound : plan.outbound()) {
        if (outbound.conditions().empty()) continue;
        if (auto checked = check_conditions(outbound.conditions()); !checked) return checked;
    }
    return {};
}

Result<void> count_limits(store::Transaction& transaction, const Limits& limits, std::vector<DroppedState>& dropped) {
    for (const auto& limit : limits) {
        switch (count_condition(transaction, limit.condition()).holds) {
            case Holds::yes: break;
            case Holds::no: return fail(refusal_of(limit));
            // Strangers can fill a table with keys: mail must not stop because of that.
            case Holds::full: dropped.push_back({AccountId{limit.condition().account_id()}, limit.condition().plugin()});
        }
    }
    return {};
}

bool PlanPlugins::may_send(const v1::Outbound& outbound) {
    if (outbound.conditions().empty()) return true;
    const auto counted = count_conditions(tx_, outbound.conditions());
    if (counted.holds == Holds::yes) return true;
    const auto& which = outbound.conditions(counted.which);
    if (counted.holds == Holds::full) dropped_.push_back({AccountId{which.account_id()}, which.plugin()});
    else spent_.push_back({&which, counted.for_ms});
    unsent_.push_back(unsent_note(which, counted.holds));
    return false;
}

void PlanPlugins::keep_state() {
    for (const auto& change : plan_.state()) {
        if (!change_state(tx_, change)) dropped_.push_back({AccountId{change.account_id()}, change.plugin()});
    }
}

void PlanPlugins::put_spent(v1::CommitPlanReply& reply) const {
    for (const auto& one : spent_) {
        auto& spent = *reply.add_spent();
        *spent.mutable_condition() = *one.condition;
        spent.set_for_ms(one.for_ms);
    }
}

std::string PlanPlugins::take_notes() {
    std::string out;
    for (const auto& note : plan_.notes()) add_note(out, note);
    for (const auto& note : unsent_) add_note(out, note);
    return out;
}

}  // namespace tayori::spool

#include "common/lua/job.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/plugin/declaration.h"

namespace tayori::lua {
namespace {

constexpr std::size_t kAddressesShownMax = 5;

// Of a plugin that has failed and whose policy is to ask for the mail again. Nothing of the cause: it is for the log.
const Refusal kFailedRefusal{451, "4.3.0", "A rule of this site can't be applied at present; please try again later."};

std::string list_of(const std::vector<std::string>& texts) {
    std::string out;
    for (std::size_t i = 0; i < texts.size() && i < kAddressesShownMax; ++i) append(out, i == 0 ? "" : ", ", texts[i]);
    if (texts.size() > kAddressesShownMax) append(out, " and ", texts.size() - kAddressesShownMax, " more");
    return out;
}

std::string period_text(std::uint32_t seconds) {
    const struct {
        std::uint32_t seconds;
        const char* name;
    } units[] = {{86'400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    for (const auto& unit : units) {
        if (seconds == 0 || seconds % unit.seconds != 0) continue;
        const auto count = seconds / unit.seconds;
        return count == 1 ? std::string(unit.name) : cat(count, " ", unit.name, "s");
    }
    return "0 seconds";
}

std::string conditions_text(const std::vector<Condition>& conditions) {
    std::string out;
    for (const auto& condition : conditions)
        append(out, out.empty() ? " (" : ", ", "at most ", condition.max, " in ", period_text(condition.period_s), " for ", condition.key);
    return out.empty() ? out : out + ")";
}

struct Describer {
    std::string operator()(const Refusal& r) const {
        return cat(r.is_temporary() ? "tempfail " : "reject ", r.code, " ", r.enhanced, " ", r.text);
    }
    std::string operator()(const Discard&) const { return "discard"; }
    std::string operator()(const Quarantine&) const { return "quarantine"; }
    std::string operator()(const Keep&) const { return "keep"; }
    std::string operator()(const Stop&) const { return "stop"; }
    std::string operator()(const FileInto& f) const {
        if (f.folder.empty()) return cat("fileinto_special ", f.special_use);
        return cat("fileinto \"", f.folder, "\"", f.keep ? ", keep" : "", f.create ? "" : ", where it is there");
    }
    std::string operator()(const Flag& f) const { return cat("flag ", f.name); }
    std::string operator()(const AddHeader& h) const {
        auto field = h.field;
        std::erase_if(field, [](char c) { return c == '\r' || c == '\n'; });
        return cat("addheader ", field);
    }
    std::string operator()(const Forward& f) const {
        return cat("forward to ", list_of(f.to), f.content.empty() ? "" : ", changed", conditions_text(f.conditions));
    }
    std::string operator()(const Copy& c) const { return cat("copy to ", list_of(c.to), c.null_sender ? ", by the null path" : ""); }
    std::string operator()(const Compose& c) const { return cat("mail to ", c.to, conditions_text(c.conditions)); }
    std::string operator()(const Limit& l) const { return cat("limit", conditions_text({l.condition})); }
    std::string operator()(const Remember& r) const {
        if (!r.value) return cat("forget \"", r.key, "\"");
        return cat("remember \"", r.key, "\" (", r.value->size(), " bytes)", r.ttl_s == 0 ? "" : cat(" for ", period_text(r.ttl_s)));
    }
    std::string operator()(const Expire& e) const {
        auto out = cat(e.move_to.empty() ? "expire" : "move", " mail of \"", e.folder, "\" older than ",
                       period_text(static_cast<std::uint32_t>(std::min<std::uint64_t>(e.older_than_s, UINT32_MAX))));
        if (!e.move_to.empty()) append(out, " to \"", e.move_to, "\"");
        if (!e.keyword.empty()) append(out, ", with ", e.keyword);
        if (e.seen) append(out, *e.seen ? ", seen" : ", unseen");
        if (e.flagged) append(out, *e.flagged ? ", flagged" : ", not flagged");
        return out;
    }
    std::string operator()(const RefuseChange& r) const { return cat("refuse: ", r.text); }
    std::string operator()(const KeepChange& k) const {
        if (!k.move_to.empty()) return cat("move to ", k.move_to);
        return cat("keep", k.keyword.empty() ? "" : cat(", marked with ", k.keyword));
    }
    std::string operator()(const AnnounceSize& a) const { return cat("announce SIZE ", a.octets); }
};

}  // namespace

HookSet hooks_named(const std::vector<std::string>& names) {
    const auto known = plugin::hook_names();
    HookSet out = 0;
    for (std::size_t i = 0; i < known.size(); ++i)
        if (std::find(names.begin(), names.end(), known[i]) != names.end()) out |= hook_bit(static_cast<Hook>(i));
    return out;
}

std::string describe(const Action& action) { return std::visit(Describer{}, action.what); }

const Refusal* Decided::refusal() const {
    for (const auto& action : actions)
        if (const auto* refusal = std::get_if<Refusal>(&action.what)) return refusal;
    const auto tempfails = [](const Failure& failure) { return failure.tempfail; };
    return std::any_of(failures.begin(), failures.end(), tempfails) ? &kFailedRefusal : nullptr;
}

}  // namespace tayori::lua

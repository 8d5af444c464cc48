#include "smtpd/plugin_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/text.h"
#include "common/daemon/plugin_effects.h"
#include "common/rpc/mailbox_words.h"
#include "smtpd/grammar/dsn.h"
#include "smtpd/plan.h"
#include "smtpd/replies.h"

namespace tayori::smtp {

namespace v1 = rpc::v1;

namespace {

void put_flag(v1::Delivery& delivery, const std::string& name) {
    if (const auto flag = rpc::system_flag(name); flag != 0) return delivery.set_flags(delivery.flags() | flag);
    if (name.starts_with("\\")) return;  // no system flag of ours
    const auto& there = delivery.keywords();
    if (std::find(there.begin(), there.end(), name) == there.end()) delivery.add_keywords(name);
}

template <class What>
const What* as(const lua::Action& action) {
    return std::get_if<What>(&action.what);
}

template <class What>
bool any_of(const lua::Decided& decided) {
    return std::any_of(decided.actions.begin(), decided.actions.end(),
                       [](const lua::Action& action) { return as<What>(action) != nullptr; });
}

bool is_ascii_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

}  // namespace

lua::Refusal sanitized(lua::Refusal refusal) {
    if (refusal.code < 400 || refusal.code > 599) refusal.code = 554;
    const char digit = refusal.is_temporary() ? '4' : '5';
    if (refusal.enhanced.size() < 5 || refusal.enhanced[0] != digit) refusal.enhanced = {digit, '.', '7', '.', '1'};
    auto& text = refusal.text;
    if (text.size() > kRefusalTextMax) {
        text.resize(kRefusalTextMax);
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
    }
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    if (trim(text).empty()) text = refusal.is_temporary() ? "Try again later." : "Not accepted here.";
    return refusal;
}

std::string refusal_reply(const lua::Refusal& refusal) {
    const auto clean = sanitized(refusal);
    return reply(clean.code, clean.enhanced, clean.text);
}

void PluginPlan::note(const lua::Action& action, const Whose& whose, std::string_view but) {
    if (plan_.notes_size() >= kPlanNotesMax) return;
    plan_.add_notes(cat(action.at, ": ", lua::describe(action), whose.address.empty() ? "" : " for ", whose.address,
                        but.empty() ? "" : "; ", but));
}

v1::Outbound* PluginPlan::outbound(std::size_t content_bytes, const lua::Action& action, const Whose& whose) {
    const bool fits = content_bytes <= kPlanContentBytesMax && contents_ + content_bytes <= kPlanContentsBytesMax &&
                      plan_.outbound_size() < kPlanOutboundMax;
    if (!fits) {
        note(action, whose, "not sent: too much for one mail");
        return nullptr;
    }
    contents_ += content_bytes;
    return plan_.add_outbound();
}

// The mail goes on as somebody else's: its reverse path is rewritten. Delivered-To is how this account knows it again.
bool PluginPlan::forward(const lua::Forward& forward, const Whose& whose, const lua::Action& action) {
    // What is too long to go by itself goes as the mail that it was made of.
    const bool own = !forward.content.empty() && forward.content.size() <= kPlanContentBytesMax;
    auto* made = outbound(own ? forward.content.size() : 0, action, whose);
    if (made == nullptr) return false;
    note(action, whose, own || forward.content.empty() ? "" : "whole: what it was to be is too long");
    made->set_reverse_path(mail_.sender);
    std::string prefix = cat("Delivered-To: ", whose.address, "\r\n", mail_.received);
    add_fields(prefix, fields_, whose);
    made->set_prefix(std::move(prefix));
    if (own) made->set_content(forward.content);
    made->set_account_id(whose.account_id);
    made->set_forward(true);
    made->set_forward_domain(domain_of(whose.address, mail_.hostname));
    bool utf8 = mail_.smtputf8;
    for (const auto& address : forward.to) {
        utf8 = utf8 || !is_ascii_text(address);
        made->add_recipients()->set_address(address);
    }
    made->set_smtputf8(utf8);
    for (const auto& one : forward.conditions) daemon::put_condition(*made->add_conditions(), one, whose.account_id, action.plugin);
    return true;
}

// For archives and the like: nobody is told whether it has arrived.
void PluginPlan::copy(const lua::Copy& copy, const Whose& whose, const lua::Action& action) {
    auto* made = outbound(0, action, whose);
    if (made == nullptr) return;
    note(action, whose);
    if (!copy.null_sender) {
        made->set_reverse_path(mail_.sender);
        made->set_forward(mail_.account_id == 0);
        if (made->forward()) made->set_forward_domain(domain_of(whose.address, mail_.hostname));
        made->set_account_id(mail_.account_id);
    }
    std::string prefix = mail_.received;
    add_fields(prefix, fields_, whose);
    made->set_prefix(std::move(prefix));
    made->set_smtputf8(mail_.smtputf8);
    for (const auto& address : copy.to) {
        auto& to = *made->add_recipients();
        to.set_address(address);
        to.set_notify(kNotifyNever);
    }
}

// By the null path, so that nobody answers it (RFC 3834 §3.3), and never because of what a program has written: two of them would
// write to each other for ever.
void PluginPlan::compose(const lua::Compose& compose, const Whose& whose, const lua::Action& action) {
    if (mail_.automatic) return note(action, whose, "not sent: the mail was written by a program");
    if (compose.content.empty()) return note(action, whose, "not sent: no more within this period");
    auto* made = outbound(compose.content.size(), action, whose);
    if (made == nullptr) return;
    note(action, whose);
    made->set_content(compose.content);
    made->set_account_id(whose.account_id);
    made->set_smtputf8(!is_ascii_text(compose.to) || !is_ascii_text(compose.content.substr(0, compose.content.find("\r\n\r\n"))));
    auto& to = *made->add_recipients();
    to.set_address(compose.to);
    to.set_notify(kNotifyNever);
    for (const auto& one : compose.conditions) daemon::put_condition(*made->add_conditions(), one, whose.account_id, action.plugin);
}

// What means the same whenever it is decided.
void PluginPlan::common(const lua::Action& action, const Whose& whose) {
    if (const auto* limit = as<lua::Limit>(action)) {
        daemon::put_limit(*plan_.add_limits(), *limit, whose.account_id, action.plugin);
    } else if (const auto* kept = as<lua::Remember>(action)) {
        daemon::put_state(*plan_.add_state(), *kept, whose.account_id, action.plugin);
    }
    if (const auto* made = as<lua::Compose>(action)) return compose(*made, whose, action);
    if (const auto* made = as<lua::Copy>(action)) return copy(*made, whose, action);
    if (const auto* made = as<lua::Forward>(action)) {
        if (!forward(*made, whose, action)) kept_back_ = true;
        return;
    }
    note(action, whose);
}

void PluginPlan::add(const PluginDecision& decision) { common(decision.action, {decision.account_id, decision.address}); }

// Fields that do not fit are left out: a plugin's mark is no reason to lose a mail.
void PluginPlan::add_fields(std::string& prefix, const std::vector<const lua::Action*>& fields, const Whose& whose) {
    for (const auto* action : fields) {
        const auto& field = as<lua::AddHeader>(*action)->field;
        if (prefix.size() + field.size() <= kPlanPrefixBytesMax) prefix += field;
        else note(*action, whose, "left out: the header in front is full");
    }
}

void PluginPlan::put_outside_headers() {
    if (fields_.empty()) return;
    for (auto& outbound : *plan_.mutable_outbound()) {
        if (!outbound.content().empty()) continue;
        std::string prefix = outbound.prefix();
        add_fields(prefix, fields_, {});
        outbound.set_prefix(std::move(prefix));
    }
}

// Quarantine wins over what says where it goes: of two opinions about a mail the wary one is right.
std::vector<PluginPlan::Placed> PluginPlan::places(const lua::Decided& decided) const {
    const Placed junk{"", v1::SPECIAL_USE_JUNK, true};
    if (quarantined_ || any_of<lua::Quarantine>(decided) || decided.refusal() != nullptr) return {junk};
    std::vector<Placed> out;
    bool inbox = any_of<lua::Keep>(decided);
    for (const auto& action : decided.actions) {
        const auto* into = as<lua::FileInto>(action);
        if (into == nullptr) continue;
        inbox = inbox || into->keep;
        const Placed place{into->folder, rpc::special_use_named(into->special_use), into->create};
        if (std::find(out.begin(), out.end(), place) == out.end()) out.push_back(place);
    }
    // What could not be passed on stays here, whatever its plugin meant to do with the copy.
    if (kept_back_ || (out.empty() && !any_of<lua::Discard>(decided))) inbox = true;
    if (inbox) out.insert(out.begin(), Placed{});
    return out;
}

void PluginPlan::place(const lua::Decided& decided, v1::Delivery base, const PlanAccount& account) {
    const Whose whose{account.account_id, account.address};
    std::vector<const lua::Action*> fields = fields_;
    for (const auto& action : decided.actions) {
        if (as<lua::AddHeader>(action) != nullptr) fields.push_back(&action);
        if (const auto* flag = as<lua::Flag>(action)) put_flag(base, flag->name);
    }
    if (!fields.empty()) {
        std::string prefix = base.prefix();
        add_fields(prefix, fields, whose);
        base.set_prefix(std::move(prefix));
    }
    bool first = true;
    for (const auto& place : places(decided)) {
        // Everybody gets it once; of second copies there are only as many as a plan can have.
        if (!std::exchange(first, false) && extra_left_-- <= 0) return;
        auto& delivery = *plan_.add_deliveries();
        delivery = base;
        delivery.set_folder(place.folder);
        delivery.set_special_use(place.special_use);
        delivery.set_create(place.create);
    }
}

PluginVerdict PluginPlan::apply(const lua::MailDecided& decided, const std::vector<PlanAccount>& accounts) {
    PluginVerdict verdict;
    if (const auto* refusal = decided.message.refusal()) {
        verdict.refusal = *refusal;
        return verdict;
    }
    // One answer is for all (docs/decisions/0006): who wants it again later makes all wait, as half of a plan can't be stored.
    const auto count = std::min(accounts.size(), decided.recipients.size());
    std::size_t refused = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto* refusal = decided.recipients[i].refusal();
        if (refusal == nullptr) continue;
        ++refused;
        if (!verdict.refusal || (refusal->is_temporary() && !verdict.refusal->is_temporary())) verdict.refusal = *refusal;
    }
    const bool all = refused > 0 && refused == accounts.size() && plan_.outbound().empty();
    if (verdict.refusal && (all || verdict.refusal->is_temporary())) return verdict;
    verdict.refusal.reset();

    const Whose sender{mail_.account_id, mail_.address};
    for (const auto& action : decided.message.actions) {
        if (as<lua::AddHeader>(action) != nullptr) fields_.push_back(&action);
        verdict.discarded = verdict.discarded || as<lua::Discard>(action) != nullptr;
        quarantined_ = quarantined_ || as<lua::Quarantine>(action) != nullptr;
    }
    auto bases = std::exchange(*plan_.mutable_deliveries(), {});
    if (verdict.discarded) plan_.clear_outbound();
    else put_outside_headers();
    for (const auto& action : decided.message.actions) common(action, sender);
    if (verdict.discarded) return verdict;

    extra_left_ = kPlanDeliveriesMax - static_cast<std::int64_t>(accounts.size());
    for (std::size_t i = 0; i < accounts.size() && static_cast<int>(i) < bases.size(); ++i) {
        const auto& account = accounts[i];
        kept_back_ = false;
        auto& base = bases[static_cast<int>(i)];
        const lua::Decided nothing;
        const auto& of_account = i < decided.recipients.size() ? decided.recipients[i] : nothing;
        for (const auto& action : of_account.actions) common(action, {account.account_id, account.address});
        const auto* refusal = of_account.refusal();
        // Somebody unknown must not be written to; what is refused is in Junk, where it can be found. One of ours is told.
        if (refusal != nullptr && mail_.account_id != 0 && !mail_.sender.empty() && account.may_tell) {
            verdict.refused.push_back({account.path, sanitized(*refusal)});
            continue;
        }
        place(of_account, std::move(base), account);
    }
    return verdict;
}

}  // namespace tayori::smtp

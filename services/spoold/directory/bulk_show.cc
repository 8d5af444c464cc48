// A bulk change as an administrator reads it.
#include <algorithm>
#include <tuple>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/bulk_compare.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using What = BulkStep::What;

std::string state_text(const StoredAccount& account) {
    return account.state() == stored::v1::STORED_STATE_SUSPENDED ? "suspended" : "active";
}

void field(v1::AccountsChange& change, v1::AccountsField which, std::string from, std::string to) {
    if (from == to) return;
    auto& out = *change.add_fields();
    out.set_field(which);
    out.set_from(std::move(from));
    out.set_to(std::move(to));
}

std::string list_text(const std::set<std::string>& list) {
    std::string out;
    for (const auto& alias : list) append(out, out.empty() ? "" : ",", alias);
    return out;
}

void show_aliases(const BulkStep& step, const OwnAliases& own, v1::AccountsChange& change) {
    std::set<std::string> had;
    if (const auto at = own.find(step.id); at != own.end()) had = at->second;
    std::set<std::string> gets;
    if (step.what != What::retire && step.row != nullptr)
        for (const auto& alias : step.row->aliases) gets.insert(alias.text());
    const bool as_they_are = step.what == What::change && (step.row == nullptr || !step.row->asked->has_aliases());
    if (!as_they_are) field(change, v1::ACCOUNTS_FIELD_ALIASES, list_text(had), list_text(gets));
}

// False: nothing changes.
bool show_step(BulkDiff& diff, const BulkStep& step, const OwnAliases& own) {
    v1::AccountsChange change;
    change.set_address(step.name.text());
    change.set_account_id(step.id);
    if (step.row != nullptr) change.set_line(step.row->asked->line());
    change.set_name(step.after.display_name());
    switch (step.what) {
        case What::add: change.set_action(v1::BULK_ACTION_ADDED); break;
        case What::retire: change.set_action(v1::BULK_ACTION_REMOVED); break;
        case What::change:
            change.set_action(v1::BULK_ACTION_CHANGED);
            show_account_change(step.before, step.after, change);
            if (step.sets_password) change.add_fields()->set_field(v1::ACCOUNTS_FIELD_PASSWORD);
            break;
    }
    show_aliases(step, own, change);
    if (step.what == What::change && change.fields().empty()) return false;
    count_change(diff.plan, std::move(change));
    return true;
}

}  // namespace

void show_account_change(const StoredAccount& before, const StoredAccount& after, v1::AccountsChange& change) {
    field(change, v1::ACCOUNTS_FIELD_NAME, before.display_name(), after.display_name());
    field(change, v1::ACCOUNTS_FIELD_QUOTA, cat(before.quota_bytes()), cat(after.quota_bytes()));
    field(change, v1::ACCOUNTS_FIELD_PROTOCOLS, protocols_text(before.protocols()), protocols_text(after.protocols()));
    field(change, v1::ACCOUNTS_FIELD_STATE, state_text(before), state_text(after));
    if (before.state() != after.state() && after.state() == stored::v1::STORED_STATE_SUSPENDED)
        change.set_action(v1::BULK_ACTION_SUSPENDED);
}

void count_change(v1::AccountsPlan& plan, v1::AccountsChange change) {
    auto& counts = *plan.mutable_counts();
    switch (change.action()) {
        case v1::BULK_ACTION_ADDED: counts.set_added(counts.added() + 1); break;
        case v1::BULK_ACTION_REMOVED: counts.set_removed(counts.removed() + 1); break;
        case v1::BULK_ACTION_CHANGED: counts.set_changed(counts.changed() + 1); break;
        case v1::BULK_ACTION_SUSPENDED: counts.set_suspended(counts.suspended() + 1); break;
        case v1::BULK_ACTION_RETURNED: counts.set_returned(counts.returned() + 1); break;
        default: break;
    }
    *plan.add_changes() = std::move(change);
}

void limit_problems(v1::AccountsPlan& plan) {
    const auto all = static_cast<std::size_t>(plan.problems_size());
    if (all <= kBulkProblemsMax) return;
    // What refuses must not fall out of the list behind notes.
    std::stable_partition(plan.mutable_problems()->begin(), plan.mutable_problems()->end(),
                          [](const v1::AccountsProblem& p) { return !p.is_note(); });
    plan.mutable_problems()->DeleteSubrange(static_cast<int>(kBulkProblemsMax), static_cast<int>(all - kBulkProblemsMax));
    auto more = problem_of({}, v1::ACCOUNTS_FIELD_UNSPECIFIED, cat("And ", all - kBulkProblemsMax, " more."));
    more.set_is_note(true);
    *plan.add_problems() = std::move(more);
}

bool has_refusal(const v1::AccountsPlan& plan) {
    for (const auto& problem : plan.problems())
        if (!problem.is_note()) return true;
    return false;
}

void show_diff(BulkDiff& diff, const Table& table, const OwnAliases& own, const std::string& key) {
    std::stable_sort(diff.steps.begin(), diff.steps.end(), [](const BulkStep& a, const BulkStep& b) {
        const bool a_stays = a.what != What::retire;
        const bool b_stays = b.what != What::retire;
        return std::tie(a.name.domain, a.name.local, a_stays) < std::tie(b.name.domain, b.name.local, b_stays);
    });
    std::vector<BulkStep> changing;
    for (auto& step : diff.steps) {
        if (show_step(diff, step, own)) changing.push_back(std::move(step));
        else diff.plan.mutable_counts()->set_kept(diff.plan.counts().kept() + 1);
    }
    diff.steps = std::move(changing);
    for (const auto& [address, edit] : diff.aliases->edits()) {
        if (edit.before.size() <= edit.after.size() || edit.after.empty()) continue;
        auto note = problem_of(address, v1::ACCOUNTS_FIELD_ALIASES, "This list goes on without those who go.");
        note.set_is_note(true);
        *diff.plan.add_problems() = std::move(note);
    }
    limit_problems(diff.plan);
    diff.plan.set_fingerprint(table.fingerprint);
    auto options = table.asked.options();
    options.clear_file();
    options.clear_expected_digest();
    v1::AccountsPlan named;
    *named.mutable_changes() = diff.plan.changes();
    diff.plan.set_digest(hex_encode(crypto::hmac_sha256(
        key, cat(table.fingerprint, options.SerializeAsString(), named.SerializeAsString()))));
}

bool BulkDiff::refused() const { return has_refusal(plan); }

}  // namespace tayori::spool

#include "spoold/plugin/work_look.h"

#include <algorithm>

#include "spoold/keys.h"
#include "spoold/mailbox/records.h"

namespace tayori::spool {

std::vector<std::string> plugins_with_hook(const Declarations& declarations, std::string_view hook) {
    std::vector<std::string> names;
    for (const auto& declared : declarations.all()) {
        const auto& hooks = declared->declaration.hooks;
        if (std::find(hooks.begin(), hooks.end(), hook) != hooks.end()) names.push_back(declared->declaration.name);
    }
    return names;
}

bool has_any(const v1::PluginProfile& profile, const std::vector<std::string>& sorted_names) {
    return std::any_of(profile.plugins().begin(), profile.plugins().end(), [&](const v1::ProfilePlugin& one) {
        return std::binary_search(sorted_names.begin(), sorted_names.end(), one.plugin());
    });
}

PluginWorkRow read_work_row(const Rows& rows, AccountId account) {
    const auto row = rows.get(keys::plugin_work(account));
    return row && *row ? PluginWorkRow::decode(**row) : PluginWorkRow();
}

Result<v1::PluginUsage> read_usage(const Rows& rows, AccountId account, const stored::v1::StoredAccount& limits) {
    auto value = rows.get(keys::account_state(account));
    if (!value) return fail(std::move(value.error()));
    if (!*value) return fail(Kind::not_found, "No such mailbox.");
    auto state = AccountState::decode(**value);
    if (!state) return fail(std::move(state.error()));
    v1::PluginUsage usage;
    usage.set_used_bytes(state->bytes);
    usage.set_used_messages(state->messages);
    usage.set_quota_bytes(limits.quota_bytes());
    usage.set_quota_messages(limits.quota_messages());
    return usage;
}

Result<std::optional<stored::v1::StoredAccount>> read_active(const Rows& rows, AccountId account) {
    auto row = read_row<stored::v1::StoredAccount>(rows, row_key::account(raw(account)));
    if (row && *row && (*row)->state() != stored::v1::STORED_STATE_ACTIVE) row->reset();
    return row;
}

Result<std::optional<WorkItem>> look_for_work(const Rows& rows, v1::PluginWorkKind kind, AccountId account,
                                              const stored::v1::StoredAccount& limits, const PluginWorkRow& row, std::int64_t now_ms) {
    WorkItem item;
    item.kind = kind;
    item.account = account;
    if (kind == v1::PLUGIN_WORK_KIND_DAILY) {
        item.due_ms = daily_due_ms(account, row, limits.created_s() * kMillisPerSecond);
        return std::optional(item);
    }
    const bool limited = limits.quota_bytes() != 0 || limits.quota_messages() != 0;
    if (!limited && row.quota_step == 0) return std::optional<WorkItem>();
    auto usage = read_usage(rows, account, limits);
    if (!usage) return fail(std::move(usage.error()));
    item.step = quota_step(quota_percent(*usage));
    item.due_ms = now_ms;
    if (item.step == row.quota_step) return std::optional<WorkItem>();
    return std::optional(item);
}

}  // namespace tayori::spool

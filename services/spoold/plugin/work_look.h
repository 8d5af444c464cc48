// How it stands with an account's work for plugins: read from the store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spoold/mailbox/mailboxes.h"
#include "spoold/plugin/plugins.h"
#include "spoold/plugin/work_queue.h"

namespace tayori::spool {

// Plugins that have a hook, sorted.
std::vector<std::string> plugins_with_hook(const Declarations& declarations, std::string_view hook);
bool has_any(const v1::PluginProfile& profile, const std::vector<std::string>& sorted_names);

PluginWorkRow read_work_row(const Rows& rows, AccountId account);
// What the mailbox holds, of what it may hold.
Result<v1::PluginUsage> read_usage(const Rows& rows, AccountId account, const stored::v1::StoredAccount& limits);

// The account as its work needs it; nothing: it is not active.
Result<std::optional<stored::v1::StoredAccount>> read_active(const Rows& rows, AccountId account);

// Its work of this kind, as the rows have it; nothing: there is none.
Result<std::optional<WorkItem>> look_for_work(const Rows& rows, v1::PluginWorkKind kind, AccountId account,
                                              const stored::v1::StoredAccount& limits, const PluginWorkRow& row, std::int64_t now_ms);

}  // namespace tayori::spool

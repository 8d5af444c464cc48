// What a hook decides that has no mail to ride with: auth, login, append, store, expunge, sent, bounce, daily, quota.
#pragma once

#include "common/lua/job.h"
#include "common/rpc/calls.h"

namespace tayori::daemon {

// What a plugin has decided for an account as the contract has it; account_id 0: for the site.
void put_condition(rpc::v1::PluginCondition& to, const lua::Condition& from, std::uint64_t account_id, const std::string& plugin);
void put_limit(rpc::v1::PluginLimit& to, const lua::Limit& from, std::uint64_t account_id, const std::string& plugin);
void put_state(rpc::v1::PluginStateChange& to, const lua::Remember& from, std::uint64_t account_id, const std::string& plugin);

inline constexpr std::size_t kEffectContentBytesMax = 256 * 1024;  // of one mail that a plugin writes (intake.proto)
inline constexpr int kEffectMailsMax = 100;

// Limits, what is written and what is remembered, as one commit. lease_id and trace_id are the caller's.
rpc::v1::FinishPluginWork plugin_effects(const lua::AccountView& whose, const lua::Decided& decided);
// There is something to commit.
bool has_effects(const rpc::v1::FinishPluginWork& work);

}  // namespace tayori::daemon

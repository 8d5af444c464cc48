// What a hook decides that has no mail to ride with: auth, login, append, store, expunge, sent, bounce, daily, quota.
#pragma once

#include "common/lua/job.h"
#include "common/rpc/calls.h"

namespace tayori::daemon {

inline constexpr std::size_t kEffectContentBytesMax = 256 * 1024;  // of one mail that a plugin writes (intake.proto)
inline constexpr int kEffectMailsMax = 100;

// Limits, what is written and what is remembered, as one commit. lease_id and trace_id are the caller's.
rpc::v1::FinishPluginWork plugin_effects(const lua::AccountView& whose, const lua::Decided& decided);
// There is something to commit.
bool has_effects(const rpc::v1::FinishPluginWork& work);

}  // namespace tayori::daemon

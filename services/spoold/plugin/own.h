// Settings of plugins that are an account's owner's to change (proto/tayori/spool/v1/plugin.proto, GetOwnSettings).
//
// Invariant: an owner never approves what an import found, nor gets at anything that no plugin declares as his.
#pragma once

#include "spoold/plugin/declarations.h"

namespace tayori::spool {

inline constexpr std::string_view kOwnSwitch = "enabled";  // the name of whether a plugin runs
inline constexpr std::size_t kOwnSettingsMax = 500;        // in one change

Result<v1::GetOwnSettingsReply> get_own_settings(const CorePtr& core, const Declarations& declarations, std::uint64_t account);
// invalid: says what would be right; denied.
void set_own_settings(const CorePtr& core, const Declarations& declarations, std::uint64_t account, const v1::SetOwnSettings& request,
                      Answer<v1::SetOwnSettingsReply> done);

}  // namespace tayori::spool

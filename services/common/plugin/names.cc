#include <algorithm>
#include <array>

#include "common/plugin/declaration.h"

namespace tayori::plugin {
namespace {

constexpr std::array<std::string_view, 16> kHooks = {"connect", "helo",   "auth",  "mail",   "rcpt",  "headers", "message", "deliver",
                                                     "sent",    "bounce", "login", "append", "store", "expunge", "quota",   "daily"};

}  // namespace

std::span<const std::string_view> hook_names() { return kHooks; }

bool is_hook(std::string_view name) { return std::find(kHooks.begin(), kHooks.end(), name) != kHooks.end(); }

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > kNameBytesMax || name.front() < 'a' || name.front() > 'z') return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace tayori::plugin

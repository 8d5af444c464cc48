// What `adminctl plugin` shows to people, English and Japanese.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adminctl/notices.h"
#include "common/plugin/declaration.h"
#include "tayori/spool/v1/plugin.pb.h"

namespace tayori::admin {

// A plugin at a scope, and at the wider ones: what is set where.
struct PluginViews {
    v1::PluginView here;
    std::vector<v1::PluginView> wider;  // domain, site
};
// Each setting with type, bounds, value, where it comes from, and what it is for.
std::string plugin_text(const PluginViews& views, Language language);
std::string plugins_text(const v1::PluginList& list, std::int64_t now_s, Language language);
std::string plugin_stats_text(const v1::PluginList& list, const std::string& plugin, std::int64_t now_s, Language language);
std::string reload_text(const v1::PluginList& list, Language language);
std::string plugin_state_text(const v1::PluginStateRows& rows, Language language);
// "enabled for taro@example.com", for what has just been changed.
std::string plugin_changed_text(const v1::PluginView& view, Language language);

// What the first daemon said that could not load them; empty: all could.
std::string reload_error(const v1::PluginList& list);

}  // namespace tayori::admin

// Settings as people write them on the command line: `days=7`, `to="a@b.example, c@d.example"`, `enabled=yes`, `max=10M`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adminctl/values.h"
#include "common/plugin/declaration.h"

namespace tayori::admin {

// An object of what was written, each by the type that the plugin declares; one argument may be a whole object itself. Units and
// bounds are spoold's to check. invalid: says what would be right.
Result<std::string> settings_json(const plugin::Declaration& declaration, const std::vector<std::string>& written);

// One value for people: "10M", "7d", "a@b.example, c@d.example"; records as JSON.
std::string show_value(const plugin::Setting& setting, std::string_view json);
// "list of address", "choice"
std::string show_type(const plugin::Setting& setting);
// "1 to 60", "at most 25M", "keep, expunge or trash"
std::string show_bounds(const plugin::Setting& setting);
// "7d", "90m", "30s"
std::string show_duration(std::int64_t seconds);

// The member of an object, as JSON; empty: it has none.
std::string member_of(std::string_view object_json, const std::string& name);

}  // namespace tayori::admin

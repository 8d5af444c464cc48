// plugins/api/tayori.d.lua is what authors read: each name in it is bound, and each name that is bound is in it.
#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "common/base/text.h"
#include "common/lua/object.h"
#include "common/plugin/declaration.h"

namespace tayori::lua {
namespace {

std::string definition_text() {
    std::ifstream file(TAYORI_SOURCE_DIR "/plugins/api/tayori.d.lua");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// Names of the options in "---@param options {to: string, null_sender?: boolean}".
std::vector<std::string> option_names(const std::string& line) {
    std::vector<std::string> names;
    const auto open = line.find('{');
    if (open == std::string::npos || line.find("options") == std::string::npos) return names;
    const std::regex name(R"(([a-z_]+)\??:)");
    const auto inner = line.substr(open);
    for (std::sregex_iterator it(inner.begin(), inner.end(), name), end; it != end; ++it) names.push_back((*it)[1]);
    return names;
}

struct Defined {
    std::set<std::string> names;  // as api_names() has them
    std::set<std::string> hooks;
};

Defined read_definition() {
    Defined defined;
    const std::regex class_line(R"(^---@class tayori(\.(\w+))?$)"), field_line(R"(^---@field (\w+)\??\s)"),
        function_line(R"(^function (\w+)([.:])(\w+)\()");
    // What a plugin writes, not what it gets.
    const std::set<std::string> written = {"Declaration", "Words", "Setting", "Scope"};
    std::string owner;
    std::vector<std::string> options;
    std::stringstream text(definition_text());
    for (std::string line; std::getline(text, line);) {
        std::smatch found;
        if (std::regex_search(line, found, class_line)) owner = found[2];
        else if (std::regex_search(line, found, field_line) && owner == "Plugin") defined.hooks.insert(found[1]);
        else if (std::regex_search(line, found, field_line) && !written.contains(owner) && !owner.empty())
            defined.names.insert(cat(owner, ".", found[1].str()));
        else if (line.starts_with("---@param")) options = option_names(line).empty() ? options : option_names(line);
        else if (std::regex_search(line, found, function_line)) {
            const auto name = cat(found[1].str(), found[2].str(), found[3].str());
            defined.names.insert(name);
            for (const auto& option : options) defined.names.insert(cat(name, "{", option, "}"));
            options.clear();
        }
    }
    return defined;
}

TEST(ApiComparison, EveryNameIsBoundAndEveryBindingIsDeclared) {
    const auto defined = read_definition();
    ASSERT_GT(defined.names.size(), 80u);
    const auto names = api_names();
    std::set<std::string> bound(names.begin(), names.end());
    // Made by what reads declarations (state.h), and a plain table.
    for (const auto* name : {"tayori.plugin", "Address.name", "Address.address"}) bound.insert(name);
    for (const auto& name : defined.names) EXPECT_TRUE(bound.contains(name)) << name << " is declared, but not bound";
    for (const auto& name : bound) EXPECT_TRUE(defined.names.contains(name)) << name << " is bound, but not declared";
}

TEST(ApiComparison, HooksAreTheSame) {
    const auto defined = read_definition();
    std::set<std::string> bound{"needs"};  // beside them (state.h)
    for (int i = 0; i <= static_cast<int>(Hook::daily); ++i) {
        const std::string name(hook_name(static_cast<Hook>(i)));
        bound.insert(name);
        EXPECT_TRUE(plugin::is_hook(name)) << name;
    }
    EXPECT_EQ(defined.hooks, bound);
}

}  // namespace
}  // namespace tayori::lua

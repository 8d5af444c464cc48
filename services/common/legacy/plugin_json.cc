#include "common/legacy/plugin_json.h"

#include <nlohmann/json.hpp>

namespace tayori::legacy {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_object(const ForwardRule& rule) {
    return {{"enabled", rule.enabled},
            {"to", rule.to},
            {"keep", rule.keep},
            {"subject_only", rule.subject_only},
            {"if_sender_contains", rule.if_sender_contains}};
}

Json to_object(const FilterSettingsRule& rule) {
    Json out = Json::object();
    if (!rule.name.empty()) out["name"] = rule.name;
    if (!rule.understood) {
        out["enabled"] = false;
        if (rule.size_max) out["size_max"] = *rule.size_max;
        out["source"] = rule.source;
        return out;
    }
    out["if"] = {{"field", rule.field}, {"test", rule.test}, {"value", rule.value}};
    Json then = Json::object();
    then["action"] = rule.action;
    if (!rule.argument.empty()) then["argument"] = rule.argument;
    out["then"] = std::move(then);
    return out;
}

}  // namespace

std::string to_json(const AutoReplySettings& settings) {
    return dump({{"enabled", false},
                 {"from", settings.from},
                 {"subject", settings.subject},
                 {"text", settings.text},
                 {"echo", settings.echo},
                 {"once_per_sender", settings.once_per_sender},
                 {"min_interval_hours", settings.min_interval_hours},
                 {"noreply", settings.noreply}});
}

std::string to_json(const ForwardSettings& settings) {
    Json rules = Json::array();
    for (const auto& rule : settings.rules) rules.push_back(to_object(rule));
    return dump({{"to", settings.to},
                 {"keep", settings.keep},
                 {"permit_from", settings.permit_from},
                 {"rules", std::move(rules)}});
}

std::string filter_json(const std::vector<FilterSettingsRule>& rules) {
    Json list = Json::array();
    for (const auto& rule : rules) list.push_back(to_object(rule));
    Json out = Json::object();
    out["rules"] = std::move(list);
    return dump(out);
}

std::string destinations_json(const std::vector<DestinationRule>& rules) {
    Json list = Json::array();
    for (const auto& rule : rules)
        list.push_back(Json{{"pattern", rule.pattern}, {"allow", rule.allow}});
    Json out = Json::object();
    out["rules"] = std::move(list);
    return dump(out);
}

}  // namespace tayori::legacy

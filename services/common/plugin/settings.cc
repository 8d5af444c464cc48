#include <algorithm>

#include "common/base/text.h"
#include "common/plugin/near_names.h"
#include "common/plugin/value.h"

namespace tayori::plugin {
namespace {

const Setting* setting_of(const Declaration& declaration, std::string_view name) {
    for (const auto& setting : declaration.settings) {
        if (setting.name == name) return &setting;
    }
    return nullptr;
}

std::string_view who_may(Scope narrowest) { return narrowest == Scope::site ? "the site only" : "the site or a domain only"; }

}  // namespace

Result<std::string> check_settings(const Declaration& declaration, Scope scope, std::string_view json, Strictness strictness) {
    if (json.size() > kSettingsBytesMax)
        return fail(Kind::invalid, cat("the settings of ", declaration.name, " are ", json.size(), " bytes; write at most ",
                                       kSettingsBytesMax));
    const auto given = parse_json(json);
    if (given.is_discarded()) return fail(Kind::invalid, cat("the settings of ", declaration.name, " are no JSON: write an object, as {}"));
    if (!given.is_object()) return fail(Kind::invalid, cat("the settings of ", declaration.name, ": write an object, as {}"));
    Json out = Json::object();
    for (const auto& [name, value] : given.items()) {
        const auto* setting = setting_of(declaration, name);
        if (setting == nullptr) {
            if (strictness == Strictness::imported) continue;
            if (declaration.settings.empty()) return fail(Kind::invalid, cat(declaration.name, " has no settings, so no `", name, "`"));
            std::vector<std::string_view> known;
            for (const auto& one : declaration.settings) known.push_back(one.name);
            return fail(Kind::invalid, cat(declaration.name, " has no setting `", name, "`; ", did_you_mean(name, known)));
        }
        if (scope > setting->scope) {
            return fail(Kind::invalid, cat("`", name, "` of ", declaration.name, " is set for ", who_may(setting->scope), ", not for ",
                                           scope == Scope::account ? "an account" : "a domain"));
        }
        auto checked = check_value(*setting, value, name, strictness);
        if (!checked) return fail(std::move(checked.error()));
        out[name] = std::move(*checked);
    }
    return print_json(out);
}

std::string merge_settings(const std::vector<std::string>& layers) {
    Json out = Json::object();
    for (const auto& layer : layers) {
        const auto given = parse_json(layer);
        if (!given.is_object()) continue;
        for (const auto& [name, value] : given.items()) out[name] = value;
    }
    return print_json(out);
}

std::string with_defaults(const Declaration& declaration, std::string_view json, std::vector<std::string>* dropped) {
    const auto given = parse_json(json);
    std::vector<std::string> unfit;
    Json out = Json::object();
    for (const auto& setting : declaration.settings) {
        Json value;
        if (given.is_object() && given.contains(setting.name)) value = complete_value(setting, given[setting.name], setting.name, unfit);
        if (value.is_null()) value = default_value(setting);
        out[setting.name] = std::move(value);
    }
    if (given.is_object()) {
        for (const auto& [name, value] : given.items()) {
            if (setting_of(declaration, name) == nullptr) unfit.push_back(name);
        }
    }
    if (dropped != nullptr) dropped->insert(dropped->end(), unfit.begin(), unfit.end());
    return print_json(out);
}

}  // namespace tayori::plugin

#include "common/plugin/declaration.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/mail/utf8.h"
#include "common/plugin/near_names.h"
#include "common/plugin/value.h"

namespace tayori::plugin {
namespace {

constexpr std::size_t kSettingsMax = 64;      // of a plugin, and fields of a record
constexpr std::size_t kChoicesMax = 64;
constexpr std::size_t kAboutBytesMax = 1000;  // a sentence or two
constexpr std::size_t kVersionBytesMax = 64;
constexpr std::uint32_t kOrderMax = 100;

constexpr std::array<std::string_view, 9> kMembers = {"name", "version", "about", "order", "failure", "state", "user", "settings", "hooks"};
constexpr std::array<std::string_view, 10> kSettingMembers = {"type", "scope",   "user", "default", "min",
                                                              "max",  "choices", "of",   "fields",  "about"};
constexpr std::array<std::string_view, 11> kTypeNames = {"boolean", "integer", "size", "duration", "text", "choice",
                                                         "address", "pattern", "date", "record",   "list"};

template <class... P>
tl::unexpected<Error> bad(const P&... pieces) {
    return fail(Kind::invalid, cat(pieces...));
}

Result<void> check_members(const Json& json, std::span<const std::string_view> known, const std::string& path) {
    for (const auto& [name, value] : json.items()) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return bad(path, path.empty() ? "" : ".", name, ": there is no such member; ", did_you_mean(name, known));
    }
    return {};
}

Result<void> read_flag(const Json& json, const char* name, const std::string& path, bool& out) {
    if (!json.contains(name)) return {};
    if (!json[name].is_boolean()) return bad(path, name, " = ", show_json(json[name]), ": write true or false");
    out = json[name].get<bool>();
    return {};
}

Result<Words> parse_about(const Json& json, const std::string& path) {
    if (!json.contains("about")) return Words();
    const auto& about = json["about"];
    Words words;
    if (about.is_string()) {
        words.en = words.ja = about.get<std::string>();
    } else if (about.is_object() && about.contains("en") && about["en"].is_string() && about.contains("ja") && about["ja"].is_string() &&
               about.size() == 2) {
        words = {about["en"].get<std::string>(), about["ja"].get<std::string>()};
    } else {
        return bad(path, "about = ", show_json(about), ": write a sentence, or { en = \"…\", ja = \"…\" }");
    }
    if (std::max(words.en.size(), words.ja.size()) > kAboutBytesMax)
        return bad(path, "about is too long: write at most ", kAboutBytesMax, " bytes");
    return words;
}

class SettingParser {
  public:
    SettingParser(const Json& json, std::string path, std::size_t nesting) : json_(json), path_(std::move(path)), nesting_(nesting) {}

    Result<Setting> parse(std::string name) {
        setting_.name = std::move(name);
        if (!json_.is_object()) return bad(path_, " = ", show_json(json_), ": write { type = \"…\" }");
        if (auto known = check_members(json_, kSettingMembers, path_); !known) return fail(std::move(known.error()));
        if (!json_.contains("type")) return bad(path_, " has no type: write type = \"text\" or another of ", either(kTypeNames));
        if (!json_["type"].is_string() || !type_of(json_["type"].get<std::string>(), setting_.type))
            return bad(path_, ".type = ", show_json(json_["type"]), ": write ", either(kTypeNames));
        for (const auto step : {&SettingParser::read_scope, &SettingParser::read_user, &SettingParser::read_bounds, &SettingParser::read_choices,
                                &SettingParser::read_inner, &SettingParser::read_default}) {
            if (auto done = (this->*step)(); !done) return fail(std::move(done.error()));
        }
        auto about = parse_about(json_, cat(path_, "."));
        if (!about) return fail(std::move(about.error()));
        setting_.about = std::move(*about);
        return std::move(setting_);
    }

  private:
    bool is(Type type) const { return setting_.type == type; }

    Result<void> read_scope() {
        if (!json_.contains("scope")) return {};
        if (nesting_ > 0) return bad(path_, ".scope: the scope is that of the whole setting; leave it out here");
        const auto& scope = json_["scope"];
        for (const auto one : {Scope::site, Scope::domain, Scope::account}) {
            if (scope == name_of(one)) {
                setting_.scope = one;
                return {};
            }
        }
        return bad(path_, ".scope = ", show_json(scope), ": write site, domain or account");
    }

    Result<void> read_user() {
        if (auto read = read_flag(json_, "user", cat(path_, "."), setting_.user); !read || !setting_.user) return read;
        if (nesting_ > 0) return bad(path_, ".user: it is that of the whole setting; leave it out here");
        if (setting_.scope != Scope::account) return bad(path_, ".user: the owner of an account changes settings of scope account only");
        return {};
    }

    Result<void> read_bounds() {
        const bool bounded = is(Type::integer) || is(Type::size) || is(Type::duration) || is(Type::text) || is(Type::list);
        const auto unit = is(Type::size) || is(Type::duration) ? setting_.type : Type::integer;
        for (const auto* name : {"min", "max"}) {
            if (!json_.contains(name)) continue;
            if (!bounded) return bad(path_, ".", name, ": a ", name_of(setting_.type), " has no bounds; leave it out");
            auto number = parse_number(unit, json_[name], cat(path_, ".", name));
            if (!number) return fail(std::move(number.error()));
            (name == std::string_view("min") ? setting_.min : setting_.max) = *number;
        }
        if (setting_.min && setting_.max && *setting_.min > *setting_.max)
            return bad(path_, ".min = ", *setting_.min, " is above max = ", *setting_.max);
        if (is(Type::list) && setting_.max.value_or(0) > static_cast<std::int64_t>(kListMax))
            return bad(path_, ".max = ", *setting_.max, ": a list has at most ", kListMax, " entries");
        return {};
    }

    Result<void> read_choices() {
        if (!is(Type::choice)) {
            if (json_.contains("choices")) return bad(path_, ".choices: only type = \"choice\" has them");
            return {};
        }
        const auto wrong = [&] { return bad(path_, ".choices: write the texts to choose from, as { \"a\", \"b\" }"); };
        if (!json_.contains("choices") || !json_["choices"].is_array() || json_["choices"].empty()) return wrong();
        if (json_["choices"].size() > kChoicesMax) return bad(path_, ".choices: write at most ", kChoicesMax);
        for (const auto& choice : json_["choices"]) {
            if (!choice.is_string()) return wrong();
            auto text = choice.get<std::string>();
            if (std::find(setting_.choices.begin(), setting_.choices.end(), text) != setting_.choices.end())
                return bad(path_, ".choices has \"", text, "\" twice");
            setting_.choices.push_back(std::move(text));
        }
        return {};
    }

    Result<void> read_inner() {
        if (json_.contains("of") && !is(Type::list)) return bad(path_, ".of: only type = \"list\" has it");
        if (json_.contains("fields") && !is(Type::record)) return bad(path_, ".fields: only type = \"record\" has them");
        if (!is(Type::list) && !is(Type::record)) return {};
        if (nesting_ == kNestingMax) return bad(path_, ": lists and records within each other more than ", kNestingMax, " deep");
        if (is(Type::list)) {
            if (!json_.contains("of")) return bad(path_, " is a list of what? Write of = { type = \"…\" }");
            return add_inner("", json_["of"], cat(path_, ".of"));
        }
        if (!json_.contains("fields") || !json_["fields"].is_object() || json_["fields"].empty())
            return bad(path_, ".fields: write what the record has, as { to = { type = \"address\" } }");
        if (json_["fields"].size() > kSettingsMax) return bad(path_, ".fields: write at most ", kSettingsMax);
        for (const auto& [name, field] : json_["fields"].items()) {
            if (!is_name(name)) return bad(path_, ".fields: \"", name, "\" is no name: write lower-case letters, digits and _");
            if (auto added = add_inner(name, field, cat(path_, ".fields.", name)); !added) return added;
        }
        return {};
    }

    Result<void> add_inner(std::string name, const Json& json, std::string path) {
        auto inner = SettingParser(json, std::move(path), nesting_ + 1).parse(std::move(name));
        if (!inner) return fail(std::move(inner.error()));
        setting_.inner.push_back(std::move(*inner));
        return {};
    }

    Json implied_default() const {
        switch (setting_.type) {
            case Type::boolean: return false;
            case Type::integer:
            case Type::size:
            case Type::duration: return 0;
            case Type::choice: return setting_.choices.front();
            case Type::text:
            case Type::address:
            case Type::pattern:
            case Type::date: return "";
            case Type::record: return Json::object();
            case Type::list: return Json::array();
        }
        return {};
    }

    Result<void> read_default() {
        const bool given = json_.contains("default");
        if (!given && nesting_ > 0) {  // a field is whole before anybody has said anything
            auto implied = implied_default();
            if (implied.is_number() && setting_.min.value_or(0) > 0) implied = *setting_.min;
            if (implied.is_number() && setting_.max.value_or(0) < 0) implied = *setting_.max;
            setting_.default_json = print_json(implied);
            return {};
        }
        auto value = check_value(setting_, given ? json_["default"] : implied_default(), cat(path_, ".default"), Strictness::strict);
        if (!value && !given) return bad(value.error().text, "; without one it is ", show_json(implied_default()));
        if (!value) return fail(std::move(value.error()));
        setting_.default_json = print_json(*value);
        return {};
    }

    const Json& json_;
    std::string path_;
    std::size_t nesting_;
    Setting setting_;
};

Result<void> parse_head(const Json& json, Declaration& out) {
    if (!json.contains("name")) return bad("name is missing: write name = \"…\", as the plugin's folder is called");
    if (!json["name"].is_string() || !is_name(json["name"].get<std::string>()))
        return bad("name = ", show_json(json["name"]), ": write a letter, then letters, digits and _, in lower case, at most ",
                   kNameBytesMax);
    out.name = json["name"].get<std::string>();
    if (json.contains("version")) {
        if (!json["version"].is_string() || json["version"].get<std::string>().size() > kVersionBytesMax)
            return bad("version = ", show_json(json["version"]), ": write a short text, as \"1.0\"");
        out.version = json["version"].get<std::string>();
    }
    auto about = parse_about(json, "");
    if (!about) return fail(std::move(about.error()));
    out.about = std::move(*about);
    if (json.contains("order")) {
        auto order = parse_number(Type::integer, json["order"], "order");
        if (!order || *order < 1 || *order > kOrderMax)
            return bad("order = ", show_json(json["order"]), ": write 1 (runs first) to ", kOrderMax);
        out.order = static_cast<std::uint32_t>(*order);
    }
    if (json.contains("failure")) {
        const auto& failure = json["failure"];
        if (failure != "continue" && failure != "tempfail") return bad("failure = ", show_json(failure), ": write continue or tempfail");
        out.failure = failure == "tempfail" ? OnFailure::tempfail : OnFailure::go_on;
    }
    if (auto read = read_flag(json, "state", "", out.reads_state); !read) return read;
    return read_flag(json, "user", "", out.user);
}

Result<void> parse_hooks(const Json& json, Declaration& out) {
    if (!json.contains("hooks")) return {};
    const auto& hooks = json["hooks"];
    if (hooks.is_object() && hooks.empty()) return {};
    if (!hooks.is_array()) return bad("hooks = ", show_json(hooks), ": write a list of names");
    for (const auto& hook : hooks) {
        if (!hook.is_string() || !is_hook(hook.get<std::string>()))
            return bad("hooks: there is no ", show_json(hook), "; ",
                       did_you_mean(hook.is_string() ? hook.get<std::string>() : "", hook_names()));
        out.hooks.push_back(hook.get<std::string>());
    }
    std::sort(out.hooks.begin(), out.hooks.end());
    out.hooks.erase(std::unique(out.hooks.begin(), out.hooks.end()), out.hooks.end());
    return {};
}

Result<void> parse_settings(const Json& json, Declaration& out) {
    if (!json.contains("settings")) return {};
    const auto& settings = json["settings"];
    if (!settings.is_object()) return bad("settings = ", show_json(settings), ": write { days = { type = \"integer\" } }");
    if (settings.size() > kSettingsMax) return bad("settings: write at most ", kSettingsMax);
    for (const auto& [name, value] : settings.items()) {
        if (!is_name(name))
            return bad("settings: \"", name, "\" is no name: write lower-case letters, digits and _, at most ", kNameBytesMax);
        auto setting = SettingParser(value, cat("settings.", name), 0).parse(name);
        if (!setting) return fail(std::move(setting.error()));
        out.settings.push_back(std::move(*setting));
    }
    return {};
}

}  // namespace

Result<Declaration> parse_declaration(std::string_view text) {
    if (text.size() > kDeclarationBytesMax) return bad("the declaration is ", text.size(), " bytes: write at most ", kDeclarationBytesMax);
    const auto json = parse_json(text);
    if (!json.is_object()) return bad("the declaration is no JSON object");
    Declaration out;
    if (auto known = check_members(json, kMembers, ""); !known) return fail(std::move(known.error()));
    for (const auto step : {parse_head, parse_hooks, parse_settings}) {
        if (auto done = step(json, out); !done) return fail(std::move(done.error()));
    }
    return out;
}

namespace {

Json words_json(const Words& words) {
    if (words.en == words.ja) return words.en;
    return {{"en", words.en}, {"ja", words.ja}};
}

Json setting_json(const Setting& setting, bool outermost) {
    Json out = {{"type", name_of(setting.type)}, {"default", parse_json(setting.default_json)}};
    if (outermost) out["scope"] = name_of(setting.scope);
    if (setting.user) out["user"] = true;
    if (setting.min) out["min"] = *setting.min;
    if (setting.max) out["max"] = *setting.max;
    if (!setting.choices.empty()) out["choices"] = setting.choices;
    if (!setting.about.en.empty()) out["about"] = words_json(setting.about);
    if (setting.type == Type::list) out["of"] = setting_json(setting.inner.front(), false);
    if (setting.type == Type::record) {
        for (const auto& field : setting.inner) out["fields"][field.name] = setting_json(field, false);
    }
    return out;
}

}  // namespace

std::string to_json(const Declaration& declaration) {
    Json out = {{"name", declaration.name}, {"order", declaration.order}, {"state", declaration.reads_state}, {"hooks", declaration.hooks}};
    if (!declaration.version.empty()) out["version"] = declaration.version;
    if (!declaration.about.en.empty()) out["about"] = words_json(declaration.about);
    out["failure"] = declaration.failure == OnFailure::tempfail ? "tempfail" : "continue";
    if (declaration.user) out["user"] = true;
    out["settings"] = Json::object();
    for (const auto& setting : declaration.settings) out["settings"][setting.name] = setting_json(setting, true);
    return print_json(out);
}

}  // namespace tayori::plugin

#include "adminctl/plugin/written.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "common/base/text.h"
#include "common/plugin/near_names.h"

namespace tayori::admin {
namespace {

using Json = nlohmann::json;
using plugin::Setting;
using plugin::Type;

constexpr std::string_view kYes[] = {"true", "yes", "on", "1"};
constexpr std::string_view kNo[] = {"false", "no", "off", "0"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view one) { return equals_ignoring_case(one, word); });
}

// What is written as JSON is JSON.
bool looks_like_json(std::string_view text) { return text.starts_with('[') || text.starts_with('{'); }

std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const auto part = trim(text.substr(0, comma));
        if (!part.empty()) out.push_back(part);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

tl::unexpected<Error> wrong(const std::string& name, std::string_view text, std::string_view right) {
    return fail(Kind::invalid, cat(name, "=", text, ": ", right, "."));
}

Result<Json> value_of(const Setting& setting, const std::string& name, std::string_view text) {
    if ((setting.type == Type::list || setting.type == Type::record) && looks_like_json(text)) {
        auto json = Json::parse(text, nullptr, false);
        if (json.is_discarded()) return wrong(name, text, "this is no right JSON");
        return json;
    }
    switch (setting.type) {
        case Type::boolean:
            if (is_one_of(text, kYes)) return Json(true);
            if (is_one_of(text, kNo)) return Json(false);
            return wrong(name, text, "write yes or no");
        case Type::integer: {
            std::int64_t number = 0;
            const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
            if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return wrong(name, text, "write a whole number");
            return Json(number);
        }
        case Type::list: {
            auto list = Json::array();
            if (setting.inner.empty()) return list;
            for (const auto part : parts_of(text)) {
                auto item = value_of(setting.inner.front(), name, part);
                if (!item) return item;
                list.push_back(std::move(*item));
            }
            return list;
        }
        case Type::record: return wrong(name, text, "write the record as JSON, as in {\"field\": \"value\"}");
        default: return Json(std::string(text));
    }
}

// As it can be written again: no digit is lost.
std::string exact_size(std::uint64_t bytes) {
    struct Unit {
        unsigned shift;
        char letter;
    };
    static constexpr Unit kSizeUnits[] = {{40, 'T'}, {30, 'G'}, {20, 'M'}, {10, 'K'}};
    for (const auto& unit : kSizeUnits) {
        if (bytes != 0 && (bytes & ((std::uint64_t{1} << unit.shift) - 1)) == 0) return cat(bytes >> unit.shift, unit.letter);
    }
    return cat(bytes);
}

std::string plain(const Setting& setting, const Json& value) {
    switch (setting.type) {
        case Type::boolean: return value.is_boolean() ? value.get<bool>() ? "yes" : "no" : value.dump();
        case Type::size: return value.is_number_integer() ? exact_size(value.get<std::uint64_t>()) : value.dump();
        case Type::duration: return value.is_number_integer() ? show_duration(value.get<std::int64_t>()) : value.dump();
        case Type::list: {
            if (!value.is_array() || setting.inner.empty() || setting.inner.front().type == Type::record) return value.empty() ? "-" : value.dump();
            std::string out;
            for (const auto& item : value) append(out, out.empty() ? "" : ", ", plain(setting.inner.front(), item));
            return out.empty() ? "-" : out;
        }
        case Type::record: return value.empty() ? "-" : value.dump();
        default: {
            if (!value.is_string()) return value.dump();
            auto text = value.get<std::string>();
            return text.empty() ? "-" : text;
        }
    }
}

std::string bound(const Setting& setting, std::int64_t value) {
    if (setting.type == Type::size) return exact_size(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)));
    if (setting.type == Type::duration) return show_duration(value);
    return cat(value);
}

std::string_view type_name(Type type) {
    switch (type) {
        case Type::boolean: return "yes or no";
        case Type::integer: return "number";
        case Type::size: return "size";
        case Type::duration: return "duration";
        case Type::text: return "text";
        case Type::choice: return "choice";
        case Type::address: return "address";
        case Type::pattern: return "pattern";
        case Type::date: return "date";
        case Type::record: return "record";
        case Type::list: return "list";
    }
    return "?";
}

}  // namespace

Result<std::string> settings_json(const plugin::Declaration& declaration, const std::vector<std::string>& written) {
    auto out = Json::object();
    std::vector<std::string_view> names;
    for (const auto& setting : declaration.settings) names.push_back(setting.name);
    for (const auto& word : written) {
        if (looks_like_json(word)) {
            auto object = Json::parse(word, nullptr, false);
            if (!object.is_object()) return fail(Kind::invalid, cat("This is no JSON object: ", word));
            out.update(object);
            continue;
        }
        const auto equals = word.find('=');
        if (equals == std::string::npos)
            return fail(Kind::invalid, cat("\"", word, "\": write settings as NAME=VALUE, as in ", names.empty() ? "days" : names.front(), "=…"));
        const auto name = word.substr(0, equals);
        const auto at = std::find_if(declaration.settings.begin(), declaration.settings.end(),
                                     [&](const Setting& setting) { return setting.name == name; });
        if (at == declaration.settings.end()) {
            return fail(Kind::invalid, cat("The plugin ", declaration.name, " has no setting \"", name, "\": ",
                                           names.empty() ? std::string("it takes none.") : plugin::did_you_mean(name, names)));
        }
        auto value = value_of(*at, name, std::string_view(word).substr(equals + 1));
        if (!value) return fail(std::move(value.error()));
        out[name] = std::move(*value);
    }
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string show_duration(std::int64_t seconds) {
    struct Unit {
        std::int64_t seconds;
        char letter;
    };
    static constexpr Unit kUnits[] = {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}};
    if (seconds != 0) {
        for (const auto& unit : kUnits) {
            if (seconds % unit.seconds == 0) return cat(seconds / unit.seconds, unit.letter);
        }
    }
    return cat(seconds, 's');
}

std::string show_value(const Setting& setting, std::string_view json) {
    const auto value = Json::parse(json, nullptr, false);
    if (value.is_discarded()) return std::string(json);
    return plain(setting, value);
}

std::string show_type(const Setting& setting) {
    if (setting.type == Type::list && !setting.inner.empty()) return cat("list of ", show_type(setting.inner.front()));
    return std::string(type_name(setting.type));
}

std::string show_bounds(const Setting& setting) {
    if (setting.type == Type::choice) {
        std::string out;
        for (const auto& choice : setting.choices) append(out, out.empty() ? "" : ", ", choice);
        return out;
    }
    const std::string_view unit = setting.type == Type::list ? " entries" : setting.type == Type::text ? " characters" : "";
    if (setting.min && setting.max) return cat(bound(setting, *setting.min), " to ", bound(setting, *setting.max), unit);
    if (setting.min) return cat("at least ", bound(setting, *setting.min), unit);
    if (setting.max) return cat("at most ", bound(setting, *setting.max), unit);
    return {};
}

std::string member_of(std::string_view object_json, const std::string& name) {
    const auto object = Json::parse(object_json, nullptr, false);
    if (!object.is_object() || !object.contains(name)) return {};
    return object[name].dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tayori::admin

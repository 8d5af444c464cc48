#include "common/plugin/value.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"
#include "common/mail/utf8.h"
#include "common/plugin/near_names.h"

namespace tayori::plugin {
namespace {

constexpr std::array<std::string_view, 11> kTypes = {"boolean", "integer", "size", "duration", "text", "choice",
                                                     "address", "pattern", "date", "record",   "list"};
constexpr std::array<std::string_view, 3> kScopes = {"site", "domain", "account"};
constexpr std::size_t kShownBytesMax = 60;

template <class... P>
tl::unexpected<Error> wrong(const P&... pieces) {
    return fail(Kind::invalid, cat(pieces...));
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Result<void> check_bounds(const Setting& setting, std::int64_t number, const std::string& path, std::string_view what) {
    const bool amount = setting.type == Type::size || setting.type == Type::duration;
    const auto show = [&](std::int64_t n) { return amount ? show_number(setting.type, n) : cat(n); };
    if (setting.min && setting.max && (number < *setting.min || number > *setting.max))
        return wrong(path, what, " is ", show(number), ": write ", show(*setting.min), " to ", show(*setting.max));
    if (setting.min && number < *setting.min) return wrong(path, what, " is ", show(number), ": write ", show(*setting.min), " or more");
    if (setting.max && number > *setting.max) return wrong(path, what, " is ", show(number), ": write ", show(*setting.max), " or less");
    return {};
}

Result<Json> check_boolean(const Json& value, const std::string& path) {
    if (value.is_boolean()) return value;
    const auto text = value.is_string() ? to_lower(value.get_ref<const std::string&>()) : std::string();
    if (text == "true" || text == "yes" || text == "on") return Json(true);
    if (text == "false" || text == "no" || text == "off") return Json(false);
    return wrong(path, " = ", show_json(value), ": write true or false");
}

Result<Json> check_number(const Setting& setting, const Json& value, const std::string& path) {
    auto number = parse_number(setting.type, value, path);
    if (!number) return fail(std::move(number.error()));
    if (*number < 0 && setting.type != Type::integer) return wrong(path, " = ", show_json(value), ": write 0 or more");
    if (auto within = check_bounds(setting, *number, path, ""); !within) return fail(std::move(within.error()));
    return Json(*number);
}

Result<Json> check_text(const Setting& setting, const Json& value, const std::string& path) {
    if (!value.is_string()) return wrong(path, " = ", show_json(value), ": write a text");
    const auto& text = value.get_ref<const std::string&>();
    const auto size = static_cast<std::int64_t>(characters(text));
    if (auto within = check_bounds(setting, size, path, "'s length"); !within) return fail(std::move(within.error()));
    return value;
}

Result<Json> check_choice(const Setting& setting, const Json& value, const std::string& path) {
    if (value.is_string() && std::find(setting.choices.begin(), setting.choices.end(), value.get_ref<const std::string&>()) !=
                                 setting.choices.end())
        return value;
    const std::vector<std::string_view> choices(setting.choices.begin(), setting.choices.end());
    return wrong(path, " = ", show_json(value), ": write ", either(choices));
}

Result<Json> check_address(const Json& value, const std::string& path) {
    const auto bad = [&] { return wrong(path, " = ", show_json(value), ": write an address, as taro@example.jp"); };
    if (!value.is_string()) return bad();
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty()) return value;  // none
    auto address = mail::parse_address(trim(text));
    if (!address || address->domain.empty()) return bad();
    const auto local = mail::to_nfc(address->local);
    auto domain = mail::normalize_domain(address->domain);
    if (!local || !domain) return bad();
    return Json(mail::to_text({*local, *domain}));
}

Result<Json> check_pattern(const Json& value, const std::string& path) {
    const auto bad = [&] {
        return wrong(path, " = ", show_json(value), ": write an address or a domain; * stands for any characters, as *@example.jp");
    };
    if (!value.is_string()) return bad();
    const auto text = trim(value.get_ref<const std::string&>());
    if (text.size() > kPatternBytesMax || std::count(text.begin(), text.end(), '@') > 1) return bad();
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '<' || c == '>' || c == ',') return bad();
    }
    auto folded = mail::to_nfc_folded(text);
    if (!folded) return bad();
    return Json(std::move(*folded));
}

int digits(std::string_view text, std::size_t at, std::size_t count) {
    int number = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

bool is_day(int year, int month, int day) {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || month < 1 || month > 12 || day < 1) return false;
    const bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= kDays[month - 1] + (leap ? 1 : 0);
}

Result<Json> check_date(const Json& value, const std::string& path) {
    const auto bad = [&] {
        return wrong(path, " = ", show_json(value), ": write a date, as 2026-11-27, or with a time, as 2026-11-27 08:42");
    };
    if (!value.is_string()) return bad();
    std::string text(trim(value.get_ref<const std::string&>()));
    if (text.empty()) return Json("");  // none
    for (const std::size_t at : {4U, 7U}) {
        if (text.size() > at && text[at] == '/') text[at] = '-';
    }
    const bool timed = text.size() == 16 && (text[10] == ' ' || text[10] == 'T') && text[13] == ':';
    if ((!timed && text.size() != 10) || text[4] != '-' || text[7] != '-') return bad();
    if (!is_day(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2))) return bad();
    if (timed) {
        const int hour = digits(text, 11, 2);
        const int minute = digits(text, 14, 2);
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return bad();
        text[10] = ' ';
    }
    return Json(std::move(text));
}

Result<Json> check_list(const Setting& setting, const Json& value, const std::string& path, Strictness strictness) {
    Json out = Json::array();
    if (value.is_object() && value.empty()) return out;  // Lua's {}
    if (!value.is_array()) return wrong(path, " = ", show_json(value), ": write a list, as [\"…\", \"…\"]");
    const auto size = static_cast<std::int64_t>(value.size());
    const auto most = std::min<std::int64_t>(setting.max.value_or(kListMax), kListMax);
    if (size > most) return wrong(path, " has ", size, " entries: write at most ", most);
    if (setting.min && size < *setting.min) return wrong(path, " has ", size, " entries: write at least ", *setting.min);
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto inner = cat(path, "[", i + 1, "]");
        auto checked = check_value(setting.inner.front(), value[i], inner, strictness);
        if (!checked) return fail(std::move(checked.error()));
        if (setting.inner.front().type != Type::text && *checked == "") return wrong(inner, " is empty: leave it out");
        out.push_back(std::move(*checked));
    }
    return out;
}

bool is_too_deep(std::string_view json) {
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\') ++i;
        if (quoted) continue;
        if ((c == '[' || c == '{') && ++depth > kJsonDepthMax) return true;
        if ((c == ']' || c == '}') && depth > 0) --depth;
    }
    return false;
}

const Setting* field_of(const Setting& record, const std::string& name) {
    for (const auto& field : record.inner) {
        if (field.name == name) return &field;
    }
    return nullptr;
}

Result<Json> check_record(const Setting& setting, const Json& value, const std::string& path, Strictness strictness) {
    if (value.is_array() && value.empty()) return Json::object();
    if (!value.is_object()) return wrong(path, " = ", show_json(value), ": write a record, as {\"", setting.inner.front().name, "\": …}");
    Json out = Json::object();
    for (const auto& [name, member] : value.items()) {
        const auto* field = field_of(setting, name);
        if (field == nullptr) {
            if (strictness == Strictness::imported) continue;
            std::vector<std::string_view> known;
            for (const auto& one : setting.inner) known.push_back(one.name);
            return wrong(path, " has no field `", name, "`; ", did_you_mean(name, known));
        }
        auto checked = check_value(*field, member, cat(path, ".", name), strictness);
        if (!checked) return fail(std::move(checked.error()));
        out[name] = std::move(*checked);
    }
    return out;
}

}  // namespace

std::string_view name_of(Type type) { return kTypes[static_cast<std::size_t>(type)]; }
std::string_view name_of(Scope scope) { return kScopes[static_cast<std::size_t>(scope)]; }

bool type_of(std::string_view name, Type& type) {
    const auto* at = std::find(kTypes.begin(), kTypes.end(), name);
    if (at == kTypes.end()) return false;
    type = static_cast<Type>(at - kTypes.begin());
    return true;
}

Json parse_json(std::string_view text) {
    return is_too_deep(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}
std::string print_json(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string show_json(const Json& json) {
    if (json.is_array()) return json.empty() ? "[]" : "[…]";
    if (json.is_object()) return json.empty() ? "{}" : "{…}";
    auto text = print_json(json);
    if (text.size() <= kShownBytesMax) return text;
    return cat(mail::clip_utf8(text, kShownBytesMax), "…");
}

Result<Json> check_value(const Setting& setting, const Json& value, const std::string& path, Strictness strictness) {
    switch (setting.type) {
        case Type::boolean: return check_boolean(value, path);
        case Type::integer:
        case Type::size:
        case Type::duration: return check_number(setting, value, path);
        case Type::text: return check_text(setting, value, path);
        case Type::choice: return check_choice(setting, value, path);
        case Type::address: return check_address(value, path);
        case Type::pattern: return check_pattern(value, path);
        case Type::date: return check_date(value, path);
        case Type::record: return check_record(setting, value, path, strictness);
        case Type::list: return check_list(setting, value, path, strictness);
    }
    return value;
}

Json default_value(const Setting& setting) {
    auto value = parse_json(setting.default_json);
    std::vector<std::string> unfit;
    auto completed = complete_value(setting, value, setting.name, unfit);
    return completed.is_null() ? value : completed;  // a field's may be out of its bounds where the declaration gives none
}

Json complete_value(const Setting& setting, const Json& value, const std::string& path, std::vector<std::string>& dropped) {
    if (setting.type == Type::record && value.is_object()) {
        Json out = Json::object();
        for (const auto& field : setting.inner) {
            const auto inner = cat(path, ".", field.name);
            auto completed = value.contains(field.name) ? complete_value(field, value[field.name], inner, dropped) : Json();
            if (completed.is_null()) completed = default_value(field);
            out[field.name] = std::move(completed);
        }
        return out;
    }
    if (setting.type == Type::list && value.is_array() && value.size() <= kListMax) {
        Json out = Json::array();
        for (std::size_t i = 0; i < value.size(); ++i) {
            auto completed = complete_value(setting.inner.front(), value[i], cat(path, "[", i + 1, "]"), dropped);
            if (!completed.is_null()) out.push_back(std::move(completed));
        }
        return out;
    }
    auto checked = check_value(setting, value, path, Strictness::imported);
    if (checked) return std::move(*checked);
    dropped.push_back(path);
    return {};
}

}  // namespace tayori::plugin

#include "common/settings/table.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::settings {

const Setting* Table::find(std::string_view key) const {
    const auto found = std::ranges::find(settings, key, &Setting::key);
    return found == settings.end() ? nullptr : &*found;
}

namespace detail {

std::string quote(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

std::string show_list(const std::vector<std::string>& items) {
    std::string out = "[";
    for (const auto& item : items) append(out, out.size() > 1 ? ", " : "", quote(item));
    return out += ']';
}

Result<std::string> single(const RawValue& value) {
    if (value.is_list) return fail(Kind::invalid, "write one value, not a list");
    return value.items.front();
}

Result<bool> to_bool(const RawValue& value) {
    const auto text = single(value);
    if (text && *text == "true") return true;
    if (text && *text == "false") return false;
    return fail(Kind::invalid, "write true or false");
}

std::string_view unit_name(Unit unit) {
    switch (unit) {
        case Unit::none: return "number";
        case Unit::bytes: return "bytes";
        case Unit::milliseconds: return "milliseconds";
        case Unit::seconds: return "seconds";
        case Unit::hours: return "hours";
        case Unit::days: return "days";
        case Unit::percent: return "percent";
    }
    return "number";
}

std::string bounds_text(std::uint64_t low, std::uint64_t high, Unit unit) {
    return cat(show_amount(low, unit), " to ", show_amount(high, unit));
}

Result<std::uint64_t> to_amount(const RawValue& value, Unit unit, std::uint64_t low, std::uint64_t high) {
    auto text = single(value);
    if (!text) return fail(std::move(text.error()));
    auto amount = parse_amount(*text, unit);
    const auto right = [&] { return cat("write ", unit == Unit::none ? "a number" : unit_name(unit), " from ", bounds_text(low, high, unit)); };
    if (!amount) return fail(Kind::invalid, cat(amount.error().text, "; ", right()));
    if (*amount < low || *amount > high) return fail(Kind::invalid, right());
    return amount;
}

Result<std::size_t> to_choice(const RawValue& value, const std::vector<std::string>& names) {
    auto text = single(value);
    if (!text) return fail(std::move(text.error()));
    const auto found = std::ranges::find(names, *text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    std::string right;
    for (const auto& name : names) append(right, right.empty() ? "write " : " or ", quote(name));
    return fail(Kind::invalid, right);
}

std::string show_amount_toml(std::uint64_t amount, Unit unit) {
    if (unit == Unit::none || unit == Unit::percent || unit == Unit::days) return cat(amount);
    return quote(show_amount(amount, unit));
}

std::string choices_text(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) append(out, out.empty() ? "" : " \\| ", name);
    return out;
}

}  // namespace detail
}  // namespace tayori::settings

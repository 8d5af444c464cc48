#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

#include "common/base/text.h"
#include "common/plugin/value.h"

namespace tayori::plugin {
namespace {

struct AmountUnit {
    std::string_view name;  // in small letters
    std::int64_t factor;
};

// From the largest; the first name of a factor is the one that is shown.
constexpr AmountUnit kOctets[] = {{"tib", 1LL << 40}, {"tb", 1LL << 40}, {"t", 1LL << 40}, {"gib", 1LL << 30}, {"gb", 1LL << 30},
                                  {"g", 1LL << 30},   {"mib", 1LL << 20}, {"mb", 1LL << 20}, {"m", 1LL << 20}, {"kib", 1LL << 10},
                                  {"kb", 1LL << 10},  {"k", 1LL << 10},   {"b", 1},          {"", 1}};
constexpr AmountUnit kSeconds[] = {{"w", 604'800}, {"d", 86'400}, {"h", 3600}, {"m", 60}, {"min", 60}, {"s", 1}, {"", 1}};
constexpr AmountUnit kPlain[] = {{"", 1}};

std::span<const AmountUnit> units_of(Type type) {
    if (type == Type::size) return kOctets;
    if (type == Type::duration) return kSeconds;
    return kPlain;
}

std::string_view how_to_write(Type type) {
    if (type == Type::size) return "write octets, as 1048576, or with a unit, as \"10M\"";
    if (type == Type::duration) return "write seconds, as 3600, or with a unit, as \"90m\" or \"7d\"";
    return "write a whole number";
}

bool parse_text(Type type, std::string_view text, std::int64_t& number) {
    text = trim(text);
    std::int64_t count = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
    if (parsed.ec != std::errc{}) return false;
    const auto unit = to_lower(trim(text.substr(static_cast<std::size_t>(parsed.ptr - text.data()))));
    for (const auto& known : units_of(type)) {
        if (known.name == unit) return !__builtin_mul_overflow(count, known.factor, &number);
    }
    return false;
}

}  // namespace

Result<std::int64_t> parse_number(Type type, const Json& value, const std::string& path) {
    std::int64_t number = 0;
    bool ok = false;
    if (value.is_number_unsigned()) {
        const auto wide = value.get<std::uint64_t>();
        ok = wide <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        number = static_cast<std::int64_t>(wide);
    } else if (value.is_number_integer()) {
        number = value.get<std::int64_t>();
        ok = true;
    } else if (value.is_number_float()) {
        const double wide = value.get<double>();
        ok = std::trunc(wide) == wide && std::abs(wide) < 9e15;  // what a double has exactly
        if (ok) number = static_cast<std::int64_t>(wide);
    } else if (value.is_string()) {
        ok = parse_text(type, value.get_ref<const std::string&>(), number);
    }
    if (!ok) return fail(Kind::invalid, cat(path, " = ", show_json(value), ": ", how_to_write(type)));
    return number;
}

std::string show_number(Type type, std::int64_t number) {
    if (number == 0) return "0";
    for (const auto& unit : units_of(type)) {
        if (unit.factor == 1 || number % unit.factor != 0) continue;
        const auto count = number / unit.factor;
        if (type == Type::duration) return cat(count, unit.name);
        return cat(count, " ", to_upper(unit.name.substr(0, 1)), "iB");
    }
    return type == Type::duration ? cat(number, "s") : cat(number);
}

}  // namespace tayori::plugin

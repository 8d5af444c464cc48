#include "pop3d/grammar/command.h"

#include <charconv>

#include "common/base/text.h"

namespace tayori::pop3 {
namespace {

std::optional<std::uint32_t> number(std::string_view digits) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

}  // namespace

Command split_command(std::string_view line) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return {to_upper(line), ""};
    return {to_upper(line.substr(0, space)), std::string(line.substr(space + 1))};
}

Result<std::uint32_t> parse_message_number(std::string_view argument) {
    const auto value = number(trim(argument));
    if (!value || *value == 0) return fail(Kind::invalid, "A message number is expected.");
    return *value;
}

Result<TopArguments> parse_top(std::string_view argument) {
    argument = trim(argument);
    const auto space = argument.find(' ');
    if (space == std::string_view::npos) return fail(Kind::invalid, "Syntax: TOP message lines");
    const auto message = number(argument.substr(0, space));
    const auto lines = number(trim(argument.substr(space)));
    if (!message || *message == 0 || !lines) return fail(Kind::invalid, "Syntax: TOP message lines");
    return TopArguments{*message, *lines};
}

}  // namespace tayori::pop3

#include "smtpd/grammar/command.h"

#include <charconv>

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

bool is_keyword_char(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool is_value_char(char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > 32 && u != 127 && c != '=';  // esmtp-value (RFC 5321 §4.1.2), with UTF-8 (RFC 6531 §3.3)
}

// The end of `<...>` counted from the opening bracket; quoted local parts may hold brackets.
std::optional<std::size_t> closing_bracket(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') ++i;
        else if (text[i] == '"') quoted = !quoted;
        else if (!quoted && text[i] == '>') return i;
        else if (!quoted && text[i] == '<') return std::nullopt;
    }
    return std::nullopt;
}

Result<std::vector<Parameter>> parse_parameters(std::string_view text) {
    std::vector<Parameter> parameters;
    for (;;) {
        const auto from = text.find_first_not_of(' ');
        if (from == std::string_view::npos) return parameters;
        text.remove_prefix(from);
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        if (parameters.size() == kParametersMax) return fail(Kind::invalid, "Too many parameters.");
        const auto keyword = word.substr(0, word.find('='));
        if (keyword.empty() || keyword[0] == '-') return fail(Kind::invalid, "Malformed parameter.");
        for (char c : keyword)
            if (!is_keyword_char(c)) return fail(Kind::invalid, "Malformed parameter.");
        Parameter parameter{to_upper(keyword), std::nullopt};
        if (keyword.size() < word.size()) {
            const auto value = word.substr(keyword.size() + 1);
            if (value.empty()) return fail(Kind::invalid, "Malformed parameter.");
            for (char c : value)
                if (!is_value_char(c)) return fail(Kind::invalid, "Malformed parameter.");
            parameter.value = value;
        }
        parameters.push_back(std::move(parameter));
    }
}

}  // namespace

Command split_command(std::string_view line) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    const auto verb = line.substr(0, line.find_first_of(" \t"));
    auto rest = line.substr(verb.size());
    const auto from = rest.find_first_not_of(" \t");
    rest = from == std::string_view::npos ? std::string_view{} : rest.substr(from);
    return {to_upper(verb), std::string(rest)};
}

Result<PathArgument> parse_path_argument(std::string_view argument, std::string_view prefix) {
    if (argument.size() < prefix.size() ||
        !equals_ignoring_case(argument.substr(0, prefix.size()), prefix))
        return fail(Kind::invalid, cat("Syntax: ", prefix, "<address>"));
    argument.remove_prefix(prefix.size());
    argument = argument.substr(std::min(argument.find_first_not_of(' '), argument.size()));
    if (argument.empty() || argument[0] != '<')
        return fail(Kind::invalid, cat("Syntax: ", prefix, "<address>"));
    const auto end = closing_bracket(argument);
    if (!end) return fail(Kind::invalid, "Unbalanced angle brackets.");
    auto path = argument.substr(1, *end - 1);
    const auto rest = argument.substr(*end + 1);
    if (!rest.empty() && rest[0] != ' ') return fail(Kind::invalid, "Space expected after the address.");
    // A source route must be accepted and should be ignored (RFC 5321 §4.1.2, appendix C).
    if (path.starts_with('@')) {
        const auto colon = path.find(':');
        if (colon == std::string_view::npos) return fail(Kind::invalid, "Malformed source route.");
        path.remove_prefix(colon + 1);
    }
    auto parameters = parse_parameters(rest);
    if (!parameters) return fail(std::move(parameters.error()));
    return PathArgument{std::string(path), std::move(*parameters)};
}

Result<Chunk> parse_bdat(std::string_view argument) {
    Chunk chunk;
    const auto digits = argument.substr(0, argument.find(' '));
    const auto bytes = parse_number(digits);
    if (!bytes) return fail(Kind::invalid, "Syntax: BDAT size [LAST]");
    chunk.bytes = *bytes;
    const auto rest = trim(argument.substr(digits.size()));
    if (equals_ignoring_case(rest, "LAST")) chunk.last = true;
    else if (!rest.empty()) return fail(Kind::invalid, "Syntax: BDAT size [LAST]");
    return chunk;
}

bool is_acceptable_helo(std::string_view name) {
    if (name.empty() || name.size() > 255) return false;
    for (char c : name) {
        const auto u = static_cast<unsigned char>(c);
        if (u <= 32 || u == 127 || c == '(' || c == ')' || c == '<' || c == '>' || c == '"') return false;
    }
    return true;
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

}  // namespace tayori::smtp

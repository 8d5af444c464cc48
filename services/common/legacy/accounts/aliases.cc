#include "common/legacy/accounts/aliases.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/base/text.h"
#include "common/legacy/lines.h"
#include "common/legacy/names.h"
#include "common/mail/charset.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kMarker = "aliases 1";
constexpr std::string_view kRegistryMarkers[] = {"REGEDIT4",
                                                 "Windows Registry Editor Version 5.00"};

class Aliases {
  public:
    Aliases(std::string_view file, std::string_view domain, Report& report)
        : file_(file), domain_(domain), report_(report) {}

    void add(std::string_view from, std::string_view target, std::uint64_t line) {
        const auto address = account_address_of(from, domain_);
        const auto to = account_address_of(target, domain_);
        if (!address || !to) {
            complain(Severity::refused, line, "not-an-address", address ? target : from);
            return;
        }
        const auto [it, is_new] = index_.try_emplace(*address, aliases_.size());
        if (is_new) aliases_.push_back({*address, {}});
        auto& targets = aliases_[it->second].targets;
        if (std::find(targets.begin(), targets.end(), *to) == targets.end()) targets.push_back(*to);
    }
    void add_list(std::string_view from, std::string_view targets, std::uint64_t line) {
        for (std::size_t at = 0; at <= targets.size();) {
            const auto to = std::min(targets.find_first_of(",;", at), targets.size());
            const auto one = trim_white(targets.substr(at, to - at));
            if (!one.empty()) add(from, one, line);
            at = to + 1;
        }
    }
    void complain(Severity severity, std::uint64_t line, std::string_view code,
                  std::string_view text) {
        report_.add({severity, {}, std::string(file_), line, std::string(code), {verbatim(text)}});
    }
    std::vector<Alias> take() { return std::move(aliases_); }

  private:
    std::string_view file_;
    std::string_view domain_;
    Report& report_;
    std::vector<Alias> aliases_;
    std::unordered_map<std::string, std::size_t> index_;
};

// `"…"` at the head of `text`, which is moved behind it; \\ and \" stand for themselves.
std::optional<std::string> take_quoted(std::string_view& text) {
    if (!text.starts_with('"')) return std::nullopt;
    std::string out;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return out;
        }
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        out += text[i];
    }
    return std::nullopt;
}

class Registry {
  public:
    explicit Registry(Aliases& aliases) : aliases_(aliases) {}

    void line(std::string_view text, std::uint64_t number) {
        text = trim_white(text);
        if (text.empty() || text.front() == ';') return;
        if (text.front() == '[') return open_key(text, number);
        if (key_ == Key::other)
            return aliases_.complain(Severity::note, number, "registry-value", text);
        auto rest = text;
        const auto name = take_quoted(rest);
        if (!name || !rest.starts_with('='))
            return aliases_.complain(Severity::person, number, "registry-value", text);
        rest.remove_prefix(1);
        const auto data = take_quoted(rest);
        if (!data || !rest.empty())
            return aliases_.complain(Severity::person, number, "registry-value", text);
        if (key_ == Key::aliases) return aliases_.add_list(*name, *data, number);
        // A member stands in the name or in the data of its value, beside a number.
        aliases_.add(list_, data->find('@') == std::string::npos ? *name : *data, number);
    }

  private:
    enum class Key { other, aliases, members };

    void open_key(std::string_view text, std::uint64_t number) {
        key_ = Key::other;
        const auto parts = split_fields(text.substr(1, text.find_last_of(']') - 1), '\\');
        const auto n = parts.size();
        if (text.back() != ']' || parts.front().starts_with('-'))
            return aliases_.complain(Severity::person, number, "registry-key", text);
        if (equals_ignoring_case(parts[n - 1], "Aliases")) {
            key_ = Key::aliases;
        } else if (n >= 3 && equals_ignoring_case(parts[n - 1], "Members") &&
                   equals_ignoring_case(parts[n - 3], "Lists")) {
            key_ = Key::members;
            list_ = parts[n - 2];
        } else if (n < 2 || !equals_ignoring_case(parts[n - 2], "Lists")) {
            aliases_.complain(Severity::note, number, "registry-key", text);
        }
    }

    Aliases& aliases_;
    Key key_ = Key::other;
    std::string list_;
};

std::optional<std::string> registry_text(std::string_view bytes) {
    auto text = bytes.starts_with(std::string_view("W\0i\0", 4))
                    ? mail::to_utf8_strict(bytes, "utf-16le")
                    : std::nullopt;
    if (!text && bytes.starts_with("\xff\xfe"))
        text = mail::to_utf8_strict(bytes.substr(2), "utf-16le");
    if (!text && bytes.find('\0') == std::string_view::npos)
        if (auto decoded = decode_utf8_or_cp932(bytes)) text = std::move(decoded->text);
    if (!text) return std::nullopt;
    const auto first = trim_white(std::string_view(*text).substr(0, text->find('\n')));
    const bool known = std::find(std::begin(kRegistryMarkers), std::end(kRegistryMarkers), first) !=
                       std::end(kRegistryMarkers);
    return known ? text : std::nullopt;
}

}  // namespace

Result<std::vector<Alias>> parse_aliases(std::string_view bytes, std::string_view file,
                                         std::string_view domain, Report& report) {
    Aliases aliases(file, domain, report);
    std::uint64_t number = 0;
    if (const auto registry = registry_text(bytes)) {
        Registry reader(aliases);
        for (const auto line : split_lines(*registry))
            if (++number > 1) reader.line(line, number);
        return aliases.take();
    }
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    const auto lines = split_lines(bytes);
    if (lines.empty() || trim_white(lines.front()) != kMarker || !mail::is_valid_utf8(bytes))
        return fail(Kind::invalid,
                    "This is no list of aliases: expected a registry export (.reg), or UTF-8 text "
                    "that begins with the line "
                    "\"aliases 1\".",
                    std::string(file));
    for (const auto line : lines) {
        if (++number == 1 || trim_white(line).empty() || line.front() == '#') continue;
        const auto tab = line.find('\t');
        if (tab == std::string_view::npos)
            aliases.complain(Severity::refused, number, "alias-line", line);
        else
            aliases.add_list(trim_white(line.substr(0, tab)), line.substr(tab + 1), number);
    }
    return aliases.take();
}

}  // namespace tayori::legacy

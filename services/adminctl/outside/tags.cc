#include "adminctl/outside/tags.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

bool is_folding(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_tag_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
bool is_tag_name(std::string_view name) {
    return !name.empty() && is_tag_letter(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
        return is_tag_letter(c) || (c >= '0' && c <= '9') || c == '_';
    });
}

}  // namespace

std::string_view trim_folded(std::string_view text) {
    while (!text.empty() && is_folding(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_folding(text.back())) text.remove_suffix(1);
    return text;
}

std::vector<std::string> split_trimmed(std::string_view text, char separator) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(separator, at), text.size());
        out.emplace_back(trim_folded(text.substr(at, end - at)));
        at = end + 1;
    }
    return out;
}

std::optional<Tags> parse_tags(std::string_view text, std::string& wrong) {
    Tags out;
    auto parts = split_trimmed(text, ';');
    if (parts.back().empty()) parts.pop_back();  // a last ";" is allowed
    for (const auto& part : parts) {
        const auto equals = part.find('=');
        const auto name = trim_folded(std::string_view(part).substr(0, equals));
        if (equals == std::string::npos || !is_tag_name(name) || find_tag(out, name) != nullptr) {
            wrong = part.empty() ? ";;" : part;
            return std::nullopt;
        }
        out.push_back({std::string(name), std::string(trim_folded(std::string_view(part).substr(equals + 1)))});
    }
    return out;
}

const std::string* find_tag(const Tags& tags, std::string_view name) {
    const auto at = std::find_if(tags.begin(), tags.end(), [&](const Tag& tag) { return tag.name == name; });
    return at == tags.end() ? nullptr : &at->value;
}

}  // namespace tayori::admin

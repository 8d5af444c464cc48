#include "adminctl/outside/dkim_record.h"

#include <algorithm>
#include <map>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kDkimStringBytesMax = 255;

using Tags = std::map<std::string, std::string>;

// A tag-list (RFC 6376 §3.2), all white space gone: none of the tags looked at has any of its own.
Tags read_tags(std::string_view record) {
    Tags tags;
    while (!record.empty()) {
        const auto end = std::min(record.find(';'), record.size());
        const auto tag = record.substr(0, end);
        record.remove_prefix(std::min(end + 1, record.size()));
        const auto equals = tag.find('=');
        if (equals == std::string_view::npos) continue;
        std::string value;
        for (const char c : tag.substr(equals + 1))
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n') value += c;
        tags.emplace(trim(tag.substr(0, equals)), std::move(value));
    }
    return tags;
}

std::string tag_or(const Tags& tags, const std::string& name, const std::string& otherwise) {
    const auto found = tags.find(name);
    return found == tags.end() ? otherwise : found->second;
}

// "sha1:sha256" has "sha256", "*" has everything.
bool list_has(std::string_view list, std::string_view wanted) {
    for (;;) {
        const auto end = std::min(list.find(':'), list.size());
        const auto item = list.substr(0, end);
        if (item == "*" || item == wanted) return true;
        if (end == list.size()) return false;
        list.remove_prefix(end + 1);
    }
}

}  // namespace

std::string dkim_zone_lines(std::string_view name, std::string_view record) {
    if (record.size() <= kDkimStringBytesMax) return cat(name, " IN TXT \"", record, "\"\n");
    std::string out = cat(name, " IN TXT (\n");
    for (; !record.empty(); record.remove_prefix(std::min(kDkimStringBytesMax, record.size())))
        append(out, "    \"", record.substr(0, kDkimStringBytesMax), "\"\n");
    out += "    )\n";
    return out;
}

bool same_dkim_key(std::string_view published, std::string_view ours) {
    const auto theirs = read_tags(published);
    const auto own = read_tags(ours);
    const auto key = tag_or(theirs, "p", "");
    return !key.empty() && key == tag_or(own, "p", "") && tag_or(theirs, "k", "rsa") == tag_or(own, "k", "rsa") &&
           tag_or(theirs, "v", "DKIM1") == "DKIM1" && list_has(tag_or(theirs, "h", "*"), "sha256") &&
           list_has(tag_or(theirs, "s", "*"), "email");
}

Published look_up_dkim(Resolver& resolver, std::string_view name, std::string_view record) {
    if (name.ends_with('.')) name.remove_suffix(1);
    Published out;
    auto answer = resolver.ask(std::string(name), DnsType::txt);
    if (!answer && answer.error().kind != Kind::not_found) {
        out.why = std::move(answer.error().text);
        return out;
    }
    if (answer)
        for (auto& found : *answer) out.found.push_back(std::move(found.text));
    if (out.found.empty()) out.verdict = PublishedVerdict::missing;
    // Which of several a verifier takes is not defined (RFC 6376 §3.6.2.2).
    else if (out.found.size() == 1 && same_dkim_key(out.found.front(), record)) out.verdict = PublishedVerdict::same;
    else out.verdict = PublishedVerdict::other;
    return out;
}

}  // namespace tayori::admin

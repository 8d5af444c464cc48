#include "adminctl/outside/dkim_record.h"

#include <algorithm>

#include "adminctl/outside/dkim.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kDkimStringBytesMax = 255;

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
    const auto theirs = parse_dkim_key(published);
    const auto own = parse_dkim_key(ours);
    return theirs.fault == DkimFault::none && theirs.key == own.key && theirs.key_type == own.key_type;
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

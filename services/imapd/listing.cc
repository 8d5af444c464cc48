#include "imapd/listing.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/mailbox_name.h"
#include "common/mail/utf7.h"

namespace tayori::imap {
namespace {

std::string_view special_use_name(v1::SpecialUse use) {
    switch (use) {
        case v1::SPECIAL_USE_ALL:
            return "\\All";
        case v1::SPECIAL_USE_ARCHIVE:
            return "\\Archive";
        case v1::SPECIAL_USE_DRAFTS:
            return "\\Drafts";
        case v1::SPECIAL_USE_FLAGGED:
            return "\\Flagged";
        case v1::SPECIAL_USE_JUNK:
            return "\\Junk";
        case v1::SPECIAL_USE_SENT:
            return "\\Sent";
        case v1::SPECIAL_USE_TRASH:
            return "\\Trash";
        default:
            return "";
    }
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const auto& pattern) { return matches_pattern(pattern, name); });
}

// Calls `each` with every level above the name, nearest first.
template <class Each>
void for_levels_above(std::string_view name, Each each) {
    for (auto at = name.rfind('/'); at != name.npos && at > 0; at = name.rfind('/', at - 1)) {
        each(std::string(name.substr(0, at)));
    }
}

}  // namespace

std::vector<std::string> full_patterns(const ListArgs& args) {
    std::vector<std::string> patterns;
    for (const auto& pattern : args.patterns) {
        // A pattern that begins with the delimiter is from the root on; the reference then counts
        // for nothing.
        const auto joined = pattern.starts_with('/') ? pattern.substr(1) : args.reference + pattern;
        // The wildcards are ordinary characters of modified UTF-7 and come through.
        auto utf8 = mail::utf7_to_utf8(joined);
        if (!utf8) continue;
        const auto first = std::string_view(*utf8).substr(0, utf8->find('/'));
        if (mail::is_inbox(first)) utf8->replace(0, first.size(), "INBOX");
        patterns.push_back(std::move(*utf8));
    }
    return patterns;
}

Listing::Listing(const v1::ListFoldersReply& reply) {
    for (const auto& folder : reply.folders()) {
        auto& entry = entries_[folder.name()];
        entry.folder = &folder;
        entry.subscribed = folder.subscribed();
    }
    // The levels above a name without folder have no folder either; RECURSIVEMATCH may show them.
    for (const auto& name : reply.subscribed_without_folder()) {
        entries_[name].subscribed = true;
        for_levels_above(name, [&](const std::string& level) { entries_.try_emplace(level); });
    }
    for (const auto& [name, entry] : entries_) {
        if (entry.folder == nullptr) continue;
        for_levels_above(name, [&](const std::string& level) {
            const auto above = entries_.find(level);
            if (above != entries_.end()) above->second.has_children = true;
        });
    }
}

bool Listing::leads_to_chosen(const std::string& name, const ListArgs& args,
                              const std::vector<std::string>& patterns) const {
    const auto inside = name + '/';
    for (auto at = entries_.lower_bound(inside);
         at != entries_.end() && at->first.starts_with(inside); ++at) {
        const auto& entry = at->second;
        const bool special =
            entry.folder != nullptr && entry.folder->special_use() != v1::SPECIAL_USE_UNSPECIFIED;
        if (!entry.subscribed || (args.select_special_use && !special)) continue;
        if (!matches_any(patterns, at->first)) return true;  // else it is redundant (RFC 5258 §3.5)
    }
    return false;
}

std::optional<Listing::Line> Listing::describe(const std::string& name, const Entry& entry,
                                               const ListArgs& args,
                                               const std::vector<std::string>& patterns) const {
    const auto use =
        entry.folder == nullptr ? v1::SPECIAL_USE_UNSPECIFIED : entry.folder->special_use();
    bool chosen = true;
    if (args.select_subscribed)
        chosen = entry.subscribed;
    else if (entry.folder == nullptr)
        return {};  // only subscribed: no mailbox
    if (args.select_special_use) chosen = chosen && use != v1::SPECIAL_USE_UNSPECIFIED;
    if (!matches_any(patterns, name)) return {};

    Line line;
    line.child_info = args.recursive_match && leads_to_chosen(name, args, patterns);
    if (!chosen && !line.child_info) return {};
    const auto put = [&](std::string_view attribute) {
        append(line.attributes, line.attributes.empty() ? "" : " ", attribute);
    };
    if (entry.subscribed && (args.select_subscribed || args.return_subscribed)) put("\\Subscribed");
    if (entry.folder == nullptr)
        put("\\NonExistent");
    else if (!entry.folder->selectable())
        put("\\Noselect");
    // Cheap to know, so it is said also where RETURN (CHILDREN) did not ask (RFC 5258 §4 allows
    // it).
    put(entry.has_children ? "\\HasChildren" : "\\HasNoChildren");
    if (use != v1::SPECIAL_USE_UNSPECIFIED) put(special_use_name(use));
    return line;
}

std::map<std::string, std::string> Listing::subscriptions(
    const std::vector<std::string>& patterns) const {
    std::map<std::string, std::string> lines;
    for (const auto& [name, entry] : entries_) {
        if (!entry.subscribed) continue;
        if (matches_any(patterns, name)) {
            lines[name] = entry.folder != nullptr && entry.folder->selectable() ? "" : "\\Noselect";
            continue;
        }
        for_levels_above(name, [&](const std::string& level) {
            const auto above = entries_.find(level);
            const bool subscribed = above != entries_.end() && above->second.subscribed;
            if (!subscribed && matches_any(patterns, level)) lines.try_emplace(level, "\\Noselect");
        });
    }
    return lines;
}

}  // namespace tayori::imap

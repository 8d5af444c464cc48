#include "imapd/listing.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/mailbox_name.h"
#include "common/mail/utf7.h"

namespace tayori::imap {
namespace {

std::string_view special_use_name(v1::SpecialUse use) {
    switch (use) {
        case v1::SPECIAL_USE_ALL: return "\\All";
        case v1::SPECIAL_USE_ARCHIVE: return "\\Archive";
        case v1::SPECIAL_USE_DRAFTS: return "\\Drafts";
        case v1::SPECIAL_USE_FLAGGED: return "\\Flagged";
        case v1::SPECIAL_USE_JUNK: return "\\Junk";
        case v1::SPECIAL_USE_SENT: return "\\Sent";
        case v1::SPECIAL_USE_TRASH: return "\\Trash";
        default: return "";
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
        // A pattern that begins with the delimiter is from the root on; the reference then counts for nothing.
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
    for (const auto& name : reply.subscribed_without_folder()) entries_[name].subscribed = true;
    for (const auto& [name, entry] : entries_) {
        const bool special = entry.folder != nullptr && entry.folder->special_use() != v1::SPECIAL_USE_UNSPECIFIED;
        for_levels_above(name, [&, &child = entry](const std::string& level) {
            auto above = entries_.find(level);
            if (above == entries_.end()) return;
            above->second.has_children = above->second.has_children || child.folder != nullptr;
            above->second.has_subscribed_below = above->second.has_subscribed_below || child.subscribed;
            above->second.has_special_below = above->second.has_special_below || special;
        });
    }
}

std::optional<Listing::Line> Listing::describe(const std::string& name, const Entry& entry, const ListArgs& args,
                                               const std::vector<std::string>& patterns) const {
    const auto use = entry.folder == nullptr ? v1::SPECIAL_USE_UNSPECIFIED : entry.folder->special_use();
    bool chosen = true;
    if (args.select_subscribed) chosen = entry.subscribed;
    else if (entry.folder == nullptr) return {};  // only subscribed: no mailbox
    if (args.select_special_use) chosen = chosen && use != v1::SPECIAL_USE_UNSPECIFIED;
    const bool below = (args.select_subscribed && entry.has_subscribed_below) ||
                       (!args.select_subscribed && args.select_special_use && entry.has_special_below);
    if (!chosen && !(args.recursive_match && below)) return {};
    if (!matches_any(patterns, name)) return {};

    Line line;
    const auto put = [&](std::string_view attribute) {
        append(line.attributes, line.attributes.empty() ? "" : " ", attribute);
    };
    if (entry.subscribed && (args.select_subscribed || args.return_subscribed)) put("\\Subscribed");
    if (entry.folder == nullptr) put("\\NonExistent");
    else if (!entry.folder->selectable()) put("\\Noselect");
    // Cheap to know, so it is said also where RETURN (CHILDREN) did not ask (RFC 5258 §4 allows it).
    put(entry.has_children ? "\\HasChildren" : "\\HasNoChildren");
    if (use != v1::SPECIAL_USE_UNSPECIFIED) put(special_use_name(use));
    line.child_info = args.recursive_match && args.select_subscribed && entry.has_subscribed_below;
    return line;
}

std::map<std::string, std::string> Listing::subscriptions(const std::vector<std::string>& patterns) const {
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

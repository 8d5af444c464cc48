#include "common/legacy/live/naming.h"

#include <utility>

#include "common/base/text.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kUses[] = {"\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"};

}  // namespace

LiveNaming::LiveNaming(std::string prefix, AccountReport& report) : prefix_(std::move(prefix)), report_(report) {
    names_.take_text(std::string(kInbox), {}, report_);
}

std::string LiveNaming::name_of(const std::string& raw, const std::string& delimiter) {
    if (equals_ignoring_case(raw, kInbox)) return std::string(kInbox);
    const auto begin = !prefix_.empty() && raw.starts_with(prefix_) && raw.size() > prefix_.size() ? prefix_.size() : 0;
    auto own = std::string_view(raw).substr(begin);
    while (!delimiter.empty() && own.size() > delimiter.size() && own.ends_with(delimiter))
        own.remove_suffix(delimiter.size());
    const auto key = raw.substr(0, begin + own.size());
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    const auto cut = delimiter.empty() ? std::string_view::npos : own.rfind(delimiter);
    const bool top = cut == std::string_view::npos || cut == 0;
    const auto parent = top ? std::string() : name_of(raw.substr(0, begin + cut), delimiter);
    const auto level = top ? own : own.substr(cut + delimiter.size());
    return known_[key] = names_.take(parent, level, raw, report_);
}

std::string live_special_use(const ListedFolder& folder) {
    for (const auto use : kUses)
        if (folder.has(use)) return std::string(use);
    return {};
}

}  // namespace tayori::legacy

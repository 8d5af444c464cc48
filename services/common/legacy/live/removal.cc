#include "common/legacy/live/removal.h"

#include <algorithm>
#include <set>

#include "common/legacy/live/limits.h"

namespace tayori::legacy {
namespace {

// Of listings, which these sessions only make: no mail is read.
constexpr std::uint64_t kRemovalLiteralBytesMax = 64 * 1024;

Result<std::uint64_t> remove_in_folder(ImapSession& session, const RemovalFolder& folder) {
    auto selected = session.select(folder.raw_name);
    if (!selected) return fail(std::move(selected.error()));
    if (selected->uid_validity != folder.uid_validity) return 0;
    std::uint64_t removed = 0;
    for (std::size_t from = 0; from < folder.uids.size(); from += kLiveUidsPerCommand) {
        const auto begin = folder.uids.begin() + static_cast<std::ptrdiff_t>(from);
        const auto count = std::min(kLiveUidsPerCommand, folder.uids.size() - from);
        const std::vector<std::uint32_t> uids(begin, begin + static_cast<std::ptrdiff_t>(count));
        if (auto marked = session.mark_deleted(uids); !marked) return fail(std::move(marked.error()));
        auto gone = session.expunge(uids);
        if (!gone) return fail(std::move(gone.error()));
        if (*gone == ImapSession::Expunged::yes) removed += uids.size();
    }
    return removed;
}

}  // namespace

Result<std::uint64_t> remove_by_imap(const LinkMaker& make_link, const std::vector<RemovalFolder>& folders) {
    auto link = make_link(LiveProtocol::imap);
    if (!link) return fail(std::move(link.error()));
    ImapSession session(std::move(*link), kRemovalLiteralBytesMax);
    if (auto started = session.start(); !started) return fail(std::move(started.error()));
    std::uint64_t removed = 0;
    for (const auto& folder : folders) {
        auto some = remove_in_folder(session, folder);
        if (!some && some.error().kind == Kind::denied) continue;  // gone, or only to be read
        if (!some) return fail(std::move(some.error()));
        removed += *some;
    }
    session.goodbye();
    return removed;
}

Result<std::uint64_t> remove_by_pop3(const LinkMaker& make_link, const std::vector<std::string>& keys) {
    auto link = make_link(LiveProtocol::pop3);
    if (!link) return fail(std::move(link.error()));
    Pop3Session session(std::move(*link), kRemovalLiteralBytesMax);
    if (auto started = session.start(); !started) return fail(std::move(started.error()));
    auto drop = session.drop();
    if (!drop) return fail(std::move(drop.error()));
    const std::set<std::string> wanted(keys.begin(), keys.end());
    std::uint64_t there = 0;
    for (const auto& line : *drop) {
        if (!wanted.contains(line.key)) continue;
        if (auto marked = session.mark_deleted(line.number); !marked) return fail(std::move(marked.error()));
        ++there;
    }
    if (auto ended = session.commit(); !ended) return fail(std::move(ended.error()));
    return there;
}

}  // namespace tayori::legacy

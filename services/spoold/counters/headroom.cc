// Which folder's UIDs run out first, told of before they do.
#include <cstdio>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/counters/counters.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kHeadroomEveryMs = 3'600'000;

bool runs_low(const v1::FolderCounters& folder) {
    return folder.headroom_percent() < kHeadroomPercentLow ||
           (folder.has_years_left() && folder.years_left() < kHeadroomYearsLow);
}

bool is_less(const v1::FolderCounters& one, const v1::FolderCounters& other) {
    if (runs_low(one) != runs_low(other)) return runs_low(one);
    return one.headroom_percent() < other.headroom_percent();
}

bool is_same(const v1::FolderCounters& one, const std::optional<v1::FolderCounters>& other) {
    return other && one.folder_id() == other->folder_id() && runs_low(*other);
}

std::string percent(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

}  // namespace

void Counters::note_headroom() {
    const auto now_ms = parts_.clock.now_ms();
    if (headroom_seen_ms_ != 0 && now_ms < headroom_seen_ms_ + kHeadroomEveryMs) return;
    std::optional<v1::FolderCounters> least;
    auto listed = list_folders([&least](const v1::FolderCounters& folder) {
        if (!least || is_less(folder, *least)) least = folder;
        return true;
    });
    if (!listed) return log_warn("the headroom of UIDs is not known", {{"error", listed.error().detail}});
    headroom_seen_ms_ = now_ms;
    const auto before = least_headroom();
    if (least && runs_low(*least) && !is_same(*least, before)) {
        log_warn("the UIDs of a folder run low", {{"account", least->address()}, {"folder", least->folder()},
                                                  {"uidnext", least->uid_next()}, {"percent", percent(least->headroom_percent())}});
    }
    std::lock_guard lock(mutex_);
    least_ = std::move(least);
}

std::optional<v1::FolderCounters> Counters::least_headroom() const {
    std::lock_guard lock(mutex_);
    return least_;
}

std::optional<std::string> Counters::headroom_warning() const {
    const auto least = least_headroom();
    if (!least || !runs_low(*least)) return std::nullopt;
    return cat("The UIDs of ", least->folder(), " of ", least->address(), " run low: ", percent(least->headroom_percent()),
               " % are left. At the end the folder is renumbered by itself and clients load it anew; `adminctl folder rename ",
               least->address(), " ", least->folder(), " …` chooses the moment.");
}

}  // namespace tayori::spool

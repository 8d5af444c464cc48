#include "common/legacy/read_ahead.h"

#include <algorithm>
#include <utility>

namespace tayori::legacy {

ReadAhead::ReadAhead(std::vector<std::string> paths, Open open) : paths_(std::move(paths)), open_(std::move(open)) {
    places_.reserve(paths_.size());
    for (std::size_t at = 0; at < paths_.size(); ++at) places_.emplace(paths_[at], at);
    thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    moved_.notify_one();
    thread_.join();
}

OpenFile ReadAhead::reached(std::string_view path) {
    const auto found = places_.find(path);
    if (found == places_.end()) return {};
    const auto place = found->second;
    const std::lock_guard lock(mutex_);
    reached_ = std::max(reached_, place);
    if (next_ <= reached_ + kReadAheadStep) moved_.notify_one();
    auto& slot = opened_[place % kReadAheadFiles];
    return slot.place == place ? std::exchange(slot.file, {}) : OpenFile();
}

void ReadAhead::run() {
    std::unique_lock lock(mutex_);
    while (next_ < paths_.size()) {
        moved_.wait(lock, [&] { return over_ || next_ <= reached_ + kReadAheadStep; });
        for (next_ = std::max(next_, reached_); !over_ && next_ < std::min(paths_.size(), reached_ + kReadAheadFiles); ++next_) {
            // One file may hold many mails.
            if (next_ > 0 && paths_[next_] == paths_[next_ - 1]) continue;
            lock.unlock();
            auto file = open_(paths_[next_]);
            lock.lock();
            opened_[next_ % kReadAheadFiles] = {next_, std::move(file)};
        }
        if (over_) return;
    }
}

}  // namespace tayori::legacy

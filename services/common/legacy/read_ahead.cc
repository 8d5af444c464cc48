#include "common/legacy/read_ahead.h"

#include <algorithm>

namespace tayori::legacy {

ReadAhead::ReadAhead(std::vector<std::string> paths, Ask ask) : paths_(std::move(paths)), ask_(std::move(ask)) {
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

void ReadAhead::reached(std::string_view path) {
    const auto place = places_.find(path);
    if (place == places_.end()) return;
    {
        const std::lock_guard lock(mutex_);
        reached_ = std::max(reached_, place->second);
    }
    moved_.notify_one();
}

void ReadAhead::run() {
    for (std::size_t at = 0; at < paths_.size(); ++at) {
        {
            std::unique_lock lock(mutex_);
            moved_.wait(lock, [&] { return over_ || at < reached_ + kReadAheadFiles; });
            if (over_) return;
            at = std::max(at, reached_);
        }
        // One file may hold many mails.
        if (at == 0 || paths_[at] != paths_[at - 1]) ask_(paths_[at]);
    }
}

}  // namespace tayori::legacy

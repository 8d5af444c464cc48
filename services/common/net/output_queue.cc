#include "common/net/output_queue.h"

#include <algorithm>

namespace tayori::net {

void OutputQueue::put(std::string_view bytes) {
    if (bytes.empty()) return;
    size_ += bytes.size();
    const bool room = chunks_.size() > first_ && chunks_.back().size() + bytes.size() <= kGatherBytes;
    if (room) chunks_.back().append(bytes);
    else chunks_.emplace_back(bytes);
}

void OutputQueue::put(std::string&& bytes) {
    if (bytes.size() <= kCopyMax && chunks_.size() > first_) return put(std::string_view(bytes));
    if (bytes.empty()) return;
    size_ += bytes.size();
    chunks_.push_back(std::move(bytes));
}

std::string_view OutputQueue::front() const {
    if (empty()) return {};
    return std::string_view(chunks_[first_]).substr(at_);
}

int OutputQueue::gather(std::span<iovec> into) const {
    std::size_t n = 0;
    std::size_t skip = at_;
    for (auto i = first_; i < chunks_.size() && n < into.size(); ++i, ++n) {
        // sendmsg() does not write through it, in spite of its type.
        auto* start = const_cast<char*>(chunks_[i].data());
        into[n] = {start + skip, chunks_[i].size() - skip};
        skip = 0;
    }
    return static_cast<int>(n);
}

void OutputQueue::consume(std::size_t bytes) {
    size_ -= bytes;
    at_ += bytes;
    while (first_ < chunks_.size() && at_ >= chunks_[first_].size()) {
        at_ -= chunks_[first_].size();
        chunks_[first_++] = std::string();  // frees a large one at once
    }
    if (first_ == chunks_.size()) {
        clear();
    } else if (first_ > 64 && first_ * 2 > chunks_.size()) {
        chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

void OutputQueue::clear() {
    chunks_.clear();
    if (chunks_.capacity() > 8) chunks_.shrink_to_fit();
    first_ = at_ = size_ = 0;
}

}  // namespace tayori::net

#include "imapd/mirror/sequence_map.h"

#include <algorithm>

namespace tayori::imap {

void SequenceMap::append(Uid uid) {
    ++size_;
    if (!runs_.empty() && last_uid() + 1 == uid) {
        ++runs_.back().count;
        return;
    }
    runs_.push_back({uid, size_, 1});
}

std::size_t SequenceMap::run_of_number(SequenceNumber number) const {
    auto after =
        std::upper_bound(runs_.begin(), runs_.end(), number,
                         [](SequenceNumber n, const Run& run) { return n < run.first_number; });
    return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

std::size_t SequenceMap::run_from(Uid uid) const {
    auto at = std::lower_bound(runs_.begin(), runs_.end(), uid, [](const Run& run, Uid u) {
        return run.first_uid + (run.count - 1) < u;
    });
    return static_cast<std::size_t>(at - runs_.begin());
}

Uid SequenceMap::uid_at(SequenceNumber number) const {
    const auto& run = runs_[run_of_number(number)];
    return run.first_uid + (number - run.first_number);
}

SequenceNumber SequenceMap::find(Uid uid) const {
    const auto at = run_from(uid);
    if (at == runs_.size() || runs_[at].first_uid > uid) return 0;
    return runs_[at].first_number + (uid - runs_[at].first_uid);
}

SequenceNumber SequenceMap::count_in(Uid first, Uid last) const {
    SequenceNumber total = 0;
    for (const auto& range : numbers_of({{first, last}})) total += range.last - range.first + 1;
    return total;
}

NumberSet SequenceMap::numbers_of(const NumberSet& uids) const {
    NumberSet numbers;
    for (const auto& range : uids) {
        for (auto at = run_from(range.first); at < runs_.size(); ++at) {
            const auto& run = runs_[at];
            if (run.first_uid > range.last) break;
            const auto from = std::max(range.first, run.first_uid);
            const auto to = std::min(range.last, run.first_uid + (run.count - 1));
            const auto first = run.first_number + (from - run.first_uid);
            const auto last = run.first_number + (to - run.first_uid);
            if (!numbers.empty() && numbers.back().last + 1 == first)
                numbers.back().last = last;
            else
                numbers.push_back({first, last});
        }
    }
    return numbers;
}

NumberSet SequenceMap::uids_of(const NumberSet& numbers) const {
    NumberSet uids;
    for (const auto& range : numbers) {
        if (range.first > size_) break;
        for (auto at = run_of_number(range.first); at < runs_.size(); ++at) {
            const auto& run = runs_[at];
            if (run.first_number > range.last) break;
            const auto from = std::max(range.first, run.first_number) - run.first_number;
            const auto to = std::min(range.last - run.first_number, run.count - 1);
            const NumberRange next{run.first_uid + from, run.first_uid + to};
            if (!uids.empty() && uids.back().last + 1 == next.first)
                uids.back().last = next.last;
            else
                uids.push_back(next);
        }
    }
    return uids;
}

void SequenceMap::remove(const std::vector<Uid>& uids) {
    if (uids.empty()) return;
    std::vector<Run> kept;
    kept.reserve(runs_.size());
    SequenceNumber number = 1;
    auto gone = uids.begin();
    const auto keep = [&](Uid first, Uid end) {  // [first, end)
        if (first == end) return;
        kept.push_back({first, number, end - first});
        number += end - first;
    };
    for (const auto& run : runs_) {
        Uid first = run.first_uid;
        const Uid end = run.first_uid + run.count;
        for (; gone != uids.end() && *gone < end; ++gone) {
            keep(first, *gone);
            first = *gone + 1;
        }
        keep(first, end);
    }
    size_ = number - 1;
    runs_ = std::move(kept);
}

void SequenceMap::clear() {
    runs_.clear();
    size_ = 0;
}

}  // namespace tayori::imap

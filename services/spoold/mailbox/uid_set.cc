#include "spoold/mailbox/uid_set.h"

#include <algorithm>

#include "spoold/mailbox/limits.h"

namespace tayori::spool {

Result<UidSet> UidSet::of(const Wire& wire) {
    UidSet set;
    if (static_cast<std::size_t>(wire.size()) > kUidRangesMax) {
        return fail(Kind::invalid, "Too many message numbers in one command.");
    }
    set.ranges_.reserve(static_cast<std::size_t>(wire.size()));
    for (const auto& range : wire) {
        if (range.first() == 0 || range.last() < range.first()) {
            return fail(Kind::invalid, "Bad range of UIDs.");
        }
        set.ranges_.push_back({range.first(), range.last()});
    }
    set.tidy();
    return set;
}

void UidSet::tidy() {
    const auto less = [](const Range& a, const Range& b) { return a.first < b.first; };
    if (!std::is_sorted(ranges_.begin(), ranges_.end(), less)) {
        std::sort(ranges_.begin(), ranges_.end(), less);
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        const auto range = ranges_[i];
        if (kept > 0 && range.first - 1 <= ranges_[kept - 1].last) {
            ranges_[kept - 1].last = std::max(ranges_[kept - 1].last, range.last);
        } else {
            ranges_[kept++] = range;
        }
    }
    ranges_.resize(kept);
}

UidSet UidSet::united(const std::vector<UidSet>& sets) {
    UidSet all;
    for (const auto& set : sets) all.ranges_.insert(all.ranges_.end(), set.ranges_.begin(), set.ranges_.end());
    all.tidy();
    return all;
}

std::uint64_t UidSet::size() const {
    std::uint64_t n = 0;
    for (const auto& range : ranges_) n += std::uint64_t{range.last} - range.first + 1;
    return n;
}

bool UidSet::contains(Uid uid) const {
    auto at = std::lower_bound(ranges_.begin(), ranges_.end(), uid,
                               [](const Range& range, Uid u) { return range.last < u; });
    return at != ranges_.end() && at->first <= uid;
}

UidSet UidSet::complement(Uid first, Uid last) const {
    UidSet missing;
    std::uint64_t next = first;
    for (const auto& range : ranges_) {
        if (range.last < next) continue;
        if (range.first > last) break;
        if (range.first > next) missing.ranges_.push_back({static_cast<Uid>(next), range.first - 1});
        next = std::uint64_t{range.last} + 1;
    }
    if (next <= last) missing.ranges_.push_back({static_cast<Uid>(next), last});
    return missing;
}

UidSet UidSet::after(Uid uid) const {
    UidSet rest;
    for (const auto& range : ranges_) {
        if (range.last > uid) rest.ranges_.push_back({std::max(range.first, uid + 1), range.last});
    }
    return rest;
}

void UidSet::write(std::string& out) const {
    put_varint(out, ranges_.size());
    Uid at = 0;
    for (const auto& range : ranges_) {
        put_varint(out, range.first - at);
        put_varint(out, range.last - range.first);
        at = range.last;
    }
}

bool UidSet::read(Reader& in, UidSet& out) {
    out.ranges_.clear();
    const auto count = in.varint();
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        const auto first = at + in.varint32();
        const auto last = first + in.varint32();
        if (last > UINT32_MAX) return false;
        out.ranges_.push_back({static_cast<Uid>(first), static_cast<Uid>(last)});
        at = last;
    }
    return in.ok();
}

}  // namespace tayori::spool

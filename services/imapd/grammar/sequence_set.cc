#include "imapd/grammar/sequence_set.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::imap {
namespace {

Result<std::uint32_t> parse_number(Cursor& cursor) {
    if (cursor.accept('*')) return SequenceSet::kStar;
    return cursor.nz_number();
}

}  // namespace

Result<SequenceSet> parse_sequence_set(Cursor& cursor) {
    SequenceSet set;
    do {
        auto a = parse_number(cursor);
        if (!a) return fail(std::move(a.error()));
        auto b = a;
        if (cursor.accept(':')) b = parse_number(cursor);
        if (!b) return fail(std::move(b.error()));
        set.items.push_back({*a, *b});
    } while (cursor.accept(','));
    return set;
}

NumberSet SequenceSet::resolve(std::uint32_t largest) const {
    NumberSet set;
    set.reserve(items.size());
    for (auto [a, b] : items) {
        if (a == kStar) a = largest;
        if (b == kStar) b = largest;
        if (a == 0 || b == 0) continue;  // "*" where nothing is
        set.push_back({std::min(a, b), std::max(a, b)});
    }
    normalize(set);
    return set;
}

void normalize(NumberSet& set) {
    std::sort(set.begin(), set.end(),
              [](const NumberRange& x, const NumberRange& y) { return x.first < y.first; });
    std::size_t kept = 0;
    for (const auto range : set) {
        const bool joins = kept > 0 && (range.first <= set[kept - 1].last ||
                                        range.first == set[kept - 1].last + 1);
        if (joins)
            set[kept - 1].last = std::max(set[kept - 1].last, range.last);
        else
            set[kept++] = range;
    }
    set.resize(kept);
}

bool contains(const NumberSet& set, std::uint32_t number) {
    auto after =
        std::upper_bound(set.begin(), set.end(), number,
                         [](std::uint32_t n, const NumberRange& r) { return n < r.first; });
    return after != set.begin() && std::prev(after)->last >= number;
}

std::uint64_t count(const NumberSet& set) {
    std::uint64_t total = 0;
    for (const auto& range : set) total += std::uint64_t{range.last} - range.first + 1;
    return total;
}

void add(NumberSet& set, std::uint32_t number) {
    if (!set.empty() && set.back().last + 1 == number)
        set.back().last = number;
    else
        set.push_back({number, number});
}

void append_set(std::string& out, const NumberSet& set) {
    bool first = true;
    for (const auto& range : set) {
        if (!first) out.push_back(',');
        first = false;
        append(out, range.first);
        if (range.last != range.first) append(out, ':', range.last);
    }
}

}  // namespace tayori::imap

#include "common/legacy/mh/sequences.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy::mh {
namespace {

constexpr std::size_t kRangesMax = 1'000'000;  // of one file

// "3" or "3-5"
bool parse_range(std::string_view word, Ranges& ranges) {
    const bool is_range = word.find('-') != std::string_view::npos;
    const auto from = decimal<std::uint64_t>(take_word(word, '-'));
    const auto to = is_range ? decimal<std::uint64_t>(word) : from;
    if (!from || !to || *to < *from) return false;
    ranges.emplace_back(*from, *to);
    return true;
}

Ranges joined(Ranges ranges) {
    std::sort(ranges.begin(), ranges.end());
    Ranges out;
    for (const auto& range : ranges) {
        if (!out.empty() && range.first <= out.back().second) out.back().second = std::max(out.back().second, range.second);
        else out.push_back(range);
    }
    return out;
}

}  // namespace

bool Sequences::has(std::string_view name, std::uint64_t number) const {
    const auto at = by_name.find(name);
    if (at == by_name.end()) return false;
    const auto& ranges = at->second;
    const auto behind = std::upper_bound(ranges.begin(), ranges.end(), number,
                                         [](std::uint64_t n, const auto& range) { return n < range.first; });
    return behind != ranges.begin() && number <= std::prev(behind)->second;
}

Sequences parse_sequences(std::string_view text) {
    Sequences out;
    TextLines lines(text);
    std::size_t count = 0;
    for (std::string_view line; lines.next(line);) {
        if (trim(line).empty()) continue;
        const auto colon = line.find(':');
        const auto name = trim(line.substr(0, colon));
        bool good = colon != std::string_view::npos && !name.empty();
        auto rest = good ? line.substr(colon + 1) : std::string_view{};
        while (good && !rest.empty()) {
            const auto word = trim(take_word(rest));
            if (word.empty()) continue;
            good = ++count <= kRangesMax && parse_range(word, out.by_name[std::string(name)]);
        }
        if (!good) out.bad_lines.push_back(lines.number());
    }
    for (auto& [name, ranges] : out.by_name) ranges = joined(std::move(ranges));
    return out;
}

}  // namespace tayori::legacy::mh

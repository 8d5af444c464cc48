#include "common/plugin/near_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/text.h"

namespace tayori::plugin {
namespace {

constexpr std::size_t kNearBytesMax = 64;  // what is longer is near to nothing
constexpr std::size_t kNamesShownMax = 30;

// How many characters have to be changed, added or left out.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

bool is_near(std::string_view wanted, std::string_view known) {
    const auto changes = known.size() <= 4 ? 1U : 2U;
    return edit_distance(wanted, known) <= changes || (wanted.size() >= 4 && (known.starts_with(wanted) || wanted.starts_with(known)));
}

}  // namespace

std::string either(std::span<const std::string_view> names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i == kNamesShownMax) return cat(out, " …");
        append(out, i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
    }
    return out;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
    if (known.empty()) return {};
    const auto wanted = to_lower(name.substr(0, kNearBytesMax));
    std::string near;
    for (const auto one : known) {
        if (is_near(wanted, to_lower(one.substr(0, kNearBytesMax)))) append(near, near.empty() ? "" : " or ", "`", one, "`");
    }
    return near.empty() ? cat("write ", either(known)) : cat("did you mean ", near, "?");
}

}  // namespace tayori::plugin

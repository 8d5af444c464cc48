#include "adminctl/verdicts.h"

#include <algorithm>

#include "adminctl/table.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kWordCells = 8;

}  // namespace

void verdict_line(std::string& out, std::string_view word, std::string_view rest) {
    const auto width = display_width(word);
    append(out, word, std::string(width < kWordCells ? kWordCells - width : 1, ' '), printable(rest), "\n");
}

void verdict_detail(std::string& out, std::string_view title, std::string_view text) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        append(out, std::string(kWordCells, ' '), title, printable(text.substr(0, end)), "\n");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace tayori::admin

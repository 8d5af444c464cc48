#include "adminctl/table.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kGap = "  ";

// The character at `at`, which moves behind it; negative for what is no UTF-8.
UChar32 next(std::string_view text, std::size_t& at) {
    UChar32 c = 0;
    auto i = static_cast<std::int32_t>(at);
    U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data()), i, static_cast<std::int32_t>(text.size()), c);
    at = static_cast<std::size_t>(i);
    return c;
}

std::size_t width_of(UChar32 c) {
    if (c < 0) return 1;
    const auto type = u_charType(c);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
    const auto east_asian = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    return east_asian == U_EA_WIDE || east_asian == U_EA_FULLWIDTH ? 2 : 1;
}

bool is_harmless(UChar32 c) {
    if (c < 0) return false;
    // Besides controls: what turns the direction of writing can make an address look like another.
    const auto type = u_charType(c);
    return type != U_CONTROL_CHAR && type != U_LINE_SEPARATOR && type != U_PARAGRAPH_SEPARATOR &&
           !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) width += width_of(next(text, at));
    return width;
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto begin = at;
        if (is_harmless(next(text, at))) out.append(text.substr(begin, at - begin));
        else out.push_back('?');
    }
    return out;
}

std::string printable_lines(std::string_view text) {
    std::string out;
    for (;;) {
        const auto end = text.find('\n');
        out += printable(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        out.push_back('\n');
        text.remove_prefix(end + 1);
    }
}

std::string shortened(std::string_view text, std::size_t cells_max) {
    if (display_width(text) <= cells_max) return std::string(text);
    std::size_t width = 0;
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size(); end = at) {
        width += width_of(next(text, at));
        if (width + 1 > cells_max) break;
    }
    return cat(text.substr(0, end), "\u2026");
}

void Table::column(std::string title, Align align) { columns_.push_back({std::move(title), align}); }

void Table::row(std::vector<std::string> cells) {
    for (auto& cell : cells) cell = printable(cell);
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (const auto& column : columns_) widths.push_back(display_width(column.title));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
    std::string out;
    const auto line = [&](const auto& cell_at) {
        std::string text;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& cell = cell_at(i);
            const std::string blanks(widths[i] - display_width(cell), ' ');
            if (i != 0) text.append(kGap);
            if (columns_[i].align == Align::right) text.append(blanks).append(cell);
            else text.append(cell).append(blanks);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        append(out, text, '\n');
    };
    line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
    for (const auto& row : rows_) line([&](std::size_t i) -> const std::string& { return row[i]; });
    return out;
}

}  // namespace tayori::admin

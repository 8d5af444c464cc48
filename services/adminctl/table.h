// Tables for people. Columns line up in terminals with Japanese text, where a character may take two cells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tayori::admin {

// Cells that a terminal takes for UTF-8 text: wide characters two, combining ones none.
std::size_t display_width(std::string_view text);
// Text from mails and accounts as it may be shown: control characters, which could command the terminal, become "?".
std::string printable(std::string_view text);
// With its lines as they are.
std::string printable_lines(std::string_view text);
// At most so many cells, with "…" where something is missing.
std::string shortened(std::string_view text, std::size_t cells_max);

enum class Align { left, right };

class Table {
  public:
    void column(std::string title, Align align = Align::left);
    void row(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }
    // With titles, two spaces between columns, and none at the ends of lines.
    std::string text() const;

  private:
    struct Column {
        std::string title;
        Align align;
    };
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace tayori::admin

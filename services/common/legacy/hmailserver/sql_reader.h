// The rows that a database dump inserts, one by one. Memory is bounded by one row.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::legacy::hmailserver {

inline constexpr std::size_t kSqlValueBytesMax = 1024 * 1024;  // of one string; the rest of it is cut off
inline constexpr std::size_t kSqlColumnsMax = 200;             // of one table

using SqlValue = std::optional<std::string>;  // nothing: NULL

struct SqlRow {
    std::string table;  // lower case
    std::vector<std::string> columns;  // lower case; empty where the dump does not name them
    std::vector<SqlValue> values;
};

// feed() as often as there are bytes, then finish(). Understands `INSERT [INTO] t [(columns)] VALUES (…), (…);` with MySQL's and SQL
// Server's quoting, CAST(… AS …), and takes column names from CREATE TABLE where an INSERT has none. All else is read over.
class SqlReader {
  public:
    explicit SqlReader(std::function<void(const SqlRow&)> take) : take_(std::move(take)) {}
    void feed(std::string_view bytes);
    void finish();

  private:
    enum class Encoding : std::uint8_t { unknown, bytes, utf16le };
    enum class Lex : std::uint8_t { plain, word, text, text_quote, text_escape, name, line_comment, block_comment, block_star };
    enum class Token : std::uint8_t { word, text, name, symbol };
    enum class Parse : std::uint8_t { idle, insert, columns, values, row, create, create_body };

    void take_unit(std::uint16_t unit);
    void take_bytes(std::string_view bytes);
    void take(char c);
    void take_plain(char c);
    bool take_in_word(char c);
    void take_in_text(char c);
    void keep(char c);
    void token(Token kind);
    void token_in_insert(Token kind);
    void token_in_row(Token kind);
    void token_in_create(Token kind);
    void end_row();

    std::function<void(const SqlRow&)> take_;
    Encoding encoding_ = Encoding::unknown;
    std::string head_;            // of the file, until its encoding is known
    std::optional<char> half_;    // of a UTF-16 unit
    std::uint16_t high_ = 0;      // surrogate

    Lex lex_ = Lex::plain;
    Lex before_comment_ = Lex::plain;
    char name_end_ = '`';
    char previous_ = 0;
    bool backslash_ = false;  // MySQL's escapes
    std::string text_;        // of the token

    Parse parse_ = Parse::idle;
    std::size_t depth_ = 0;
    SqlRow row_;
    bool value_set_ = false;
    SqlValue value_;
    bool element_begins_ = false;
    std::map<std::string, std::vector<std::string>> created_;  // columns by table
};

}  // namespace tayori::legacy::hmailserver

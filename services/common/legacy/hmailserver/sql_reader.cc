#include "common/legacy/hmailserver/sql_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/mail/utf8.h"

namespace tayori::legacy::hmailserver {
namespace {

constexpr std::size_t kTablesMax = 1000;
// What begins an element of CREATE TABLE that is no column.
constexpr std::array<std::string_view, 9> kNoColumns = {"PRIMARY", "KEY", "UNIQUE", "CONSTRAINT", "INDEX", "FULLTEXT", "CHECK", "FOREIGN", "SPATIAL"};

bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '@' ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

char mysql_escape(char c) {
    switch (c) {
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case '0': return '\0';
        case 'b': return '\b';
        case 'Z': return '\x1a';
        default: return c;
    }
}

}  // namespace

void SqlReader::feed(std::string_view bytes) {
    if (encoding_ == Encoding::unknown) {
        head_.append(bytes);
        if (head_.size() < 3) return;
        const auto head = std::exchange(head_, {});
        std::string_view rest = head;
        encoding_ = rest.starts_with("\xff\xfe") ? Encoding::utf16le : Encoding::bytes;
        if (encoding_ == Encoding::utf16le) rest.remove_prefix(2);
        else if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);
        return take_bytes(rest);
    }
    take_bytes(bytes);
}

void SqlReader::take_bytes(std::string_view bytes) {
    if (encoding_ == Encoding::bytes) {
        for (const char c : bytes) take(c);
        return;
    }
    for (const char c : bytes) {
        if (!half_) {
            half_ = c;
            continue;
        }
        const auto low = static_cast<unsigned char>(*std::exchange(half_, std::nullopt));
        take_unit(static_cast<std::uint16_t>(low | static_cast<unsigned char>(c) << 8));
    }
}

void SqlReader::take_unit(std::uint16_t unit) {
    if (unit >= 0xd800 && unit < 0xdc00) {
        high_ = unit;
        return;
    }
    char32_t c = unit;
    const auto high = std::exchange(high_, std::uint16_t{0});
    if (unit >= 0xdc00 && unit < 0xe000)
        c = high != 0 ? 0x10000 + (static_cast<char32_t>(high - 0xd800) << 10) + (unit - 0xdc00u) : 0xfffd;
    std::string utf8;
    mail::append_utf8(utf8, c);
    for (const char byte : utf8) take(byte);
}

void SqlReader::finish() {
    if (encoding_ == Encoding::unknown) {
        encoding_ = Encoding::bytes;
        take_bytes(std::exchange(head_, {}));
    }
    take('\n');
}

void SqlReader::keep(char c) {
    if (text_.size() < kSqlValueBytesMax) text_ += c;
}

void SqlReader::take(char c) {
    switch (lex_) {
        case Lex::plain: take_plain(c); break;
        case Lex::word:
            if (!take_in_word(c)) take_plain(c);
            break;
        case Lex::text:
        case Lex::text_quote:
        case Lex::text_escape: take_in_text(c); break;
        case Lex::name:
            if (c != name_end_) {
                keep(c);
                break;
            }
            backslash_ = name_end_ == '`' || (backslash_ && name_end_ != ']');
            lex_ = Lex::plain;
            token(Token::name);
            break;
        case Lex::line_comment:
            if (c == '\n') lex_ = Lex::plain;
            break;
        case Lex::block_comment:
            if (c == '*') lex_ = Lex::block_star;
            break;
        case Lex::block_star: lex_ = c == '/' ? Lex::plain : c == '*' ? Lex::block_star : Lex::block_comment; break;
    }
    previous_ = c;
}

// False: the word has ended before this character.
bool SqlReader::take_in_word(char c) {
    if (is_word_char(c) || (c == '.' && is_digit(text_.front()))) {
        keep(c);
        return true;
    }
    lex_ = Lex::plain;
    if (c == '\'' && (text_ == "N" || text_ == "n")) text_.clear();  // N'…'
    else token(Token::word);
    return false;
}

void SqlReader::take_in_text(char c) {
    if (lex_ == Lex::text_escape) {
        keep(mysql_escape(c));
        lex_ = Lex::text;
    } else if (lex_ == Lex::text_quote) {
        lex_ = Lex::text;
        if (c == '\'') return keep(c);  // '' is one quote
        lex_ = Lex::plain;
        token(Token::text);
        take_plain(c);
    } else if (c == '\'') {
        lex_ = Lex::text_quote;
    } else if (c == '\\' && backslash_) {
        lex_ = Lex::text_escape;
    } else {
        keep(c);
    }
}

void SqlReader::take_plain(char c) {
    const auto begin = [&](Lex lex) {
        lex_ = lex;
        text_.clear();
    };
    if (c == '\'') return begin(Lex::text);
    if (c == '`' || c == '"' || c == '[') {
        name_end_ = c == '[' ? ']' : c;
        return begin(Lex::name);
    }
    if (c == '-' && previous_ == '-') return begin(Lex::line_comment);
    if (c == '*' && previous_ == '/') return begin(Lex::block_comment);
    if (c == '#' && backslash_) return begin(Lex::line_comment);
    if (is_word_char(c)) {
        begin(Lex::word);
        if (previous_ == '-' && is_digit(c)) keep('-');
        return keep(c);
    }
    if (is_space(c) || c == '-' || c == '/') return;
    text_.assign(1, c);
    token(Token::symbol);
}

void SqlReader::token(Token kind) {
    const auto is = [&](std::string_view word) { return kind == Token::word && equals_ignoring_case(text_, word); };
    if (kind == Token::symbol && text_ == ";") {
        parse_ = Parse::idle;
        depth_ = 0;
        return;
    }
    switch (parse_) {
        case Parse::idle:
            if (is("INSERT")) {
                parse_ = Parse::insert;
                row_ = {};
            } else if (is("CREATE")) {
                parse_ = Parse::create;
                row_ = {};
            }
            break;
        case Parse::insert:
        case Parse::columns: token_in_insert(kind); break;
        case Parse::values:
            if (kind == Token::symbol && text_ == "(") {
                parse_ = Parse::row;
                depth_ = 1;
                row_.values.clear();
                value_set_ = false;
            } else if (kind == Token::word) {  // SQL Server ends a statement with the next one, or GO
                parse_ = Parse::idle;
                token(kind);
            }
            break;
        case Parse::row: token_in_row(kind); break;
        case Parse::create:
        case Parse::create_body: token_in_create(kind); break;
    }
}

// INSERT INTO [dbo].[hm_messages] ([a], [b]) VALUES
void SqlReader::token_in_insert(Token kind) {
    const bool symbol = kind == Token::symbol;
    if (parse_ == Parse::columns) {
        if (symbol && text_ == ")") parse_ = Parse::insert;
        else if (!symbol && row_.columns.size() < kSqlColumnsMax) row_.columns.push_back(to_lower(text_));
    } else if (symbol && text_ == "(") {
        parse_ = Parse::columns;
    } else if (kind == Token::word && equals_ignoring_case(text_, "VALUES")) {
        parse_ = Parse::values;
        if (const auto at = created_.find(row_.table); row_.columns.empty() && at != created_.end()) row_.columns = at->second;
    } else if (kind == Token::word && equals_ignoring_case(text_, "SELECT")) {
        parse_ = Parse::idle;
    } else if (kind == Token::name || (kind == Token::word && !equals_ignoring_case(text_, "INTO") && !equals_ignoring_case(text_, "IGNORE"))) {
        row_.table = to_lower(text_);
    }
}

void SqlReader::token_in_row(Token kind) {
    if (kind == Token::symbol) {
        const char c = text_[0];
        if (c == '(') ++depth_;
        else if (c == ')' && --depth_ == 0) end_row();
        else if (c == ',' && depth_ == 1) {
            if (row_.values.size() < kSqlColumnsMax) row_.values.push_back(std::exchange(value_, std::nullopt));
            value_set_ = false;
        }
        return;
    }
    // Of CAST(N'…' AS DateTime) the string counts, or what follows CAST.
    const bool is_null = kind == Token::word && equals_ignoring_case(text_, "NULL");
    const bool is_call = kind == Token::word && (equals_ignoring_case(text_, "CAST") || equals_ignoring_case(text_, "CONVERT"));
    if (is_null || is_call || (value_set_ && kind != Token::text)) return;
    value_ = text_;
    value_set_ = true;
}

void SqlReader::end_row() {
    if (row_.values.size() < kSqlColumnsMax) row_.values.push_back(std::exchange(value_, std::nullopt));
    value_.reset();
    value_set_ = false;
    parse_ = Parse::values;
    take_(row_);
    row_.values.clear();
}

// CREATE TABLE `hm_messages` ( `messageid` bigint NOT NULL, …, PRIMARY KEY (`messageid`) )
void SqlReader::token_in_create(Token kind) {
    if (parse_ == Parse::create) {
        if (kind == Token::symbol && text_ == "(") {
            parse_ = Parse::create_body;
            depth_ = 1;
            element_begins_ = true;
        } else if (kind != Token::symbol) {
            row_.table = to_lower(text_);
        }
        return;
    }
    if (kind != Token::symbol) {
        const bool other = kind == Token::word && std::any_of(kNoColumns.begin(), kNoColumns.end(),
                                                              [&](auto word) { return equals_ignoring_case(text_, word); });
        if (std::exchange(element_begins_, false) && !other && row_.columns.size() < kSqlColumnsMax)
            row_.columns.push_back(to_lower(text_));
        return;
    }
    if (text_ == "(") ++depth_;
    else if (text_ == ")" && --depth_ == 0) {
        if (created_.size() < kTablesMax) created_[row_.table] = std::move(row_.columns);
        row_.columns.clear();
        parse_ = Parse::idle;
    } else if (text_ == "," && depth_ == 1) {
        element_begins_ = true;
    }
}

}  // namespace tayori::legacy::hmailserver

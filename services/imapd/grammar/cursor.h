// Tokens of IMAP (RFC 3501 §9) out of a whole command. Literals stand in the text as they came:
// "{5}\r\nhello". No I/O, no recursion, never reads past the end. Errors are `invalid` with a text
// for the client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::imap {

bool is_atom_char(char c);
bool is_astring_char(char c);  // atom characters and "]"
bool is_list_char(char c);     // and the wildcards of LIST

class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool at_end() const { return at_ == text_.size(); }
    char peek() const { return at_end() ? '\0' : text_[at_]; }
    std::string_view rest() const { return text_.substr(at_); }
    std::size_t position() const { return at_; }
    void seek(std::size_t at) { at_ = at; }

    bool accept(char c);
    // The word, any case, not followed by another atom character.
    bool accept_word(std::string_view word);
    Result<void> expect(char c);
    Result<void> space() { return expect(' '); }

    Result<std::string_view> atom();
    Result<std::string> quoted();
    Result<std::string> string();  // quoted or literal
    Result<std::string> astring();
    Result<std::string> list_mailbox();  // what LIST takes as a pattern
    bool accept_nil();

    Result<std::uint32_t> number();  // 0 to 2^32-1
    Result<std::uint32_t> nz_number();
    Result<std::uint64_t> number64();  // 63 bits: modification sequences (RFC 7162 §7)

  private:
    Result<std::string> literal();
    std::string_view run(bool (*is)(char));
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace tayori::imap

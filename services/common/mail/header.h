// Header fields, seen through a string_view: nothing is copied. Bare LF, NUL, lines without a colon
// and a missing blank line are ordinary here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tayori::mail {

struct Field {
    std::string_view name;   // empty for a line without a colon
    std::string_view value;  // behind the colon, still folded, without the last line end
    std::string_view raw;    // everything, with its line end
};

// Goes over the fields of a header. Ends at a blank line or at the end of the view.
//
//   Fields fields(header);
//   while (auto field = fields.next()) …
class Fields {
  public:
    explicit Fields(std::string_view header) : rest_(header) {}
    std::optional<Field> next();

  private:
    std::string_view rest_;
};

// What a line within a header is. A line that is neither is text: where the blank line is missing,
// the body has begun.
enum class HeaderLine { field, continuation, blank, other };
HeaderLine classify_header_line(std::string_view line);

// Tells line by line where a header ends. A line that is no field is taken for one wrapped without
// a leading space if a field follows, else it and all behind it are the body, whose blank line is
// missing.
class HeaderEnd {
  public:
    enum class Verdict {
        header,       // this line belongs to the header, and with it a doubtful one before
        doubtful,     // the next line will tell
        end_behind,   // the blank line: the body begins behind it
        end_before,   // the body begins with this line
        end_earlier,  // the body began with the doubtful line before this one
    };
    Verdict push(std::string_view line);
    bool in_doubt() const { return in_doubt_; }

  private:
    bool first_ = true;
    bool continuable_ = false;
    bool in_doubt_ = false;
};

// The first field of this name (any case), still folded.
std::optional<std::string_view> find_field(std::string_view header, std::string_view name);

// Without folding and NUL, surrounding white space trimmed: CRLF before white space goes (RFC 5322
// §2.2.3), other line ends become a space. At most kFieldBytesMax are looked at.
std::string unfold(std::string_view value);

// Bytes of the header at the head of `message`, with its blank line where there is one.
std::size_t header_bytes(std::string_view message);

enum class FieldChoice { only, all_but };
// FETCH BODY[HEADER.FIELDS (…)] and HEADER.FIELDS.NOT: the fields byte for byte, then a blank line
// (RFC 3501 §6.4.5). `prefix` holds lines that stand in front of the header, and takes part.
std::string choose_fields(std::string_view prefix, std::string_view header,
                          std::span<const std::string> names, FieldChoice choice);

}  // namespace tayori::mail

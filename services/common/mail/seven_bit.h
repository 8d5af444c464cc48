// A mail with octets above 127 made one of 7 bits, for a server that doesn't offer 8BITMIME (RFC 6152 §3): bodies that are not
// encoded yet become quoted-printable where they are text, else base64. In one pass, memory bounded whatever the size.
//
// Not possible, and then nothing of the output may be used: octets above 127 in a header, or where RFC 2046 §5.2 allows no
// encoding (message/partial, delivery reports). A signature over the MIME form does not outlive it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tayori::mail {

// Text whose line ends stay, in quoted-printable (RFC 2045 §6.7).
class QuotedPrintableEncoder {
  public:
    void feed(std::string_view text, std::string& out);  // without line ends
    void end_line(std::string& out);                     // what ends the line is the caller's
  private:
    void put(std::string_view piece, std::string& out);
    std::size_t column_ = 0;
    char held_ = '\0';  // white space that may end its line
};

// Bytes in lines of 76 characters (RFC 2045 §6.8).
class Base64Encoder {
  public:
    void feed(std::string_view bytes, std::string& out);
    void finish(std::string& out);  // with the last line's end

  private:
    std::string held_;
};

class SevenBitEncoder {
  public:
    void feed(std::string_view bytes, std::string& out);
    void finish(std::string& out);  // once
    bool impossible() const { return impossible_; }

  private:
    enum class Body { as_is, quoted_printable, base64 };
    void take_line(std::string_view line, std::string& out);
    void body_line(std::string_view text, std::string& out);
    void end_header(std::string& out);
    void end_leaf(std::string& out);
    bool take_delimiter(std::string_view text, std::string& out);
    void check_seven_bit(std::string_view text);

    std::string line_;             // that is not whole yet
    bool long_line_ = false;       // its beginning has been taken already
    bool in_header_ = true;
    bool root_ = true;
    std::string header_;           // of the entity that is read
    std::vector<std::string> boundaries_;  // of the multiparts that are open, with "--"
    Body body_ = Body::as_is;
    bool line_end_due_ = false;    // before the next line of a body: it may belong to a delimiter
    QuotedPrintableEncoder quoted_;
    Base64Encoder base64_;
    bool impossible_ = false;
};

}  // namespace tayori::mail

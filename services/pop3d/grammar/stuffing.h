// Byte-stuffing of multi-line replies (RFC 1939 §3), in pieces; and the cut that TOP makes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tayori::pop3 {

class DotStuffer {
  public:
    // Appends `bytes` to `out`, with a "." before each "." that begins a line.
    void feed(std::string_view bytes, std::string& out);
    // The final ".", after the CRLF that the text may lack.
    void finish(std::string& out);

  private:
    char last_ = '\n';         // the byte before the next one; the text begins a line
    char before_last_ = '\r';
};

// Passes the header, the empty line and `lines` lines of the body (RFC 1939 §7, TOP).
class TopCutter {
  public:
    explicit TopCutter(std::uint32_t lines) : lines_left_(lines) {}
    // What of `bytes` belongs to it.
    std::string_view take(std::string_view bytes);
    bool done() const { return done_; }

  private:
    std::uint64_t lines_left_;
    bool in_body_ = false;
    bool line_is_empty_ = true;
    bool done_ = false;
};

}  // namespace tayori::pop3

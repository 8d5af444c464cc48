// The text after DATA: finds its end, removes dot-stuffing, and judges line ends (RFC 5321 §4.1.1.4, §4.5.2).
//
// Only <CRLF>.<CRLF> ends the text, in every mode: a "." line with any other line end before or behind it is text.
// Two servers that disagree on this let one smuggle mails through the other.
//
// Invariant: what lies behind the end is never consumed; it is the next command.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tayori::smtp {

enum class BareNewline {
    reject,     // a bare LF or CR ends the session with 521
    normalize,  // a bare LF becomes CRLF, a bare CR a space: for known clients that know no better
};

class DataReader {
  public:
    explicit DataReader(BareNewline policy) : policy_(policy) {}

    enum class State {
        more,          // all was consumed, the end has not come
        done,          // the end was consumed
        bare_newline,  // refused by policy: nothing of this text may be used
    };

    // Takes what it can of `input` and appends the message's bytes to `out`. `consumed` says how much was taken.
    State feed(std::string_view input, std::string& out, std::size_t& consumed);

  private:
    // What the last bytes were, where a decision waits for the next byte.
    enum class At {
        line_start_after_crlf,  // also the very beginning: DATA's own CRLF counts (RFC 5321 §4.1.1.4)
        line_start_after_lf,    // normalised: "." here never ends the text
        text,
        cr,             // a CR in a line
        dot,            // a "." at the start of a line after CRLF, held back
        dot_cr,         // "." CR after CRLF, held back
        dot_after_lf,   // a stuffed "." at the start of a line after a bare LF
    };

    State take(char c, std::string& out);

    BareNewline policy_;
    At at_ = At::line_start_after_crlf;
};

}  // namespace tayori::smtp

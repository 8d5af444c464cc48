// The text behind DATA as it goes out (RFC 5321 §4.5.2): a dot before each line that begins with one, CRLF at all line ends,
// the end. In pieces, whatever they are cut at.
//
// A bare LF becomes CRLF and a bare CR a space, as smtpd does it with what comes in: nothing that we send can be read as two
// mails by a server that takes a bare LF for a line end.
#pragma once

#include <string>
#include <string_view>

namespace tayori::smtp {

class DotStuffer {
  public:
    void feed(std::string_view input, std::string& out);
    // The last line's end, where it is missing, and CRLF.CRLF's rest.
    void finish(std::string& out);

  private:
    bool line_start_ = true;
    bool after_cr_ = false;  // a CR is held back
};

}  // namespace tayori::smtp

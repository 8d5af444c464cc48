// Replies of other servers (RFC 5321 §4.2), line by line: text in, values out. No I/O; fuzzed.
//
// What a server may send without end is bounded here: lines of one reply, octets that are kept of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::smtp {

inline constexpr std::size_t kReplyLineBytesMax = 2048;  // RFC 5321 §4.5.3.1.5 asks for 512
inline constexpr std::size_t kReplyLinesMax = 500;       // more is no answer to anything
inline constexpr std::size_t kReplyLinesKept = 100;      // of EHLO's reply
inline constexpr std::size_t kReplyTextMax = 1000;       // Said.text (queue.proto)

struct ServerReply {
    int code = 0;                    // 200 to 599
    std::string enhanced;            // "5.1.1" where the reply has one of its own class (RFC 2034 §4)
    std::string text;                // of all lines, printable, at most kReplyTextMax
    std::vector<std::string> lines;  // without codes, as they came: the first kReplyLinesKept

    bool positive() const { return code >= 200 && code < 300; }
    bool intermediate() const { return code >= 300 && code < 400; }
    bool temporary() const { return code >= 400 && code < 500; }
    bool permanent() const { return code >= 500 && code < 600; }
};

class ReplyReader {
  public:
    enum class State {
        more,
        done,
        broken,  // not SMTP, or without end: what follows can't be understood
    };
    // A line without its end.
    State add(std::string_view line);
    // Once done; the next reply begins.
    ServerReply take();

  private:
    ServerReply reply_;
    std::size_t lines_ = 0;
};

// "5.1.1" at the head of a reply's text, where it is of the code's class; else empty.
std::string_view enhanced_status(int code, std::string_view text);
// As it may stand in logs and notifications: printable ASCII, the rest "?"; at most `bytes_max`.
std::string printable(std::string_view text, std::size_t bytes_max);

}  // namespace tayori::smtp

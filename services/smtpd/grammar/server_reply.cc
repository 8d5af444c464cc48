#include "smtpd/grammar/server_reply.h"

#include <utility>

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The code at the head of a line; 0: there is none.
int reply_code(std::string_view line) {
    if (line.size() < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2])) return 0;
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    // 1yz is not SMTP (RFC 5321 §4.2.1).
    return code >= 200 && code < 600 ? code : 0;
}

// A run of one to three digits at the head of `text`, which is moved behind it.
bool take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && count < 3 && is_digit(text[count])) ++count;
    text.remove_prefix(count);
    return count > 0;
}

}  // namespace

std::string_view enhanced_status(int code, std::string_view text) {
    auto rest = text;
    if (rest.size() < 5 || rest[0] - '0' != code / 100 || rest[1] != '.') return {};
    rest.remove_prefix(2);
    if (!take_digits(rest) || rest.empty() || rest[0] != '.') return {};
    rest.remove_prefix(1);
    if (!take_digits(rest) || (!rest.empty() && rest[0] != ' ')) return {};
    return text.substr(0, text.size() - rest.size());
}

std::string printable(std::string_view text, std::size_t bytes_max) {
    std::string out(text.substr(0, bytes_max));
    for (char& c : out) {
        if (c == '\t' || c == '\r' || c == '\n') c = ' ';
        else if (c < 32 || c > 126) c = '?';
    }
    return out;
}

ReplyReader::State ReplyReader::add(std::string_view line) {
    const int code = reply_code(line);
    if (code == 0 || ++lines_ > kReplyLinesMax) return State::broken;
    auto text = line.substr(std::min<std::size_t>(line.size(), 4));
    if (reply_.lines.size() < kReplyLinesKept) reply_.lines.emplace_back(text.substr(0, kReplyLineBytesMax));
    const auto enhanced = enhanced_status(code, text);
    if (!enhanced.empty()) {
        if (reply_.enhanced.empty()) reply_.enhanced = enhanced;
        text = trim(text.substr(enhanced.size()));
    }
    if (reply_.text.size() < kReplyTextMax && !text.empty()) {
        if (!reply_.text.empty()) reply_.text += ' ';
        reply_.text += printable(text, kReplyTextMax - reply_.text.size());
    }
    // A server that changes its mind within a reply means its last line.
    reply_.code = code;
    return line.size() > 3 && line[3] == '-' ? State::more : State::done;
}

ServerReply ReplyReader::take() {
    lines_ = 0;
    auto reply = std::exchange(reply_, {});
    if (!reply.enhanced.empty() && reply.enhanced[0] - '0' != reply.code / 100) reply.enhanced.clear();
    return reply;
}

}  // namespace tayori::smtp

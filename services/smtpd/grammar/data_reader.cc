#include "smtpd/grammar/data_reader.h"

#include <cstring>

namespace tayori::smtp {

// Decides one byte. Ordinary text never comes here: feed() copies it in runs.
DataReader::State DataReader::take(char c, std::string& out) {
    const bool reject = policy_ == BareNewline::reject;
    switch (at_) {
        case At::line_start_after_crlf:
            if (c == '.') {
                at_ = At::dot;
                return State::more;
            }
            break;
        case At::line_start_after_lf:
            if (c == '.') {
                at_ = At::dot_after_lf;  // one stuffed dot goes, whatever follows
                return State::more;
            }
            break;
        case At::dot:
            if (c == '\r') {
                at_ = At::dot_cr;
                return State::more;
            }
            break;  // the first dot was stuffing; c is the text
        case At::dot_cr:
            if (c == '\n') return State::done;
            if (reject) return State::bare_newline;
            out += ' ';
            break;
        case At::cr:
            if (c == '\n') {
                out += "\r\n";
                at_ = At::line_start_after_crlf;
                return State::more;
            }
            if (reject) return State::bare_newline;
            out += ' ';
            break;
        case At::dot_after_lf:
        case At::text:
            break;
    }
    if (c == '\r') {
        at_ = At::cr;
    } else if (c == '\n') {
        if (reject) return State::bare_newline;
        out += "\r\n";
        at_ = At::line_start_after_lf;
    } else {
        out += c;
        at_ = At::text;
    }
    return State::more;
}

DataReader::State DataReader::feed(std::string_view input, std::string& out, std::size_t& consumed) {
    std::size_t i = 0;
    while (i < input.size()) {
        if (at_ == At::text) {
            // A run of text up to the next LF is copied at once, less a CR before it and provided it holds no other CR.
            const auto* from = input.data() + i;
            const auto left = input.size() - i;
            const auto* lf = static_cast<const char*>(std::memchr(from, '\n', left));
            const auto* stop = lf != nullptr ? lf : from + left;
            const auto* cr = static_cast<const char*>(
                std::memchr(from, '\r', static_cast<std::size_t>(stop - from)));
            if (cr != nullptr) stop = cr;
            if (lf != nullptr && cr != nullptr && cr + 1 == lf) {
                out.append(from, static_cast<std::size_t>(lf + 1 - from));
                i += static_cast<std::size_t>(lf + 1 - from);
                at_ = At::line_start_after_crlf;
                continue;
            }
            out.append(from, static_cast<std::size_t>(stop - from));
            i += static_cast<std::size_t>(stop - from);
            if (i == input.size()) break;
        }
        const auto state = take(input[i], out);
        if (state == State::bare_newline) {
            consumed = i;
            return state;
        }
        ++i;
        if (state == State::done) {
            consumed = i;
            return state;
        }
    }
    consumed = i;
    return State::more;
}

}  // namespace tayori::smtp

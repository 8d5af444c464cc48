#include "smtpd/outbound/extensions.h"

#include <algorithm>

#include "common/base/text.h"
#include "smtpd/grammar/command.h"

namespace tayori::smtp {
namespace {

std::string_view next_word(std::string_view& rest) {
    const auto from = std::min(rest.find_first_not_of(' '), rest.size());
    rest.remove_prefix(from);
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    return word;
}

void read_limits(std::string_view rest, Extensions& out) {
    for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) continue;
        const auto number = parse_number(word.substr(equals + 1)).value_or(0);
        const auto name = word.substr(0, equals);
        if (equals_ignoring_case(name, "RCPTMAX")) out.recipients_max = static_cast<std::size_t>(number);
        if (equals_ignoring_case(name, "MAILMAX")) out.mails_max = static_cast<std::size_t>(number);
    }
}

void read_line(std::string_view line, Extensions& out) {
    // "AUTH=LOGIN" is how servers before RFC 2554 wrote it, and some still do.
    auto rest = line;
    auto keyword = to_upper(next_word(rest));
    if (keyword.starts_with("AUTH=")) {
        rest = line.substr(5);
        keyword = "AUTH";
    }
    if (keyword == "PIPELINING") out.pipelining = true;
    else if (keyword == "STARTTLS") out.starttls = true;
    else if (keyword == "8BITMIME") out.eight_bit_mime = true;
    else if (keyword == "SMTPUTF8") out.smtputf8 = true;
    else if (keyword == "DSN") out.dsn = true;
    else if (keyword == "LIMITS") read_limits(rest, out);
    else if (keyword == "SIZE") {
        out.size = true;
        out.bytes_max = parse_number(next_word(rest)).value_or(0);
    } else if (keyword == "AUTH") {
        for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
            if (equals_ignoring_case(word, "PLAIN")) out.auth_plain = true;
            if (equals_ignoring_case(word, "LOGIN")) out.auth_login = true;
        }
    }
}

}  // namespace

Extensions read_extensions(const ServerReply& reply) {
    Extensions out;
    for (std::size_t i = 0; i < reply.lines.size(); ++i) {
        std::string_view line = reply.lines[i];
        if (i == 0) out.name = printable(next_word(line), 255);
        else read_line(line, out);
    }
    return out;
}

}  // namespace tayori::smtp

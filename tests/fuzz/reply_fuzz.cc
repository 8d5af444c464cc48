// Replies of other servers, and what goes to them: bounded whatever comes, and the end of a text is only at its end.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "smtpd/grammar/data_reader.h"
#include "smtpd/grammar/dot_stuffer.h"
#include "smtpd/grammar/dsn.h"
#include "smtpd/grammar/server_reply.h"

using namespace tayori::smtp;

namespace {

void check_replies(std::string_view text) {
    ReplyReader reader;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto state = reader.add(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (state == ReplyReader::State::broken) return;
        if (state == ReplyReader::State::more) continue;
        const auto reply = reader.take();
        FUZZ_CHECK(reply.code >= 200 && reply.code < 600);
        FUZZ_CHECK(reply.text.size() <= kReplyTextMax && reply.lines.size() <= kReplyLinesKept);
        FUZZ_CHECK(reply.enhanced.empty() || reply.enhanced[0] - '0' == reply.code / 100);
        for (const char c : reply.text) FUZZ_CHECK(c >= 32 && c < 127);
    }
}

std::string stuffed(std::string_view text, std::size_t piece) {
    DotStuffer stuffer;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece) stuffer.feed(text.substr(at, piece), out);
    stuffer.finish(out);
    return out;
}

// What we send is read back as one text, to its last byte, by a reader that knows only CRLF.CRLF.
void check_stuffing(std::string_view text) {
    const auto whole = stuffed(text, text.size() + 1);
    FUZZ_CHECK(whole == stuffed(text, 1));
    DataReader reader(BareNewline::reject);
    std::string out;
    std::size_t used = 0;
    FUZZ_CHECK(reader.feed(whole, out, used) == DataReader::State::done && used == whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_replies(text);
    check_stuffing(text);
    const auto bits = parse_notify(text);
    if (bits) FUZZ_CHECK(parse_notify(notify_text(*bits)) == bits);
    FUZZ_CHECK(is_xtext(xtext_encode(text)) && xtext_decode(xtext_encode(text)) == text);
    if (is_orcpt(text)) FUZZ_CHECK(text.find(' ') == std::string_view::npos && text.find('\r') == std::string_view::npos);
    static_cast<void>(is_envid(text));
    return 0;
}

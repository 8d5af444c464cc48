// POP3: commands; stuffing can be undone, however the text is cut.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "pop3d/grammar/command.h"
#include "pop3d/grammar/stuffing.h"

using namespace tayori::pop3;

namespace {

std::string unstuffed(std::string_view sent) {
    FUZZ_CHECK(sent.ends_with("\r\n.\r\n") || sent == ".\r\n");
    sent.remove_suffix(3);
    std::string out;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const bool line_start = i == 0 || sent[i - 1] == '\n';
        if (line_start && sent[i] == '.') continue;
        out += sent[i];
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] + 1U;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    DotStuffer stuffer;
    TopCutter cutter(data[0] % 4);
    std::string sent;
    std::string top;
    for (auto rest = text; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
        stuffer.feed(rest.substr(0, piece), sent);
        if (!cutter.done()) top += cutter.take(rest.substr(0, piece));
    }
    stuffer.finish(sent);
    const auto back = unstuffed(sent);
    FUZZ_CHECK(back == text || back == std::string(text) + "\r\n");
    FUZZ_CHECK(text.starts_with(top));

    const auto command = split_command(text);
    (void)parse_message_number(command.argument);
    (void)parse_top(command.argument);
    return 0;
}

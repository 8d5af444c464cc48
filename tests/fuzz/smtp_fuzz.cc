// SMTP: commands, and the end of DATA, which must be the same however the bytes are cut.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "smtpd/grammar/command.h"
#include "smtpd/grammar/data_reader.h"
#include "smtpd/grammar/newline_filter.h"

using namespace tayori::smtp;

namespace {

struct Outcome {
    DataReader::State state = DataReader::State::more;
    std::string text;
    std::size_t used = 0;
};

Outcome read(BareNewline policy, std::string_view input, std::size_t piece) {
    DataReader reader(policy);
    Outcome outcome;
    while (outcome.used < input.size() && outcome.state == DataReader::State::more) {
        std::size_t consumed = 0;
        outcome.state = reader.feed(input.substr(outcome.used, piece), outcome.text, consumed);
        outcome.used += consumed;
    }
    return outcome;
}

void check_data(std::string_view input) {
    for (const auto policy : {BareNewline::reject, BareNewline::normalize}) {
        const auto whole = read(policy, input, input.size() + 1);
        const auto bytes = read(policy, input, 1);
        FUZZ_CHECK(whole.state == bytes.state && whole.text == bytes.text && whole.used == bytes.used);
        // The end is CRLF.CRLF, or .CRLF at the very beginning, and nothing else.
        const auto first = input.starts_with(".\r\n") ? 0 : input.find("\r\n.\r\n");
        if (whole.state == DataReader::State::done) {
            const auto end = whole.used;
            FUZZ_CHECK(end == 3 || input.substr(end - 5, 5) == "\r\n.\r\n");
        }
        if (policy == BareNewline::normalize && first != std::string_view::npos)
            FUZZ_CHECK(whole.state == DataReader::State::done);
        // What is kept has no bare line ends.
        for (std::size_t i = 0; i < whole.text.size(); ++i) {
            if (whole.text[i] == '\n') FUZZ_CHECK(i > 0 && whole.text[i - 1] == '\r');
            if (whole.text[i] == '\r' && i + 1 < whole.text.size()) FUZZ_CHECK(whole.text[i + 1] == '\n');
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_data(text);
    NewlineFilter filter(BareNewline::normalize);
    std::string out;
    filter.feed(text, out);
    filter.finish(out);
    FUZZ_CHECK(!filter.refused());

    const auto command = split_command(text.substr(0, kCommandLineBytesMax));
    if (const auto path = parse_path_argument(command.argument, "FROM:"))
        FUZZ_CHECK(path->parameters.size() <= kParametersMax);
    (void)parse_bdat(command.argument);
    (void)is_acceptable_helo(command.argument);
    return 0;
}

#include "smtpd/grammar/dot_stuffer.h"

namespace tayori::smtp {

void DotStuffer::feed(std::string_view input, std::string& out) {
    while (!input.empty()) {
        if (after_cr_) {
            after_cr_ = false;
            if (input[0] == '\n') {
                out += "\r\n";
                line_start_ = true;
                input.remove_prefix(1);
                continue;
            }
            out += ' ';
            line_start_ = false;
        }
        if (line_start_ && input[0] == '.') out += '.';
        const auto stop = input.find_first_of("\r\n");
        const auto run = input.substr(0, stop);
        out += run;
        if (!run.empty()) line_start_ = false;
        if (stop == std::string_view::npos) return;
        if (input[stop] == '\r') {
            after_cr_ = true;
        } else {
            out += "\r\n";
            line_start_ = true;
        }
        input.remove_prefix(stop + 1);
    }
}

void DotStuffer::finish(std::string& out) {
    if (after_cr_ || !line_start_) out += "\r\n";
    out += ".\r\n";
    line_start_ = true;
    after_cr_ = false;
}

}  // namespace tayori::smtp

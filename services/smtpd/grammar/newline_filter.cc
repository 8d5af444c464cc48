#include "smtpd/grammar/newline_filter.h"

namespace tayori::smtp {

void NewlineFilter::stray(std::string_view instead, std::string& out) {
    if (policy_ == BareNewline::reject) refused_ = true;
    out += instead;
}

void NewlineFilter::feed(std::string_view input, std::string& out) {
    while (!input.empty()) {
        if (after_cr_) {
            after_cr_ = false;
            if (input[0] == '\n') {
                out += "\r\n";
                input.remove_prefix(1);
                continue;
            }
            stray(" ", out);
        }
        const auto stop = input.find_first_of("\r\n");
        out.append(input.substr(0, stop));
        if (stop == std::string_view::npos) return;
        if (input[stop] == '\r') after_cr_ = true;
        else stray("\r\n", out);
        input.remove_prefix(stop + 1);
    }
}

void NewlineFilter::finish(std::string& out) {
    if (after_cr_) stray(" ", out);
    after_cr_ = false;
}

}  // namespace tayori::smtp

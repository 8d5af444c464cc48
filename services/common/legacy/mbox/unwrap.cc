#include "common/legacy/mbox/unwrap.h"

#include <string_view>

#include "common/base/text.h"
#include "common/legacy/mbox/bookkeeping.h"
#include "common/legacy/mbox/from_line.h"
#include "common/legacy/spool/lines.h"
#include "common/mail/header.h"

namespace tayori::legacy {

std::string unwrap_mbox(std::string file_bytes, const Mail& mail) {
    using mail::HeaderLine;
    std::string out;
    out.reserve(file_bytes.size() + file_bytes.size() / 32);
    TextLines lines(file_bytes);
    bool in_header = true, skipping = false;
    mbox::FieldSieve sieve;
    for (std::string_view line; lines.next(line);) {
        if (lines.number() == 1 && line.starts_with("From ")) continue;
        if (in_header) {
            const auto kind = mail::classify_header_line(line);
            const auto colon = line.find(':');
            if (kind == HeaderLine::field)
                skipping = sieve.takes(trim(line.substr(0, colon)), line.substr(colon + 1)) && mail.strip_bookkeeping;
            else if (kind != HeaderLine::continuation && !line.starts_with(">From "))
                in_header = skipping = false;
            if (skipping) continue;
        }
        if (mail.wrapping == Wrapping::mbox_rd && mbox::quotes_of_from(line) > 0) line.remove_prefix(1);
        append(out, line, "\r\n");
    }
    return out;
}

}  // namespace tayori::legacy

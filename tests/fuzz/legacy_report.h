// What must hold of every report that a parser of old files makes.
#pragma once

#include <algorithm>
#include <string>

#include "check.h"
#include "common/legacy/messages.h"
#include "common/legacy/report.h"
#include "common/mail/charset.h"

namespace tayori::legacy {

// Each line has a sentence, which is text, and a row of its own.
inline void check_report(const Report& report) {
    for (const auto& line : report.lines()) {
        FUZZ_CHECK(find_message(line.code) != nullptr);
        for (const auto language : {Language::english, Language::japanese})
            FUZZ_CHECK(mail::is_valid_utf8(as_text(line, language)));
        const auto row = as_tsv(line, Language::english);
        FUZZ_CHECK(std::count(row.begin(), row.end(), '\t') == 5);
        FUZZ_CHECK(row.find_first_of("\r\n") == std::string::npos);
    }
}

}  // namespace tayori::legacy

// RFC 4180, tolerant of LF line ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::legacy {

struct CsvRecord {
    std::uint64_t line = 0;  // where it begins, counted from 1
    std::vector<std::string> fields;
};
// Empty lines are left out. invalid: a quote that is not closed, or text behind one; `detail` names
// the line.
Result<std::vector<CsvRecord>> parse_csv(std::string_view text);
// The field as it has to be written.
std::string csv_field(std::string_view text);

}  // namespace tayori::legacy

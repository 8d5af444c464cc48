// Dates: what is read can be written and read again.
#include <cstdint>
#include <string_view>

#include "check.h"
#include "common/mail/date.h"

using namespace tayori::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto date = parse_mail_date(text)) {
        const auto again = parse_mail_date(format_mail_date(*date));
        FUZZ_CHECK(again && *again == *date);
        const auto internal = parse_internal_date(format_internal_date(*date));
        FUZZ_CHECK(internal && *internal == *date);
        FUZZ_CHECK(parse_search_date(format_search_date(date->local_day())) == date->local_day());
    }
    if (const auto date = parse_internal_date(text))
        FUZZ_CHECK(parse_internal_date(format_internal_date(*date)) == date);
    if (const auto day = parse_search_date(text))
        FUZZ_CHECK(parse_search_date(format_search_date(*day)) == day);
    return 0;
}

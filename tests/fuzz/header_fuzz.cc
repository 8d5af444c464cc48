// Header fields, their parameters, and what is read from a header alone.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "common/mail/charset.h"
#include "common/mail/header.h"
#include "common/mail/params.h"
#include "common/mail/received.h"
#include "common/mail/summary.h"

using namespace tayori::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    FUZZ_CHECK(header_bytes(text) <= text.size());

    // Fields are views that follow each other without a gap.
    std::size_t at = 0;
    Fields fields(text);
    while (const auto field = fields.next()) {
        FUZZ_CHECK(!field->raw.empty() && field->raw.data() == text.data() + at);
        at += field->raw.size();
        FUZZ_CHECK(at <= text.size());
        const auto value = unfold(field->value);
        FUZZ_CHECK(value.size() <= field->value.size());
        FUZZ_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
        const auto type = parse_content_type(field->value);
        FUZZ_CHECK(!type.type.empty() && !type.subtype.empty());
        FUZZ_CHECK(is_valid_utf8(decode_param(type.params, "name")));
        FUZZ_CHECK(is_valid_utf8(decode_param(parse_disposition(field->value).params, "filename")));
        for (const auto& id : parse_message_ids(field->value))
            FUZZ_CHECK(is_valid_utf8(id) && !id.empty());
        FUZZ_CHECK(is_valid_utf8(base_subject(field->value).text));
    }
    // Chosen and not chosen fields are all of them.
    const auto header = text.substr(0, at);
    const std::vector<std::string> names = {"Subject", "x"};
    const auto only = choose_fields("", header, names, FieldChoice::only);
    const auto rest = choose_fields("", header, names, FieldChoice::all_but);
    const auto added = only.size() + rest.size() - header.size();
    FUZZ_CHECK(added == 4 || added == 6);
    count_received(text);
    return 0;
}

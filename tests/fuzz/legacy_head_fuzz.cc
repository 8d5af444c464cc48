// What the first bytes of a mail tell, dates, and names of folders.
#include <cstdint>
#include <string_view>

#include "check.h"
#include "common/legacy/lines.h"
#include "common/legacy/mail_head.h"
#include "common/legacy/names.h"
#include "common/mail/charset.h"

using namespace tayori::legacy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const std::uint64_t bytes : {std::uint64_t{size}, std::uint64_t{size} * 2}) {
        const auto head = parse_head(text, bytes);
        FUZZ_CHECK(head.b_id.empty() || (head.b_id[0] == 'B' && head.b_id.size() >= 7));
        const bool readable = head.state != HeadState::empty && head.state != HeadState::obfuscated;
        FUZZ_CHECK(head.fingerprint.empty() != readable);
    }
    FUZZ_CHECK(!is_dot_stuffed(text) || text.find('.') != std::string_view::npos);
    if (const auto date = parse_rfc3339(text)) {
        const auto again = parse_rfc3339(format_rfc3339(*date));
        FUZZ_CHECK(again && (*again == *date || date->unix_s < -62'135'000'000 ||
                             date->unix_s > 253'402'000'000));
    }
    const auto name = read_folder_name(text);
    FUZZ_CHECK(!name.text.empty() && name.text.find('/') == std::string::npos);
    FUZZ_CHECK(tayori::mail::is_valid_utf8(name.text));
    if (const auto decoded = decode_text(text))
        FUZZ_CHECK(tayori::mail::is_valid_utf8(decoded->text));
    FUZZ_CHECK(tayori::mail::is_valid_utf8(verbatim(text)));
    if (const auto address = account_address_of(text, "a.example"))
        FUZZ_CHECK(account_address_of(*address, "").value_or("") == *address);
    std::size_t bytes = 0;
    for (const auto line : split_lines(text)) bytes += line.size();
    FUZZ_CHECK(bytes <= size);
    return 0;
}

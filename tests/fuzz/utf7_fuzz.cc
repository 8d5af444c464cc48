// Mailbox names: one spelling in modified UTF-7, one form in the store.
#include <cstdint>
#include <string_view>

#include "check.h"
#include "common/mail/charset.h"
#include "common/mail/mailbox_name.h"
#include "common/mail/utf7.h"

using namespace tayori::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto utf8 = utf7_to_utf8(text)) {
        FUZZ_CHECK(is_valid_utf8(*utf8));
        FUZZ_CHECK(utf8_to_utf7(*utf8) == text);
    }
    const auto utf7 = utf8_to_utf7(text);
    FUZZ_CHECK(utf7.has_value() == is_valid_utf8(text));
    if (utf7) {
        FUZZ_CHECK(is_ascii(*utf7));
        FUZZ_CHECK(utf7_to_utf8(*utf7) == text);
    }
    if (const auto name = normalize_mailbox_name(text)) {
        FUZZ_CHECK(!name->empty() && name->front() != kDelimiter && name->back() != kDelimiter);
        FUZZ_CHECK(utf8_to_utf7(*name));
        const auto again = normalize_mailbox_name(*name);
        FUZZ_CHECK(again && *again == *name);
    }
    return 0;
}

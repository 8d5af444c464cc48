// SMTP paths and header address lists.
#include <cstdint>
#include <string_view>

#include "check.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"
#include "common/mail/limits.h"

using namespace tayori;
using namespace tayori::mail;

namespace {

void check_path(const Address& address, bool with_utf8) {
    FUZZ_CHECK(address.local.size() <= kLocalPartBytesMax);
    FUZZ_CHECK(address.domain.size() <= kDomainBytesMax);
    const auto text = to_text(address);
    FUZZ_CHECK(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    FUZZ_CHECK(with_utf8 ? is_valid_utf8(text) : is_ascii(text));
    if (address.domain.empty()) return;
    // What is written can be read, and is the same.
    const auto again = parse_address(text);
    FUZZ_CHECK(again && *again == address);
    const auto key = lookup_key(address);
    if (!key) return;
    FUZZ_CHECK(is_valid_utf8(key->local) && is_valid_utf8(key->domain));
    const auto domain = normalize_domain(key->domain);
    FUZZ_CHECK(!domain || *domain == key->domain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto utf8 : {Utf8::refused, Utf8::allowed}) {
        auto rest = text;
        if (const auto path = parse_forward_path(rest, utf8)) {
            FUZZ_CHECK(text.ends_with(rest) && rest.size() < text.size());
            check_path(*path, utf8 == Utf8::allowed);
        }
        rest = text;
        if (const auto path = parse_reverse_path(rest, utf8))
            check_path(*path, utf8 == Utf8::allowed);
        if (const auto address = parse_address(text, utf8))
            check_path(*address, utf8 == Utf8::allowed);
    }
    std::size_t mailboxes = 0, bytes = 0;
    bool in_group = false;
    for (const auto& a : parse_address_list(text)) {
        bytes += a.name.size() + a.route.size() + a.local.size() + a.domain.size();
        switch (a.type) {
            case ListedAddress::Type::mailbox:
                ++mailboxes;
                break;
            case ListedAddress::Type::group_start:
                FUZZ_CHECK(!in_group);
                in_group = true;
                break;
            case ListedAddress::Type::group_end:
                FUZZ_CHECK(in_group);
                in_group = false;
                break;
        }
    }
    FUZZ_CHECK(!in_group && mailboxes <= kAddressesMax && bytes <= text.size() + mailboxes);
    return 0;
}

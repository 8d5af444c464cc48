#include "spoold/mailbox/names.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "common/base/text.h"
#include "spoold/mailbox/limits.h"

namespace tayori::spool {
namespace {

// RFC 9051 §5.1: no control characters, no line and paragraph separators. "%" and "*" are LIST's wildcards: a folder
// named so could not be listed by itself.
bool is_bad(UChar32 c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029 || c == '%' || c == '*';
}

Result<void> check_characters(std::string_view name) {
    const auto size = static_cast<std::int32_t>(name.size());
    for (std::int32_t i = 0; i < size;) {
        UChar32 c = 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"  // inside ICU's macro
        U8_NEXT(name.data(), i, size, c);
#pragma GCC diagnostic pop
        if (c < 0) return fail(Kind::unsupported, "The mailbox name is not UTF-8.");
        if (is_bad(c)) return fail(Kind::unsupported, "The mailbox name has a character that can't be used.");
    }
    return {};
}

Result<std::string> to_nfc(std::string_view name) {
    const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
    if (ascii) return std::string(name);
    UErrorCode status = U_ZERO_ERROR;
    const auto* nfc = icu::Normalizer2::getNFCInstance(status);
    std::string out;
    icu::StringByteSink<std::string> sink(&out);
    if (U_SUCCESS(status)) {
        nfc->normalizeUTF8(0, icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size())), sink,
                           nullptr, status);
    }
    if (U_FAILURE(status)) return fail(Kind::unsupported, "The mailbox name is not UTF-8.");
    return out;
}

}  // namespace

Result<std::string> canonical_name(std::string_view given) {
    if (given.empty()) return fail(Kind::unsupported, "The mailbox name is empty.");
    if (given.size() > kFolderNameBytesMax) return fail(Kind::unsupported, "The mailbox name is too long.");
    if (auto checked = check_characters(given); !checked) return fail(std::move(checked.error()));
    auto name = to_nfc(given);
    if (!name) return name;
    if (name->size() > kFolderNameBytesMax) return fail(Kind::unsupported, "The mailbox name is too long.");
    // A last "/" only declares that there will be names below (RFC 3501 §6.3.3).
    if (name->size() > 1 && name->back() == '/') name->pop_back();
    if (name->front() == '/' || name->back() == '/' || name->find("//") != std::string::npos) {
        return fail(Kind::unsupported, "The mailbox name has an empty level.");
    }
    if (levels_above(*name).size() >= kFolderDepthMax) {
        return fail(Kind::unsupported, "The mailbox name has too many levels.");
    }
    const auto first = std::string_view(*name).substr(0, name->find('/'));
    if (equals_ignoring_case(first, kInbox)) name->replace(0, kInbox.size(), kInbox);
    return name;
}

std::uint64_t list_cost(std::string_view name) {
    std::uint64_t bytes = name.size() + kListEntryBytes;
    for (const auto level : levels_above(name)) bytes += level.size() + kListEntryBytes;
    return bytes;
}

std::vector<std::string_view> levels_above(std::string_view name) {
    std::vector<std::string_view> levels;
    for (auto at = name.find('/'); at != std::string_view::npos; at = name.find('/', at + 1)) {
        levels.push_back(name.substr(0, at));
    }
    return levels;
}

}  // namespace tayori::spool

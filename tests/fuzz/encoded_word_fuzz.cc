// Encoded-words, charsets, transfer encodings. The first byte chooses a charset.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "common/mail/charset.h"
#include "common/mail/encoded_word.h"
#include "common/mail/transfer_encoding.h"

using namespace tayori::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const auto decoded = decode_header_text(all);
    FUZZ_CHECK(is_valid_utf8(decoded));
    FUZZ_CHECK(decoded.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    if (all.empty()) return 0;

    constexpr const char* kLabels[] = {
        "iso-2022-jp",  "shift_jis",  "euc-jp", "utf-8",       "us-ascii",
        "windows-1252", "gb18030",    "big5",   "iso-2022-kr", "utf-16",
        "utf-7",        "hz-gb-2312", ""};
    const auto bytes = all.substr(1);
    const auto* label = kLabels[data[0] % std::size(kLabels)];
    const auto text = to_utf8(bytes, label);
    FUZZ_CHECK(is_valid_utf8(text));
    if (const auto strict = to_utf8_strict(bytes, label)) FUZZ_CHECK(is_valid_utf8(*strict));
    const auto folded = fold_for_search(text);
    FUZZ_CHECK(is_valid_utf8(folded));
    FUZZ_CHECK(fold_for_search(folded) == folded);
    FUZZ_CHECK(is_valid_utf8(fold_for_search(bytes)));
    knows_charset(bytes);

    for (const auto encoding : {TransferEncoding::identity, TransferEncoding::base64,
                                TransferEncoding::quoted_printable}) {
        const auto whole = decode_transfer(bytes, encoding);
        FUZZ_CHECK(whole.size() <= bytes.size());
        std::string pieces;
        TransferDecoder decoder(encoding);
        for (std::size_t i = 0; i < bytes.size(); i += 3) decoder.feed(bytes.substr(i, 3), pieces);
        decoder.finish(pieces);
        FUZZ_CHECK(pieces == whole);
    }
    return 0;
}

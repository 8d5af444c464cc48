// A mail made one of 7 bits: the same however it is cut, and 7 bits where it says so.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "common/mail/seven_bit.h"

using namespace tayori::mail;

namespace {

std::string encoded(std::string_view mail, std::size_t piece, bool& impossible) {
    SevenBitEncoder encoder;
    std::string out;
    for (std::size_t at = 0; at < mail.size(); at += piece) encoder.feed(mail.substr(at, piece), out);
    encoder.finish(out);
    impossible = encoder.impossible();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view mail(reinterpret_cast<const char*>(data), size);
    bool impossible = false;
    bool impossible_by_bytes = false;
    const auto whole = encoded(mail, mail.size() + 1, impossible);
    const auto bytes = encoded(mail, 1, impossible_by_bytes);
    FUZZ_CHECK(impossible == impossible_by_bytes);
    if (impossible) return 0;
    FUZZ_CHECK(whole == bytes);
    for (const char c : whole) FUZZ_CHECK(static_cast<unsigned char>(c) < 128);
    return 0;
}

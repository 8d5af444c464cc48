// Captures: what is accepted is written again as the same capture. The seal is put right, so that
// inputs get past it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/capture/capture.h"
#include "common/legacy/capture/hash.h"

using namespace tayori;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)legacy::parse_capture(text);
    FUZZ_CHECK(legacy::capture_hash(text).size() == 64);
    auto sealed = cat("#legacy-capture\t1\tproduct=p\n", text);
    if (!sealed.ends_with('\n')) sealed += '\n';
    const auto lines = std::count(sealed.begin(), sealed.end(), '\n');
    const auto hash = hex_encode(crypto::sha256(sealed));
    append(sealed, "#end\t", lines, '\t', hash, '\n');
    const auto capture = legacy::parse_capture(sealed);
    if (!capture) return 0;
    const auto again = legacy::parse_capture(legacy::write_capture(*capture));
    FUZZ_CHECK(again && *again == *capture);
    return 0;
}

// The PROXY header: never longer than its input, and more bytes behind it change nothing.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "common/net/proxy.h"

using namespace tayori::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto header = parse_proxy(text);
    if (!header || !*header) return 0;
    FUZZ_CHECK((*header)->bytes <= size);
    const auto again = parse_proxy(std::string(text) + "EHLO x\r\n");
    FUZZ_CHECK(again && *again && (*again)->bytes == (*header)->bytes);
    return 0;
}

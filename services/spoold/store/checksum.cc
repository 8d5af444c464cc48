#include "spoold/store/checksum.h"

#include <array>
#include <cstring>

namespace tayori::store {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? (c >> 1) ^ 0x82F63B78u : c >> 1;
        table[i] = c;
    }
    return table;
}
constexpr auto kTable = make_table();

std::uint32_t update_portable(std::uint32_t crc, const char* at, std::size_t bytes) {
    for (; bytes > 0; --bytes, ++at) {
        crc = kTable[(crc ^ static_cast<unsigned char>(*at)) & 0xFF] ^ (crc >> 8);
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t update_fast(std::uint32_t crc, const char* at,
                                                            std::size_t bytes) {
    std::uint64_t wide = crc;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    auto narrow = static_cast<std::uint32_t>(wide);
    for (; bytes > 0; --bytes, ++at) {
        narrow = __builtin_ia32_crc32qi(narrow, static_cast<unsigned char>(*at));
    }
    return narrow;
}
#endif

using Update = std::uint32_t (*)(std::uint32_t, const char*, std::size_t);

Update choose() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return update_fast;
#endif
    return update_portable;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t so_far) {
    static const Update update = choose();
    return ~update(~so_far, bytes.data(), bytes.size());
}

}  // namespace tayori::store

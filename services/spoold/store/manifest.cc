#include "spoold/store/manifest.h"

#include <algorithm>

#include "spoold/store/checksum.h"
#include "spoold/store/codec.h"

namespace tayori::store {
namespace {

// RocksDB's log format: blocks of 32 KiB, in them records of checksum (4), length (2), type (1), payload.
constexpr std::size_t kManifestBlockBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 7;
constexpr std::uint32_t kMaskDelta = 0xa282ead8;

std::uint32_t mask(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + kMaskDelta; }

}  // namespace

std::size_t whole_manifest_bytes(std::string_view manifest) {
    std::size_t at = 0;
    for (;;) {
        const auto left_in_block = kManifestBlockBytes - at % kManifestBlockBytes;
        if (left_in_block < kHeaderBytes) {  // filled with zeros
            if (at + left_in_block > manifest.size()) return at;
            at += left_in_block;
            continue;
        }
        if (at + kHeaderBytes > manifest.size()) return at;
        const auto checksum = load_le<std::uint32_t>(&manifest[at]);
        const std::size_t bytes = load_le<std::uint16_t>(&manifest[at + 4]);
        if (kHeaderBytes + bytes > left_in_block || at + kHeaderBytes + bytes > manifest.size()) return at;
        // The type is part of what is checked.
        if (mask(crc32c(manifest.substr(at + 6, 1 + bytes))) != checksum) return at;
        at += kHeaderBytes + bytes;
    }
}

}  // namespace tayori::store

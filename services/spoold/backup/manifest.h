// A step of a backup, as its manifest has it. Written last: what has no manifest is no step.
//
//   tayori-backup 1
//   number 3
//   base 1                      the step that the chain begins with; its own number: it is one
//   after 5d0c1a2b              checksum of the manifest before it in the chain
//   program 0.1.0
//   account anna@example.jp     it has this account alone; without this line, the whole site
//   store_format 1
//   index_ms 1764195429000      of a base: when the index was copied. Earlier moments are not in the chain
//   until_ms 1764195430000      everything answered by then is in it
//   until 120 9f001122 7 4096 70000     the last record: sequence, checksum, segment, end there, position
//   file 0 67108864 0badcafe log/00000007.log     from, to, checksum of these bytes
//   end 01234567                checksum of all lines above
//
// Checksums are CRC-32C in hexadecimal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/store/copy.h"

namespace tayori::spool {

struct ManifestFile {
    store::CopyPiece piece;
    std::uint32_t checksum = 0;
};

struct Manifest {
    std::uint64_t number = 0;
    std::uint64_t base = 0;
    std::uint32_t after = 0;
    std::string program;
    std::string account;
    std::uint32_t store_format = 0;
    std::int64_t index_ms = 0;
    std::int64_t until_ms = 0;
    store::Stamp until;
    std::vector<ManifestFile> files;

    bool is_base() const { return base == number; }
    std::uint64_t bytes() const;
    std::string encode() const;
    // corrupt; unsupported: of a later version.
    static Result<Manifest> decode(std::string_view text);
};

constexpr std::string_view kManifestName = "manifest";
std::uint32_t checksum_of(std::string_view manifest_text);
std::string step_name(std::uint64_t number);             // "000003"
std::uint64_t step_number(std::string_view step_name);  // 0: not the name of a step
// Where a step keeps the bytes of a file.
std::string place_of(std::uint64_t step, std::string_view file_name);

}  // namespace tayori::spool

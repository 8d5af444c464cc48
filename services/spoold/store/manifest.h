// RocksDB's MANIFEST with a torn end.
//
// RocksDB appends to its MANIFEST and syncs afterwards. It expects of a file system that unsynced bytes at the end are
// there in order or not at all, and refuses to open when sectors are missing. We need not refuse: any whole prefix of
// the MANIFEST is an index that was once true, its stamp says up to where, and our log has the rest (or the start says
// that it has not).
#pragma once

#include <cstdint>
#include <string_view>

namespace tayori::store {

// The length of the leading records that have their checksums.
std::size_t whole_manifest_bytes(std::string_view manifest);

}  // namespace tayori::store

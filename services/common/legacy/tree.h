// The files of a source, read only: a directory or a tar archive. Paths are relative to its root, parted by "/", raw bytes
// as the old system wrote them.
//
// Confined: a symlink, a device, a name with "..", an absolute name in a tar are never followed; they are listed as
// `special` so that a reader can report them. Thread: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::legacy {

inline constexpr std::size_t kTreeEntriesMax = 50'000'000;
inline constexpr std::size_t kTreeDepthMax = 64;
inline constexpr std::size_t kTreePathBytesMax = 4096;
inline constexpr std::uint64_t kControlFileBytesMax = 16 * 1024 * 1024;  // of anything that is read as text

enum class EntryKind : std::uint8_t { file, directory, special };

struct Entry {
    std::string path;
    EntryKind kind = EntryKind::file;
    std::uint64_t bytes = 0;
    std::int64_t mtime_s = 0;

    std::string_view name() const {  // last part of the path
        const auto at = path.rfind('/');
        return at == std::string::npos ? std::string_view(path) : std::string_view(path).substr(at + 1);
    }
};

class Tree {
  public:
    virtual ~Tree() = default;

    // What lies in a directory ("": the root), sorted by bytes. not_found.
    virtual Result<std::vector<Entry>> list(std::string_view directory) const = 0;
    // not_found; denied for what is special.
    virtual Result<Entry> stat(std::string_view path) const = 0;
    // Up to `bytes` from `offset`; fewer only at the end. not_found; busy for a failed read.
    virtual Result<std::string> read(std::string_view path, std::uint64_t offset, std::uint64_t bytes) const = 0;
    Result<std::string> read_all(std::string_view path, std::uint64_t bytes_max) const;  // too_big

    // A hint: these will be read, in this order. Where reading takes a way over a network, they are asked for beforehand.
    virtual void expect(std::vector<std::string> /*paths*/) const {}

    // Tells this source from others and stays the same while its bytes do: for a second run of an import.
    virtual std::string origin() const = 0;  // "dir:/var/spool/epms", "tar:/tmp/spool.tar"
};

// A directory, or a tar (plain, gzip and zstd are told by their first bytes). invalid: neither.
Result<std::unique_ptr<Tree>> open_tree(const std::string& path);

// The entry of this name in any case (ASCII); several: the one written exactly so, else the first.
const Entry* find_ignoring_case(const std::vector<Entry>& entries, std::string_view name);

}  // namespace tayori::legacy

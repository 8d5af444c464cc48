// All access to the disk, RocksDB's too, goes through Files: PosixFiles in earnest, CutFiles where the power may fail.
//
// What is promised after a loss of power: bytes and length of a file since its last sync() may be there, partly
// there or not; names made, renamed or removed in a directory since its last sync_dir() likewise.
//
// Errors: not_found (no such file), exists, no_space (ENOSPC, EDQUOT), in_use (locked), busy (everything else that a
// disk can say). The cause is in Error::detail.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::store {

class File {
  public:
    virtual ~File() = default;
    // The number of bytes read: fewer than asked for only at the end of the file.
    virtual Result<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t bytes) const = 0;
    // All of the pieces one after the other, or an error; then any part of them may be written.
    virtual Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) = 0;
    // Bytes and length are on the disk when it succeeds. After a failure nothing written since the last success may
    // be trusted, not even after a later success.
    virtual Result<void> sync() = 0;
    virtual Result<void> resize(std::uint64_t bytes) = 0;
    // Makes the file at least so long, with its space reserved where the file system can.
    virtual Result<void> preallocate(std::uint64_t bytes) = 0;
    virtual Result<std::uint64_t> size() const = 0;

    Result<void> write_at(std::uint64_t offset, std::string_view bytes) {
        return write_at(offset, std::span<const std::string_view>(&bytes, 1));
    }
};

enum class OpenMode {
    read,
    write,    // an existing file, for reading and writing
    create,   // a new file; exists when there is one
    replace,  // a new file, in place of any old one
};

struct FileInfo {
    bool directory = false;
    std::uint64_t bytes = 0;
    std::uint64_t modified_s = 0;
    std::uint64_t identity = 0;  // equal for two names of one file
    std::uint64_t links = 0;
};

// Holds a lock until destroyed.
class FileLock {
  public:
    virtual ~FileLock() = default;
};

class Files {
  public:
    virtual ~Files() = default;
    virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    virtual Result<FileInfo> info(const std::string& path) = 0;
    // Names in a directory, sorted, without "." and "..".
    virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    virtual Result<void> link(const std::string& from, const std::string& to) = 0;
    virtual Result<void> remove(const std::string& path) = 0;
    virtual Result<void> make_directory(const std::string& path) = 0;
    virtual Result<void> remove_directory(const std::string& path) = 0;
    virtual Result<void> sync_directory(const std::string& path) = 0;
    virtual Result<std::uint64_t> free_bytes(const std::string& directory) = 0;
    // Makes the file if need be and writes our process id into it. in_use names the process that holds it.
    virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// The real disk. Stateless.
Files& posix_files();

std::string_view parent_directory(std::string_view path);
std::string_view base_name(std::string_view path);
Result<std::string> read_whole_file(Files& files, const std::string& path);
// Written beside, synced, renamed into place, the directory synced: after a power cut the old or the new.
Result<void> replace_file(Files& files, const std::string& path, std::string_view bytes);
Result<void> remove_tree(Files& files, const std::string& directory);
Result<void> ensure_directory(Files& files, const std::string& path);

}  // namespace tayori::store

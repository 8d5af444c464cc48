// Files below one new directory. For the writers alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::legacy {

class OutDirectory {
  public:
    // Makes it; exists: it is there and not empty.
    static Result<OutDirectory> create(const std::string& path);
    OutDirectory(OutDirectory&& other) noexcept;
    OutDirectory& operator=(OutDirectory&&) = delete;
    ~OutDirectory();

    // Relative paths, whose directories exist.
    Result<void> make_directory(const std::string& path) const;  // with those above it; it may exist
    Result<void> write(const std::string& path, std::string_view bytes, std::optional<std::int64_t> mtime_s = {}) const;
    Result<int> open(const std::string& path) const;  // a new file, to be written; the caller closes it
    Result<void> sync() const;                        // of everything written

  private:
    explicit OutDirectory(int fd) : fd_(fd) {}
    int fd_;
};

// A new file that is written piece by piece.
class OutFile {
  public:
    OutFile() = default;
    OutFile(const OutFile&) = delete;
    OutFile& operator=(const OutFile&) = delete;
    ~OutFile();

    Result<void> open(const OutDirectory& directory, const std::string& path);
    Result<void> append(std::string_view bytes);
    Result<void> close();

  private:
    Result<void> flush();
    int fd_ = -1;
    std::string buffer_;
    std::string path_;
};

// Line ends of a text file on Unix.
std::string with_lf(std::string_view message);

}  // namespace tayori::legacy

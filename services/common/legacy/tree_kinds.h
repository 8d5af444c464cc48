// What the two kinds of trees share; for them and tree.cc alone.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

// An open file, closed with it.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// A file of a directory, and how long it was when it was opened.
struct OpenFile {
    Fd fd;
    std::uint64_t bytes = 0;
};

// Relative, no ".", no "..", no empty part, no NUL, within the limits. "" is the root.
bool is_confined(std::string_view path);

// Up to `bytes` from `offset`; fewer only at the end.
Result<std::string> read_fd(int fd, std::uint64_t offset, std::uint64_t bytes);
// What errno says of a path.
tl::unexpected<Error> fail_errno(int error, std::string_view path);

// `path` is absolute.
Result<std::unique_ptr<Tree>> open_directory_tree(const std::string& path);
Result<std::unique_ptr<Tree>> open_tar_tree(const std::string& path);

}  // namespace tayori::legacy

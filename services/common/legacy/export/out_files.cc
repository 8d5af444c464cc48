#include "common/legacy/export/out_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tayori::legacy {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr mode_t kDirectoryMode = 0700, kFileMode = 0600;  // mail is its owner's

tl::unexpected<Error> fail_write(int error, const std::string& path) {
    const auto kind = error == ENOSPC || error == EDQUOT ? Kind::no_space
                      : error == EEXIST                  ? Kind::exists
                      : error == ENAMETOOLONG            ? Kind::unsupported
                                                         : Kind::busy;
    return fail(kind, "The export can't be written.", path + ": " + std::strerror(error));
}

Result<void> write_whole(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return fail_write(errno, path);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

bool is_empty(int fd) {
    const int copy = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* stream = copy < 0 ? nullptr : ::fdopendir(copy);
    if (stream == nullptr) return false;
    bool empty = true;
    while (const auto* entry = ::readdir(stream))
        if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) empty = false;
    ::closedir(stream);
    return empty;
}

}  // namespace

Result<OutDirectory> OutDirectory::create(const std::string& path) {
    if (::mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) return fail_write(errno, path);
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_write(errno, path);
    OutDirectory directory(fd);
    if (!is_empty(fd)) return fail(Kind::exists, "There is something in the directory of the export.", path);
    return directory;
}

OutDirectory::OutDirectory(OutDirectory&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
OutDirectory::~OutDirectory() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> OutDirectory::make_directory(const std::string& path) const {
    for (std::size_t at = 0; at != std::string::npos && at < path.size();) {
        at = path.find('/', at + 1);
        const auto part = path.substr(0, at);
        if (::mkdirat(fd_, part.c_str(), kDirectoryMode) != 0 && errno != EEXIST) return fail_write(errno, path);
    }
    return {};
}

Result<int> OutDirectory::open(const std::string& path) const {
    const int fd = ::openat(fd_, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode);
    if (fd < 0) return fail_write(errno, path);
    return fd;
}

Result<void> OutDirectory::write(const std::string& path, std::string_view bytes, std::optional<std::int64_t> mtime_s) const {
    const auto fd = open(path);
    if (!fd) return fail(fd.error());
    auto written = write_whole(*fd, bytes, path);
    if (written && mtime_s) {
        const timespec times[2] = {{*mtime_s, 0}, {*mtime_s, 0}};
        if (::futimens(*fd, times) != 0) written = fail_write(errno, path);
    }
    if (::close(*fd) != 0 && written) written = fail_write(errno, path);
    return written;
}

Result<void> OutDirectory::sync() const {
    if (::syncfs(fd_) != 0) return fail_write(errno, "syncfs");
    return {};
}

OutFile::~OutFile() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> OutFile::open(const OutDirectory& directory, const std::string& path) {
    const auto fd = directory.open(path);
    if (!fd) return fail(fd.error());
    if (fd_ >= 0) ::close(fd_);
    fd_ = *fd;
    path_ = path;
    buffer_.clear();
    return {};
}

Result<void> OutFile::append(std::string_view bytes) {
    buffer_.append(bytes);
    return buffer_.size() < kBufferBytes ? Result<void>{} : flush();
}

Result<void> OutFile::flush() {
    auto written = write_whole(fd_, buffer_, path_);
    buffer_.clear();
    return written;
}

Result<void> OutFile::close() {
    auto written = flush();
    if (::close(std::exchange(fd_, -1)) != 0 && written) written = fail_write(errno, path_);
    return written;
}

std::string with_lf(std::string_view message) {
    std::string out;
    out.reserve(message.size());
    for (std::size_t from = 0; from < message.size();) {
        const auto end = std::min(message.find("\r\n", from), message.size());
        out.append(message, from, end - from);
        if (end < message.size()) out += '\n';
        from = end + 2;
    }
    return out;
}

}  // namespace tayori::legacy

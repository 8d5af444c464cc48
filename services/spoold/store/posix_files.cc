// Files on the real disk.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/base/text.h"
#include "spoold/store/files.h"

namespace tayori::store {
namespace {

constexpr std::size_t kPiecesPerCall = 512;  // below Linux's IOV_MAX of 1024
constexpr mode_t kFileMode = 0600;           // mail is private
constexpr mode_t kDirectoryMode = 0700;

tl::unexpected<Error> disk_error(std::string_view what, std::string_view path, int code) {
    auto detail = cat(what, " ", path, ": ", std::strerror(code));
    switch (code) {
        case ENOENT: return fail(Kind::not_found, "No such file.", std::move(detail));
        case EEXIST: return fail(Kind::exists, "The file is there already.", std::move(detail));
        case ENOSPC:
        case EDQUOT: return fail(Kind::no_space, "The disk is full.", std::move(detail));
        default: return fail(Kind::busy, "The disk reports an error.", std::move(detail));
    }
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

class PosixFile final : public File {
  public:
    PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t bytes) const override {
        std::size_t got = 0;
        while (got < bytes) {
            const auto n = ::pread(fd_.get(), to + got, bytes - got, static_cast<off_t>(offset + got));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return disk_error("read", path_, errno);
            if (n == 0) break;
            got += static_cast<std::size_t>(n);
        }
        return got;
    }

    Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        std::array<iovec, kPiecesPerCall> parts;
        std::size_t skip = 0;  // bytes of the first piece that are written already
        while (!pieces.empty()) {
            const auto count = std::min(pieces.size(), kPiecesPerCall);
            for (std::size_t i = 0; i < count; ++i) {
                const auto piece = i == 0 ? pieces[0].substr(skip) : pieces[i];
                parts[i] = {const_cast<char*>(piece.data()), piece.size()};
            }
            auto n = ::pwritev(fd_.get(), parts.data(), static_cast<int>(count),
                               static_cast<off_t>(offset));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return disk_error("write", path_, errno);
            offset += static_cast<std::uint64_t>(n);
            auto written = static_cast<std::size_t>(n) + skip;
            while (!pieces.empty() && written >= pieces[0].size()) {
                written -= pieces[0].size();
                pieces = pieces.subspan(1);
            }
            skip = written;
        }
        return {};
    }

    Result<void> sync() override {
        if (::fdatasync(fd_.get()) != 0) return disk_error("sync", path_, errno);
        return {};
    }
    Result<void> resize(std::uint64_t bytes) override {
        if (::ftruncate(fd_.get(), static_cast<off_t>(bytes)) != 0) {
            return disk_error("resize", path_, errno);
        }
        return {};
    }
    Result<void> preallocate(std::uint64_t bytes) override {
        if (::fallocate(fd_.get(), 0, 0, static_cast<off_t>(bytes)) == 0) return {};
        if (errno != EOPNOTSUPP) return disk_error("reserve space for", path_, errno);
        auto now = size();
        if (!now) return fail(now.error());
        return *now >= bytes ? Result<void>() : resize(bytes);
    }
    Result<std::uint64_t> size() const override {
        struct stat status;
        if (::fstat(fd_.get(), &status) != 0) return disk_error("look at", path_, errno);
        return static_cast<std::uint64_t>(status.st_size);
    }

  private:
    Descriptor fd_;
    std::string path_;
};

class PosixLock final : public FileLock {
  public:
    explicit PosixLock(int fd) : fd_(fd) {}

  private:
    Descriptor fd_;
};

class PosixFiles final : public Files {
  public:
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        int flags = O_CLOEXEC;
        switch (mode) {
            case OpenMode::read: flags |= O_RDONLY; break;
            case OpenMode::write: flags |= O_RDWR; break;
            case OpenMode::create: flags |= O_RDWR | O_CREAT | O_EXCL; break;
            case OpenMode::replace: flags |= O_RDWR | O_CREAT | O_TRUNC; break;
        }
        const int fd = ::open(path.c_str(), flags, kFileMode);
        if (fd < 0) return disk_error("open", path, errno);
        return std::make_unique<PosixFile>(fd, path);
    }

    Result<FileInfo> info(const std::string& path) override {
        struct stat status;
        if (::stat(path.c_str(), &status) != 0) return disk_error("look at", path, errno);
        return FileInfo{S_ISDIR(status.st_mode), static_cast<std::uint64_t>(status.st_size),
                        static_cast<std::uint64_t>(status.st_mtime),
                        static_cast<std::uint64_t>(status.st_ino),
                        static_cast<std::uint64_t>(status.st_nlink)};
    }

    Result<std::vector<std::string>> list(const std::string& directory) override {
        DIR* stream = ::opendir(directory.c_str());
        if (stream == nullptr) return disk_error("list", directory, errno);
        std::vector<std::string> names;
        errno = 0;
        while (const dirent* entry = ::readdir(stream)) {
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
        const int code = errno;
        ::closedir(stream);
        if (code != 0) return disk_error("list", directory, code);
        std::sort(names.begin(), names.end());
        return names;
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        return check(std::rename(from.c_str(), to.c_str()), "rename", from);
    }
    Result<void> link(const std::string& from, const std::string& to) override {
        return check(::link(from.c_str(), to.c_str()), "link", from);
    }
    Result<void> remove(const std::string& path) override {
        return check(::unlink(path.c_str()), "remove", path);
    }
    Result<void> make_directory(const std::string& path) override {
        return check(::mkdir(path.c_str(), kDirectoryMode), "make directory", path);
    }
    Result<void> remove_directory(const std::string& path) override {
        return check(::rmdir(path.c_str()), "remove directory", path);
    }

    Result<void> sync_directory(const std::string& path) override {
        const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd.get() < 0) return disk_error("open", path, errno);
        return check(::fsync(fd.get()), "sync directory", path);
    }

    Result<std::uint64_t> free_bytes(const std::string& directory) override {
        struct statvfs status;
        if (::statvfs(directory.c_str(), &status) != 0) {
            return disk_error("look for free space in", directory, errno);
        }
        return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    }

    Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
        Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
        if (fd.get() < 0) return disk_error("open", path, errno);
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) return disk_error("lock", path, errno);
            char holder[32] = {};
            const auto n = ::pread(fd.get(), holder, sizeof holder - 1, 0);
            const auto pid = trim(std::string_view(holder, n > 0 ? static_cast<std::size_t>(n) : 0));
            return fail(Kind::in_use, "The data is in use by another process.",
                        cat(path, " is held by process ", pid.substr(0, pid.find('\n'))));
        }
        const auto text = cat(::getpid(), "\n");
        if (::ftruncate(fd.get(), 0) != 0 ||
            ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
            // The process id is only for people: the lock holds without it, also on a full disk.
            errno = 0;
        }
        return std::make_unique<PosixLock>(fd.release());
    }

  private:
    static Result<void> check(int outcome, std::string_view what, const std::string& path) {
        if (outcome != 0) return disk_error(what, path, errno);
        return {};
    }
};

}  // namespace

Files& posix_files() {
    static PosixFiles files;
    return files;
}

}  // namespace tayori::store

// A directory as a tree. Every step of a path is opened from the one before and never through a
// link, so that a link that is put there while we read leads nowhere either.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "common/base/text.h"
#include "common/legacy/read_ahead.h"
#include "common/legacy/tree_kinds.h"

namespace tayori::legacy {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t kReadAheadWorth = 16;  // files; below them a thread costs more
constexpr int kAheadDescriptorMax = 512;        // of 1,024, which is what a process may have if nobody changed it
constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

Entry make_entry(std::string path, const struct stat& st) {
    Entry entry;
    entry.path = std::move(path);
    entry.kind = S_ISREG(st.st_mode)   ? EntryKind::file
                 : S_ISDIR(st.st_mode) ? EntryKind::directory
                                       : EntryKind::special;
    entry.bytes = S_ISREG(st.st_mode) ? static_cast<std::uint64_t>(st.st_size) : 0;
    entry.mtime_s = st.st_mtim.tv_sec;
    return entry;
}

struct Split {
    std::string_view directory;
    std::string name;
};
Split split(std::string_view path) {
    const auto at = path.rfind('/');
    if (at == std::string_view::npos) return {{}, std::string(path)};
    return {path.substr(0, at), std::string(path.substr(at + 1))};
}

class DirectoryTree final : public Tree {
  public:
    DirectoryTree(Fd root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}

    Result<std::vector<Entry>> list(std::string_view directory) const override {
        const auto at = open_directory(directory);
        if (!at) return fail(at.error());
        // A descriptor of its own: reading a directory moves its offset.
        const int fd = ::openat(*at, ".", kDirectoryFlags);
        if (fd < 0) return fail_errno(errno, directory);
        DIR* stream = ::fdopendir(fd);
        if (stream == nullptr) {
            Fd closes(fd);
            return fail_errno(errno, directory);
        }
        auto entries = read_entries(stream, *at, directory);
        ::closedir(stream);
        return entries;
    }

    Result<Entry> stat(std::string_view path) const override {
        if (path.empty()) {
            struct stat st = {};
            if (::fstat(root_.get(), &st) != 0) return fail_errno(errno, path);
            return make_entry("", st);
        }
        const auto [directory, name] = split(path);
        const auto at = is_confined(path) ? open_directory(directory) : refuse(path);
        if (!at) return fail(at.error());
        struct stat st = {};
        if (::fstatat(*at, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
            return fail_errno(errno, path);
        auto entry = make_entry(std::string(path), st);
        if (entry.kind == EntryKind::special)
            return fail(Kind::denied, "A link or a device of the source is not followed.",
                        std::string(path));
        return entry;
    }

    Result<std::string> read(std::string_view path, std::uint64_t offset,
                             std::uint64_t bytes) const override {
        if (auto ahead = ahead_ ? ahead_->reached(path) : OpenFile(); ahead.fd) {
            // It may have been opened while its writer was between two writes: its length is of now.
            struct stat st = {};
            if (::fstat(ahead.fd.get(), &st) == 0) ahead.bytes = static_cast<std::uint64_t>(st.st_size);
            file_ = std::move(ahead);
            file_path_ = path;
        }
        const auto fd = open_file(path);
        if (!fd) return fail(fd.error());
        // While it stays open it may grow: its length counts once.
        const auto size = std::exchange(file_.bytes, UINT64_MAX);
        return read_fd(*fd, offset, std::min(bytes, size - std::min(size, offset)));
    }

    void expect(std::vector<std::string> paths) const override {
        ahead_.reset();
        Fd root(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
        if (!root || paths.size() < kReadAheadWorth) return;
        // On another thread, so with another place where it reads.
        auto other = std::make_shared<DirectoryTree>(std::move(root), path_);
        ahead_ = std::make_unique<ReadAhead>(std::move(paths), [other](const std::string& path) {
            const auto fd = other->open_file(path);
            if (!fd) return OpenFile();
            ::posix_fadvise(*fd, 0, 0, POSIX_FADV_WILLNEED);
            // Many jobs read ahead: descriptors must be left for what can't do without.
            return *fd < kAheadDescriptorMax ? other->take_file() : OpenFile();
        });
    }

    std::string origin() const override { return cat("dir:", path_); }

  private:
    static tl::unexpected<Error> refuse(std::string_view path) {
        return fail(Kind::denied, "The path leads out of the source.", std::string(path));
    }

    static Result<std::vector<Entry>> read_entries(DIR* stream, int at,
                                                   std::string_view directory) {
        std::vector<Entry> entries;
        for (;;) {
            errno = 0;
            const auto* found = ::readdir(stream);
            if (found == nullptr && errno != 0) return fail_errno(errno, directory);
            if (found == nullptr) break;
            const std::string_view name = found->d_name;
            if (name == "." || name == "..") continue;
            if (entries.size() == kTreeEntriesMax)
                return fail(Kind::too_big, "A directory of the source has too many files.",
                            std::string(directory));
            struct stat st = {};
            if (::fstatat(at, found->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
                if (errno == ENOENT) continue;  // gone since: the old server is still running
                return fail_errno(errno, cat(directory, '/', name));
            }
            entries.push_back(
                make_entry(directory.empty() ? std::string(name) : cat(directory, '/', name), st));
        }
        std::sort(entries.begin(), entries.end(),
                  [](const Entry& a, const Entry& b) { return a.path < b.path; });
        return entries;
    }

    // The last directory and the last file stay open: a mailbox is read file by file, and of a file
    // first its head.
    Result<int> open_directory(std::string_view directory) const {
        if (directory.empty()) return root_.get();
        if (directory_ && directory == directory_path_) return directory_.get();
        if (!is_confined(directory)) return refuse(directory);
        Fd opened;
        for (std::size_t from = 0; from <= directory.size();) {
            const auto to = std::min(directory.find('/', from), directory.size());
            const std::string part(directory.substr(from, to - from));
            Fd next(::openat(opened ? opened.get() : root_.get(), part.c_str(), kDirectoryFlags));
            if (!next) return fail_errno(errno, directory);
            opened = std::move(next);
            from = to + 1;
        }
        directory_ = std::move(opened);
        directory_path_ = directory;
        return directory_.get();
    }

    Result<int> open_file(std::string_view path) const {
        if (file_.fd && path == file_path_) return file_.fd.get();
        if (!is_confined(path) || path.empty()) return refuse(path);
        const auto [directory, name] = split(path);
        const auto at = open_directory(directory);
        if (!at) return at;
        // Looked at before it is opened: opening a device can do something.
        struct stat st = {};
        if (::fstatat(*at, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
            return fail_errno(errno, path);
        if (!S_ISREG(st.st_mode))
            return fail(Kind::denied, "This is no ordinary file of the source.", std::string(path));
        Fd opened(::openat(*at, name.c_str(), kFileFlags));
        if (!opened) return fail_errno(errno, path);
        if (::fstat(opened.get(), &st) != 0) return fail_errno(errno, path);
        if (!S_ISREG(st.st_mode))
            return fail(Kind::denied, "This is no ordinary file of the source.", std::string(path));
        file_ = {std::move(opened), static_cast<std::uint64_t>(st.st_size)};
        file_path_ = path;
        return file_.fd.get();
    }
    OpenFile take_file() const {
        file_path_.clear();
        return std::exchange(file_, {});
    }

    Fd root_;
    std::string path_;
    mutable Fd directory_;
    mutable std::string directory_path_;
    mutable OpenFile file_;
    mutable std::string file_path_;
    mutable std::unique_ptr<ReadAhead> ahead_;
};

}  // namespace

Result<std::unique_ptr<Tree>> open_directory_tree(const std::string& path) {
    Fd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return fail_errno(errno, path);
    return std::make_unique<DirectoryTree>(std::move(root), path);
}

}  // namespace tayori::legacy

#include "common/legacy/pst/convert.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "common/base/text.h"

extern char** environ;

namespace tayori::legacy::pst {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kGib = 1024ULL * 1024 * 1024;
constexpr std::uint64_t kGrowth = 4;  // base64 and headers make a PST longer
constexpr int kLookMs = 500;          // between looks at how much there is

// Made empty, removed with everything in it.
class TemporaryDirectory {
  public:
    static Result<std::unique_ptr<TemporaryDirectory>> make() {
        std::error_code error;
        auto path = (fs::temp_directory_path(error) / "tayori-pst-XXXXXX").string();
        if (error || ::mkdtemp(path.data()) == nullptr) return fail(Kind::no_space, "No temporary directory can be made.", path);
        return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(path));
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }
    std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        std::error_code error;
        for (auto at = fs::recursive_directory_iterator(path_, error); !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
            std::error_code gone;
            if (const auto size = at->is_regular_file(gone) ? at->file_size(gone) : 0; !gone) sum += size;
        }
        return sum;
    }

  private:
    explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

class ConvertedTree final : public Tree {
  public:
    ConvertedTree(std::unique_ptr<TemporaryDirectory> directory, std::unique_ptr<Tree> tree, std::string origin)
        : directory_(std::move(directory)), tree_(std::move(tree)), origin_(std::move(origin)) {}
    Result<std::vector<Entry>> list(std::string_view directory) const override { return tree_->list(directory); }
    Result<Entry> stat(std::string_view path) const override { return tree_->stat(path); }
    Result<std::string> read(std::string_view path, std::uint64_t offset, std::uint64_t bytes) const override {
        return tree_->read(path, offset, bytes);
    }
    std::string origin() const override { return origin_; }

  private:
    std::unique_ptr<TemporaryDirectory> directory_;
    std::unique_ptr<Tree> tree_;
    std::string origin_;
};

// A process of its own group, so that its children go with it. Nothing of ours is inherited but the null device.
Result<pid_t> start(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    for (const int fd : {0, 1, 2}) ::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", fd == 0 ? O_RDONLY : O_WRONLY, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) return fail(Kind::unsupported, "PST files need the program readpst (Debian: pst-utils), which can't be started.", words[0]);
    return pid;
}

// Waits until it ends, is too late, or has written too much; then nothing of it is left running.
Result<void> wait_for(pid_t pid, const TemporaryDirectory& out, std::chrono::steady_clock::time_point deadline, std::uint64_t bytes_max) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // without it the waits below are just longer
    const char* reason = nullptr;
    auto kind = Kind::busy;
    for (bool ended = false; !ended && reason == nullptr;) {
        pollfd events{pidfd, POLLIN, 0};
        ::poll(&events, 1, kLookMs);
        siginfo_t info{};
        ended = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
        if (out.bytes() > bytes_max) {
            reason = "readpst has written more than a PST of this size can hold.";
            kind = Kind::too_big;
        } else if (!ended && std::chrono::steady_clock::now() > deadline) {
            reason = "readpst took too long.";
        }
    }
    if (pidfd >= 0) ::close(pidfd);
    ::kill(-pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (reason != nullptr) return fail(kind, reason);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(WIFEXITED(status) && WEXITSTATUS(status) == 127 ? Kind::unsupported : Kind::invalid, "readpst could not read the file.", cat("status ", status));
    return {};
}

}  // namespace

Result<std::unique_ptr<Tree>> convert(const std::string& path, ConvertLimits limits) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) return fail(Kind::not_found, "The PST file can't be read.", path);
    if (limits.bytes_max == 0) limits.bytes_max = kGrowth * size + kGib;
    auto directory = TemporaryDirectory::make();
    if (!directory) return fail(std::move(directory.error()));
    // -r: an mbox for each folder; -D: deleted items too; -t e: mails; -j 0: one process. A path never begins with "-".
    const auto file = fs::absolute(path, error).string();
    const auto deadline = std::chrono::steady_clock::now() + limits.deadline;
    const auto pid = start({limits.program, "-r", "-D", "-q", "-C", "cp932", "-t", "e", "-j", "0", "-o", (*directory)->path(), file});
    if (!pid) return fail(pid.error());
    if (auto ended = wait_for(*pid, **directory, deadline, limits.bytes_max); !ended) return fail(std::move(ended.error()));
    auto tree = open_tree((*directory)->path());
    if (!tree) return fail(std::move(tree.error()));
    return std::make_unique<ConvertedTree>(std::move(*directory), std::move(*tree), cat("pst:", file));
}

}  // namespace tayori::legacy::pst

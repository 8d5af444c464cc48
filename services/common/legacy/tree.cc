#include "common/legacy/tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/text.h"
#include "common/legacy/pst/convert.h"
#include "common/legacy/tree_kinds.h"

namespace tayori::legacy {
namespace {

// At once from the kernel; also what a wrong size in a mail's record may make us allocate.
constexpr std::size_t kReadStepBytes = 1024 * 1024;

}  // namespace

bool is_confined(std::string_view path) {
    if (path.empty()) return true;
    if (path.size() > kTreePathBytesMax || path.find('\0') != std::string_view::npos) return false;
    std::size_t depth = 0;
    for (std::size_t from = 0; from <= path.size();) {
        const auto to = std::min(path.find('/', from), path.size());
        const auto part = path.substr(from, to - from);
        if (part.empty() || part == "." || part == ".." || ++depth > kTreeDepthMax) return false;
        from = to + 1;
    }
    return true;
}

Result<std::string> read_fd(int fd, std::uint64_t offset, std::uint64_t bytes) {
    std::string out;
    while (out.size() < bytes) {
        const auto had = out.size();
        const auto step = std::min<std::uint64_t>(bytes - had, kReadStepBytes);
        out.resize(had + step);
        const auto n = ::pread(fd, out.data() + had, step, static_cast<off_t>(offset + had));
        if (n < 0 && errno == EINTR) {
            out.resize(had);
            continue;
        }
        if (n < 0)
            return fail(Kind::busy, "A file of the source could not be read.",
                        std::strerror(errno));
        out.resize(had + static_cast<std::size_t>(n));
        if (n == 0) break;
    }
    return out;
}

tl::unexpected<Error> fail_errno(int error, std::string_view path) {
    auto detail = cat(path, ": ", std::strerror(error));
    switch (error) {
        case ENOENT:
            return fail(Kind::not_found, "There is no such file in the source.", std::move(detail));
        case ELOOP:
        case ENOTDIR:
            return fail(Kind::denied, "The path leads over a link or a file.", std::move(detail));
        case EACCES:
        case EPERM:
            return fail(Kind::denied, "A file of the source may not be read by this user.",
                        std::move(detail));
        default:
            return fail(Kind::busy, "A file of the source could not be read.", std::move(detail));
    }
}

Result<std::string> Tree::read_all(std::string_view path, std::uint64_t bytes_max) const {
    auto bytes = read(path, 0, bytes_max + 1);
    if (bytes && bytes->size() > bytes_max)
        return fail(Kind::too_big, "A file of the source is larger than such a file may be.",
                    std::string(path));
    return bytes;
}

namespace {

bool begins_as_pst(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto head = fd ? read_fd(fd.get(), 0, pst::kMagic.size()) : Result<std::string>(std::string());
    return head && *head == pst::kMagic;
}

}  // namespace

Result<std::unique_ptr<Tree>> open_tree(const std::string& path) {
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) return fail_errno(errno, path);
    const std::string absolute = resolved;
    std::free(resolved);
    struct stat st = {};
    if (::stat(absolute.c_str(), &st) != 0) return fail_errno(errno, absolute);
    if (S_ISDIR(st.st_mode)) return open_directory_tree(absolute);
    if (S_ISREG(st.st_mode)) return begins_as_pst(absolute) ? pst::convert(absolute) : open_tar_tree(absolute);
    return fail(Kind::invalid, "The source is neither a directory nor a tar archive.", absolute);
}

const Entry* find_ignoring_case(const std::vector<Entry>& entries, std::string_view name) {
    const Entry* found = nullptr;
    for (const auto& entry : entries) {
        if (entry.name() == name) return &entry;
        if (found == nullptr && equals_ignoring_case(entry.name(), name)) found = &entry;
    }
    return found;
}

}  // namespace tayori::legacy

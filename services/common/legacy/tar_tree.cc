// A tar archive as a tree. One pass at the start makes the table of contents; bodies are then read
// at their offsets. A compressed archive is unpacked in that pass into one unnamed file beside the
// system's temporary files, since gzip can't be entered in the middle.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "common/base/text.h"
#include "common/legacy/tree_kinds.h"

namespace tayori::legacy {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

struct Node {
    Entry entry;
    std::uint64_t offset = 0;
};
// Sorted by path: what lies below a directory lies together.
using Nodes = std::map<std::string, Node, std::less<>>;

class TarTree final : public Tree {
  public:
    TarTree(Fd bodies, std::string path, Nodes nodes, std::vector<Entry> outside)
        : bodies_(std::move(bodies)),
          path_(std::move(path)),
          nodes_(std::move(nodes)),
          outside_(std::move(outside)) {}

    Result<std::vector<Entry>> list(std::string_view directory) const override {
        std::string prefix;
        if (!directory.empty()) {
            const auto found = find(directory);
            if (!found) return fail(found.error());
            if ((*found)->entry.kind != EntryKind::directory) return fail_errno(ENOTDIR, directory);
            prefix = cat(directory, '/');
        }
        std::vector<Entry> entries;
        for (auto it = nodes_.lower_bound(prefix); it != nodes_.end();) {
            if (!it->first.starts_with(prefix)) break;
            const auto deeper = it->first.find('/', prefix.size());
            if (deeper == std::string::npos) {
                entries.push_back((it++)->second.entry);
            } else {  // behind everything below this child: '0' follows '/'
                it = nodes_.lower_bound(cat(std::string_view(it->first).substr(0, deeper), '0'));
            }
        }
        if (directory.empty()) entries.insert(entries.end(), outside_.begin(), outside_.end());
        return entries;
    }

    Result<Entry> stat(std::string_view path) const override {
        if (path.empty()) return Entry{"", EntryKind::directory, 0, 0};
        const auto found = find(path);
        if (!found) return fail(found.error());
        return (*found)->entry;
    }

    Result<std::string> read(std::string_view path, std::uint64_t offset,
                             std::uint64_t bytes) const override {
        const auto found = find(path);
        if (!found) return fail(found.error());
        const auto& node = **found;
        if (node.entry.kind != EntryKind::file)
            return fail(Kind::denied, "This is no ordinary file of the source.", std::string(path));
        const auto from = std::min(offset, node.entry.bytes);
        return read_fd(bodies_.get(), node.offset + from, std::min(bytes, node.entry.bytes - from));
    }

    std::string origin() const override { return cat("tar:", path_); }

  private:
    Result<const Node*> find(std::string_view path) const {
        if (!is_confined(path))
            return fail(Kind::denied, "The path leads out of the source.", std::string(path));
        const auto it = nodes_.find(path);
        if (it == nodes_.end()) return fail_errno(ENOENT, path);
        if (it->second.entry.kind == EntryKind::special)
            return fail(Kind::denied, "A link or a device of the source is not followed.",
                        std::string(path));
        return &it->second;
    }

    Fd bodies_;
    std::string path_;
    Nodes nodes_;
    std::vector<Entry> outside_;
};

// libarchive turns names into the locale's charset; in this one they stay what they are.
class Utf8Locale {
  public:
    Utf8Locale() : made_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
        if (made_ != nullptr) before_ = ::uselocale(made_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;
    ~Utf8Locale() {
        if (made_ == nullptr) return;
        ::uselocale(before_);
        ::freelocale(made_);
    }

  private:
    locale_t made_;
    locale_t before_ = nullptr;
};

struct CloseArchive {
    void operator()(archive* a) const { ::archive_read_free(a); }
};

Fd temporary_file() {
    const char* folder = std::getenv("TMPDIR");
    std::string path = folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
    Fd file(::open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
    path += "/tayori-source-XXXXXX";  // a file system without O_TMPFILE
    Fd named(::mkostemp(path.data(), O_CLOEXEC));
    if (named) ::unlink(path.c_str());
    return named;
}

// "./a/b/" as "a/b".
std::string plain_path(std::string_view name) {
    while (name.starts_with("./")) name.remove_prefix(2);
    while (name.size() > 1 && name.back() == '/') name.remove_suffix(1);
    if (name == ".") name = {};
    return std::string(name);
}

class Scan {
  public:
    Scan(archive* a, int unpacked) : archive_(a), unpacked_(unpacked) {}

    Result<void> run() {
        for (;;) {
            archive_entry* entry = nullptr;
            const int status = ::archive_read_next_header(archive_, &entry);
            if (status == ARCHIVE_EOF) return {};
            if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return broken();
            if (nodes_.size() + outside_.size() >= kTreeEntriesMax)
                return fail(Kind::too_big, "The archive has too many files.");
            auto taken = take(entry);
            if (!taken) return taken;
        }
    }
    Nodes nodes() { return std::move(nodes_); }
    std::vector<Entry> outside() { return std::move(outside_); }

  private:
    Result<void> broken() {
        const char* why = ::archive_error_string(archive_);
        return fail(Kind::corrupt, "The archive is damaged or cut off.", why == nullptr ? "" : why);
    }

    Result<void> take(archive_entry* entry) {
        const char* name = ::archive_entry_pathname(entry);
        Node node;
        node.entry.path = plain_path(name == nullptr ? "" : name);
        node.entry.mtime_s = ::archive_entry_mtime(entry);
        if (node.entry.path.empty()) return {};  // the root itself
        if (!is_confined(node.entry.path)) {
            node.entry.kind = EntryKind::special;
            outside_.push_back(std::move(node.entry));
            return {};
        }
        auto filled = fill(entry, node);
        if (!filled) return filled;
        return put(std::move(node));
    }

    Result<void> fill(archive_entry* entry, Node& node) {
        node.entry.kind = EntryKind::special;
        if (const char* target = ::archive_entry_hardlink(entry)) {
            // A second name of a file that came before, as Dovecot makes them when it copies a
            // mail.
            const auto it = nodes_.find(plain_path(target));
            if (it == nodes_.end() || it->second.entry.kind != EntryKind::file) return {};
            node.offset = it->second.offset;
            node.entry.bytes = it->second.entry.bytes;
            node.entry.mtime_s = it->second.entry.mtime_s;
            node.entry.kind = EntryKind::file;
            return {};
        }
        const auto type = ::archive_entry_filetype(entry);
        if (type == AE_IFDIR) node.entry.kind = EntryKind::directory;
        if (type != AE_IFREG) return {};
        node.entry.kind = EntryKind::file;
        node.entry.bytes = static_cast<std::uint64_t>(::archive_entry_size(entry));
        if (unpacked_ >= 0) return unpack(node);
        // With holes it does not lie in one piece; nothing that holds mail is written so.
        if (::archive_entry_sparse_count(entry) > 0) node.entry.kind = EntryKind::special;
        node.offset = static_cast<std::uint64_t>(::archive_filter_bytes(archive_, 0));
        return {};
    }

    Result<void> unpack(Node& node) {
        node.offset = unpacked_bytes_;
        if (::archive_read_data_into_fd(archive_, unpacked_) < ARCHIVE_WARN) return broken();
        // It leaves holes at the end out of the file's size, and takes the offset of the descriptor
        // as the file's start.
        unpacked_bytes_ += node.entry.bytes;
        if (::ftruncate(unpacked_, static_cast<off_t>(unpacked_bytes_)) != 0 ||
            ::lseek(unpacked_, static_cast<off_t>(unpacked_bytes_), SEEK_SET) < 0)
            return fail(Kind::no_space,
                        "The archive could not be unpacked into the temporary folder.",
                        std::strerror(errno));
        return {};
    }

    Result<void> put(Node node) {
        const std::string path = node.entry.path;
        for (auto at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
            const auto parent = path.substr(0, at);
            const auto it =
                nodes_.try_emplace(parent, Node{{parent, EntryKind::directory, 0, 0}, 0});
            if (it.first->second.entry.kind != EntryKind::directory) return contradiction(path);
        }
        const auto before = nodes_.find(path);
        if (before != nodes_.end() && (before->second.entry.kind == EntryKind::directory) !=
                                          (node.entry.kind == EntryKind::directory))
            return contradiction(path);
        nodes_[path] = std::move(node);  // a name that comes twice: the last one counts, as for tar
        return {};
    }

    static Result<void> contradiction(const std::string& path) {
        return fail(Kind::corrupt, "The archive has files below something that is no directory.",
                    path);
    }

    archive* archive_;
    int unpacked_;  // -1: bodies stay where they are
    std::uint64_t unpacked_bytes_ = 0;
    Nodes nodes_;
    std::vector<Entry> outside_;
};

bool is_compressed(std::string_view first) {
    return first.starts_with("\x1f\x8b") || first.starts_with("\x28\xb5\x2f\xfd");
}

// A plain archive that was cut off within its last file reads well up to there.
Result<void> check_ends(const Nodes& nodes, const Fd& file) {
    struct stat st = {};
    if (::fstat(file.get(), &st) != 0) return fail_errno(errno, "");
    for (const auto& [path, node] : nodes)
        if (node.entry.kind == EntryKind::file &&
            node.offset + node.entry.bytes > static_cast<std::uint64_t>(st.st_size))
            return fail(Kind::corrupt, "The archive is damaged or cut off.", path);
    return {};
}

}  // namespace

Result<std::unique_ptr<Tree>> open_tar_tree(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail_errno(errno, path);
    const auto first = read_fd(file.get(), 0, 4);
    if (!first) return fail(first.error());
    Fd unpacked;
    if (is_compressed(*first)) {
        unpacked = temporary_file();
        if (!unpacked)
            return fail(Kind::no_space, "There is no temporary folder to unpack the archive into.");
    }
    const Utf8Locale locale;
    std::unique_ptr<archive, CloseArchive> a(::archive_read_new());
    ::archive_read_support_format_tar(a.get());
    ::archive_read_support_filter_gzip(a.get());
    ::archive_read_support_filter_zstd(a.get());
    if (::archive_read_open_fd(a.get(), file.get(), kBlockBytes) != ARCHIVE_OK)
        return fail(Kind::invalid, "The source is neither a directory nor a tar archive.",
                    ::archive_error_string(a.get()));
    Scan scan(a.get(), unpacked ? unpacked.get() : -1);
    if (const auto done = scan.run(); !done) {
        auto error = done.error();
        // Nothing was read at all: it never was a tar.
        if (::archive_file_count(a.get()) == 0) error.kind = Kind::invalid;
        return fail(std::move(error));
    }
    auto nodes = scan.nodes();
    auto& bodies = unpacked ? unpacked : file;
    if (const auto whole = check_ends(nodes, bodies); !whole) return fail(whole.error());
    return std::make_unique<TarTree>(std::move(bodies), path, std::move(nodes), scan.outside());
}

}  // namespace tayori::legacy

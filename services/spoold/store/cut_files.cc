#include "spoold/store/cut_files.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::store {
namespace {

tl::unexpected<Error> power_is_off() { return fail(Kind::busy, "The disk reports an error.", "no power"); }
tl::unexpected<Error> disk_failure() { return fail(Kind::busy, "The disk reports an error.", "simulated"); }
tl::unexpected<Error> disk_full() { return fail(Kind::no_space, "The disk is full.", "simulated"); }

std::string normal(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (c != '/' || out.empty() || out.back() != '/') out.push_back(c);
    }
    if (out.size() > 1 && out.back() == '/') out.pop_back();
    return out;
}

std::string parent_of(const std::string& path) { return std::string(parent_directory(path)); }

}  // namespace

class CutFiles::CutFile final : public File {
  public:
    CutFile(CutFiles& owner, std::unique_ptr<File> reader, InodePtr inode)
        : owner_(owner), generation_(owner.generation_), reader_(std::move(reader)), inode_(std::move(inode)) {}

    ~CutFile() override {
        const std::lock_guard lock(owner_.mutex_);
        if (inode_) owner_.closed(std::move(inode_));
    }

    Result<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t bytes) const override {
        {
            const std::lock_guard lock(owner_.mutex_);
            if (dead()) return power_is_off();
        }
        return reader_ ? reader_->read_at(offset, to, bytes) : inode_->file->read_at(offset, to, bytes);
    }
    Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        const std::lock_guard lock(owner_.mutex_);
        return dead() ? power_is_off() : owner_.write(*inode_, offset, pieces);
    }
    Result<void> sync() override {
        const std::lock_guard lock(owner_.mutex_);
        return dead() ? power_is_off() : owner_.sync(*inode_);
    }
    Result<void> resize(std::uint64_t bytes) override {
        const std::lock_guard lock(owner_.mutex_);
        return dead() ? power_is_off() : owner_.resize(*inode_, bytes);
    }
    Result<void> preallocate(std::uint64_t bytes) override {
        const std::lock_guard lock(owner_.mutex_);
        return dead() ? power_is_off() : owner_.preallocate(*inode_, bytes);
    }
    Result<std::uint64_t> size() const override {
        const std::lock_guard lock(owner_.mutex_);
        if (dead()) return power_is_off();
        return reader_ ? reader_->size() : inode_->file->size();
    }

  private:
    bool dead() const { return owner_.off_ || generation_ != owner_.generation_; }
    CutFiles& owner_;
    const std::uint64_t generation_;
    std::unique_ptr<File> reader_;  // of a file that is only read
    InodePtr inode_;
};

CutFiles::CutFiles(Files& real, std::string root, Syncs syncs)
    : real_(real), root_(normal(root)), how_(syncs) {
    (void)remove_tree(real_, cat(root_, "/", kSavedDirectory));
}

CutFiles::~CutFiles() { (void)remove_tree(real_, cat(root_, "/", kSavedDirectory)); }

void CutFiles::fail_write(std::uint64_t n) {
    const std::lock_guard lock(mutex_);
    fail_write_at_ = n == 0 ? 0 : writes_ + n;
}
void CutFiles::fail_sync(std::uint64_t n) {
    const std::lock_guard lock(mutex_);
    fail_sync_at_ = n == 0 ? 0 : syncs_ + n;
}
void CutFiles::cut_at(std::uint64_t n) {
    const std::lock_guard lock(mutex_);
    cut_at_ = n == 0 ? 0 : operations_ + n;
}
void CutFiles::cut_at_sync(std::uint64_t n) {
    const std::lock_guard lock(mutex_);
    cut_at_sync_ = n == 0 ? 0 : syncs_ + n;
}
void CutFiles::cut() {
    const std::lock_guard lock(mutex_);
    go_off();
}
void CutFiles::on_cut(std::function<void()> action) {
    const std::lock_guard lock(mutex_);
    on_cut_ = std::move(action);
}
void CutFiles::limit_space(std::optional<std::uint64_t> bytes) {
    const std::lock_guard lock(mutex_);
    space_ = bytes;
}
std::uint64_t CutFiles::operations() const {
    const std::lock_guard lock(mutex_);
    return operations_;
}
std::uint64_t CutFiles::syncs() const {
    const std::lock_guard lock(mutex_);
    return syncs_;
}
bool CutFiles::is_off() const {
    const std::lock_guard lock(mutex_);
    return off_;
}

void CutFiles::go_off() {
    if (std::exchange(off_, true)) return;
    if (on_cut_) on_cut_();
}

Result<void> CutFiles::begin(Operation operation, bool& goes_off) {
    goes_off = false;
    if (off_) return power_is_off();
    ++operations_;
    if (operation == Operation::write) ++writes_;
    if (operation == Operation::sync) ++syncs_;
    if (operation == Operation::write && writes_ == fail_write_at_) return disk_failure();
    goes_off = operations_ == cut_at_ || (operation == Operation::sync && syncs_ == cut_at_sync_);
    return {};
}

bool CutFiles::take_space(std::uint64_t bytes) {
    if (!space_) return true;
    if (*space_ < bytes) return false;
    *space_ -= bytes;
    return true;
}

void CutFiles::give_space(std::uint64_t bytes) {
    if (space_) *space_ += bytes;
}

// --- bytes

// Keeps what the sectors of [from, to) were, where that is not known already.
Result<void> CutFiles::remember(Inode& inode, std::uint64_t from, std::uint64_t to) {
    for (auto sector = from / kSectorBytes; sector * kSectorBytes < to; ++sector) {
        const auto [entry, fresh] = inode.dirty.try_emplace(sector);
        entry->second.forgotten = false;
        const auto at = sector * kSectorBytes;
        if (!fresh || at >= inode.synced_bytes) continue;
        auto& before = entry->second.before;
        before.resize(std::min(kSectorBytes, inode.synced_bytes - at));
        auto got = inode.file->read_at(at, before.data(), before.size());
        if (!got) return fail(got.error());
        before.resize(*got);
    }
    return {};
}

Result<void> CutFiles::write(Inode& inode, std::uint64_t offset, std::span<const std::string_view> pieces) {
    bool goes_off = false;
    if (auto go = begin(Operation::write, goes_off); !go) return go;
    std::string joined;
    for (const auto piece : pieces) joined.append(piece);
    bool full = false;
    if (const auto end = offset + joined.size(); end > inode.bytes && !take_space(end - inode.bytes)) {
        full = true;  // as much as fits is written, as a real disk does
        const auto room = inode.bytes + space_.value_or(0);
        joined.resize(room > offset ? std::min<std::uint64_t>(room - offset, joined.size()) : 0);
        space_ = 0;
    }
    if (auto kept = remember(inode, offset, offset + joined.size()); !kept) return kept;
    if (auto done = inode.file->write_at(offset, joined); !done) return done;
    inode.bytes = std::max<std::uint64_t>(inode.bytes, offset + joined.size());
    if (goes_off) {
        go_off();
        return power_is_off();
    }
    return full ? disk_full() : Result<void>();
}

Result<void> CutFiles::sync(Inode& inode) {
    bool goes_off = false;
    if (auto go = begin(Operation::sync, goes_off); !go) return go;
    if (goes_off) {
        go_off();
        return power_is_off();
    }
    if (syncs_ == fail_sync_at_) {
        for (auto& [number, sector] : inode.dirty) sector.forgotten = true;
        return disk_failure();
    }
    if (how_ == Syncs::real) {
        if (auto done = inode.file->sync(); !done) return done;
    }
    std::erase_if(inode.dirty, [](const auto& entry) { return !entry.second.forgotten; });
    inode.synced_bytes = inode.bytes;
    return {};
}

Result<void> CutFiles::resize(Inode& inode, std::uint64_t bytes) {
    bool goes_off = false;
    if (auto go = begin(Operation::write, goes_off); !go) return go;
    if (bytes > inode.bytes && !take_space(bytes - inode.bytes)) return disk_full();
    if (bytes < inode.bytes) {
        give_space(inode.bytes - bytes);
        if (auto kept = remember(inode, bytes, inode.bytes); !kept) return kept;
    }
    if (auto done = inode.file->resize(bytes); !done) return done;
    inode.bytes = bytes;
    if (!goes_off) return {};
    go_off();
    return power_is_off();
}

Result<void> CutFiles::preallocate(Inode& inode, std::uint64_t bytes) {
    if (bytes <= inode.bytes) return off_ ? Result<void>(power_is_off()) : Result<void>();
    return resize(inode, bytes);
}

// Nobody has it open any more (two owners: the table and the caller), and nothing of it can be lost.
void CutFiles::closed(InodePtr inode) {
    const auto found = inodes_.find(inode->identity);
    if (found == inodes_.end() || found->second != inode) return;
    if (inode.use_count() == 2 && inode->clean()) inodes_.erase(found);
}

// --- names

// A second name for what is about to lose its own.
Result<void> CutFiles::save(const std::string& path, std::string& saved) {
    const auto directory = cat(root_, "/", kSavedDirectory);
    if (auto made = real_.make_directory(directory); !made && made.error().kind != Kind::exists) return made;
    saved = cat(directory, "/", ++saved_count_);
    return real_.link(path, saved);
}

void CutFiles::drop_saved(const std::string& saved) {
    if (saved.empty()) return;
    if (auto info = real_.info(saved); info && info->links == 1) {
        inodes_.erase(info->identity);
        give_space(info->bytes);
    }
    (void)real_.remove(saved);
}

Result<void> CutFiles::note(Change change, bool goes_off) {
    auto directory = parent_of(change.path);
    pending_[std::move(directory)].push_back(std::move(change));
    if (!goes_off) return {};
    go_off();
    return power_is_off();
}

Result<std::unique_ptr<File>> CutFiles::open(const std::string& raw_path, OpenMode mode) {
    const auto path = normal(raw_path);
    const std::lock_guard lock(mutex_);
    if (off_) return power_is_off();
    if (mode == OpenMode::read) {
        auto file = real_.open(path, OpenMode::read);
        if (!file) return file;
        return std::make_unique<CutFile>(*this, std::move(*file), nullptr);
    }
    const bool creates = mode != OpenMode::write;
    bool goes_off = false;
    Change change;
    change.path = path;
    if (creates) {
        if (auto go = begin(Operation::name, goes_off); !go) return fail(go.error());
        if (mode == OpenMode::replace && real_.info(path)) {
            if (auto saved = save(path, change.saved); !saved) return fail(saved.error());
            if (auto removed = real_.remove(path); !removed) return fail(removed.error());
        }
    }
    auto file = real_.open(path, creates ? OpenMode::create : mode);
    if (!file) return file;
    auto info = real_.info(path);
    if (!info) return fail(info.error());
    auto& inode = inodes_[info->identity];
    if (creates || !inode) {
        inode = std::make_shared<Inode>();
        inode->identity = info->identity;
        inode->file = std::move(*file);
        inode->bytes = inode->synced_bytes = info->bytes;
    }
    const auto opened = inode;
    if (creates) {
        if (auto noted = note(std::move(change), goes_off); !noted) return fail(noted.error());
    }
    return std::make_unique<CutFile>(*this, nullptr, opened);
}

Result<FileInfo> CutFiles::info(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (off_) return power_is_off();
    return real_.info(path);
}

Result<std::vector<std::string>> CutFiles::list(const std::string& directory) {
    const std::lock_guard lock(mutex_);
    if (off_) return power_is_off();
    auto names = real_.list(directory);
    if (names) std::erase(*names, kSavedDirectory);
    return names;
}

Result<void> CutFiles::rename(const std::string& raw_from, const std::string& raw_to) {
    const std::lock_guard lock(mutex_);
    bool goes_off = false;
    if (auto go = begin(Operation::name, goes_off); !go) return go;
    Change change;
    change.what = Change::What::renamed;
    change.from = normal(raw_from);
    change.path = normal(raw_to);
    auto source = real_.info(change.from);
    if (!source) return fail(source.error());
    if (!source->directory && real_.info(change.path)) {
        if (auto saved = save(change.path, change.saved); !saved) return saved;
    }
    if (auto done = real_.rename(change.from, change.path); !done) return done;
    if (source->directory) rekey(change.from, change.path);
    return note(std::move(change), goes_off);
}

// A directory got another name: so did everything in it.
void CutFiles::rekey(const std::string& from, const std::string& to) {
    const auto moved = [&](const std::string& path) {
        return path == from || path.starts_with(cat(from, "/")) ? cat(to, path.substr(from.size())) : path;
    };
    std::map<std::string, std::vector<Change>> renamed;
    for (auto& [directory, changes] : pending_) {
        const auto now = moved(directory);
        if (now != directory) {
            for (auto& change : changes) {
                change.path = moved(change.path);
                change.from = moved(change.from);
            }
        }
        renamed[now] = std::move(changes);
    }
    pending_ = std::move(renamed);
}

Result<void> CutFiles::link(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    bool goes_off = false;
    if (auto go = begin(Operation::name, goes_off); !go) return go;
    if (auto done = real_.link(normal(from), normal(to)); !done) return done;
    Change change;
    change.path = normal(to);
    return note(std::move(change), goes_off);
}

Result<void> CutFiles::remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    bool goes_off = false;
    if (auto go = begin(Operation::name, goes_off); !go) return go;
    Change change;
    change.what = Change::What::removed;
    change.path = normal(path);
    if (auto saved = save(change.path, change.saved); !saved) return saved;
    if (auto done = real_.remove(change.path); !done) return done;
    return note(std::move(change), goes_off);
}

Result<void> CutFiles::make_directory(const std::string& path) {
    const std::lock_guard lock(mutex_);
    bool goes_off = false;
    if (auto go = begin(Operation::name, goes_off); !go) return go;
    Change change;
    change.what = Change::What::made_directory;
    change.path = normal(path);
    if (auto done = real_.make_directory(change.path); !done) return done;
    return note(std::move(change), goes_off);
}

Result<void> CutFiles::remove_directory(const std::string& path) {
    const std::lock_guard lock(mutex_);
    bool goes_off = false;
    if (auto go = begin(Operation::name, goes_off); !go) return go;
    Change change;
    change.what = Change::What::removed_directory;
    change.path = normal(path);
    if (auto done = real_.remove_directory(change.path); !done) return done;
    // What was removed in it can only come back with it: it is undone after the directory is there again.
    if (const auto inside = pending_.find(change.path); inside != pending_.end()) {
        auto changes = std::move(inside->second);
        pending_.erase(inside);
        auto& outer = pending_[parent_of(change.path)];
        std::move(changes.begin(), changes.end(), std::back_inserter(outer));
    }
    return note(std::move(change), goes_off);
}

Result<void> CutFiles::sync_directory(const std::string& path) {
    const std::lock_guard lock(mutex_);
    bool goes_off = false;
    if (auto go = begin(Operation::sync, goes_off); !go) return go;
    if (goes_off) {
        go_off();
        return power_is_off();
    }
    if (syncs_ == fail_sync_at_) return disk_failure();
    if (how_ == Syncs::real) {
        if (auto done = real_.sync_directory(path); !done) return done;
    }
    const auto found = pending_.find(normal(path));
    if (found == pending_.end()) return {};
    for (const auto& change : found->second) drop_saved(change.saved);
    pending_.erase(found);
    return {};
}

Result<std::uint64_t> CutFiles::free_bytes(const std::string& directory) {
    const std::lock_guard lock(mutex_);
    if (off_) return power_is_off();
    if (space_) return *space_;
    return real_.free_bytes(directory);
}

Result<std::unique_ptr<FileLock>> CutFiles::lock(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (off_) return power_is_off();
    return real_.lock(path);
}

}  // namespace tayori::store

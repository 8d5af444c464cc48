// What a disk holds after its power failed: of everything that was not synced some is gone, some torn, some kept.
#include <algorithm>

#include "common/base/text.h"
#include "spoold/store/cut_files.h"

namespace tayori::store {

void CutFiles::forget_bytes(Inode& inode, std::mt19937_64& random) {
    enum Fate { gone, torn, kept } const fate = static_cast<Fate>(random() % 3);
    auto bytes = inode.bytes;
    if (fate == gone || (fate == torn && random() % 2 == 0)) bytes = inode.synced_bytes;
    if (fate == torn && inode.bytes > inode.synced_bytes && random() % 2 == 0) {
        bytes = inode.synced_bytes + random() % (inode.bytes - inode.synced_bytes + 1);
    }
    for (const auto& [number, sector] : inode.dirty) {
        if (fate == kept || (fate == torn && random() % 2 == 0)) continue;
        auto before = sector.before;
        before.resize(kSectorBytes, '\0');
        (void)inode.file->write_at(number * kSectorBytes, before);
    }
    (void)inode.file->resize(bytes);
}

void CutFiles::forget(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (auto& [identity, inode] : inodes_) {
        if (!inode->clean()) forget_bytes(*inode, random);
    }
    forget_names(random);
    inodes_.clear();
    pending_.clear();
    (void)remove_tree(real_, cat(root_, "/", kSavedDirectory));
}

void CutFiles::power_on(std::uint64_t seed) {
    const std::lock_guard lock(mutex_);
    forget(seed);
    ++generation_;
    off_ = false;
    cut_at_ = cut_at_sync_ = fail_write_at_ = fail_sync_at_ = 0;
}

void CutFiles::undo(const Change& change) {
    switch (change.what) {
        case Change::What::made:
            (void)real_.remove(change.path);
            break;
        case Change::What::renamed: (void)real_.rename(change.path, change.from); break;
        case Change::What::made_directory: (void)remove_tree(real_, change.path); return;
        case Change::What::removed_directory: (void)real_.make_directory(change.path); return;
        case Change::What::removed: break;
    }
    if (!change.saved.empty()) (void)real_.rename(change.saved, change.path);
}

// The file system keeps the order of changes in one directory, but not between directories.
void CutFiles::forget_names(std::mt19937_64& random) {
    // Deeper directories first: while they still have the names that they have now.
    std::vector<std::pair<std::string, std::vector<Change>>> all(pending_.begin(), pending_.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    for (const auto& [directory, changes] : all) {
        std::size_t kept = 0;
        switch (random() % 3) {
            case 0: break;
            case 1: kept = changes.size(); break;
            default: kept = random() % (changes.size() + 1); break;
        }
        for (auto i = changes.size(); i > kept; --i) undo(changes[i - 1]);
    }
}

}  // namespace tayori::store

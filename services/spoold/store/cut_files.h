// CutFiles: a disk whose power can fail. It works on real files, and remembers what the disk would not have to
// remember: bytes and lengths since a file's last sync, names made, renamed and removed since a directory's. A power cut
// then makes each of these gone, torn (some sectors, some of the names in order) or kept, at random by a seed.
//
// It can also fail the n-th write or sync and be full. After a failed sync what it should have covered stays
// forgettable until it is written again: Linux marks pages clean when it could not write them, so a later sync that
// succeeds says nothing about them.
//
// Used by unit tests, and by spoold itself in system tests (power_cut.h). Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>

#include "spoold/store/files.h"

namespace tayori::store {

class CutFiles final : public Files {
  public:
    enum class Syncs {
        noted,  // only remembered: fast, and enough for every simulated cut
        real,   // also done, so that timing is as in earnest
    };
    // Keeps what was removed under root/.cut until that is certain. All paths must lie under root.
    CutFiles(Files& real, std::string root, Syncs syncs = Syncs::noted);
    ~CutFiles() override;

    // The n-th next write (sync) fails, once; 1 is the next one.
    void fail_write(std::uint64_t n);
    void fail_sync(std::uint64_t n);
    // The n-th next write, sync or change of a directory is the last: it may or may not have happened, and everything
    // fails from then on, until power_on().
    void cut_at(std::uint64_t n);
    void cut_at_sync(std::uint64_t n);
    // The same, now.
    void cut();
    // What the disk holds after the cut, and it works again. Files opened before stay dead.
    void power_on(std::uint64_t seed);
    // Called once when the power goes, under the lock: for a process that is to end with it.
    void on_cut(std::function<void()> action);
    // For on_cut's action: makes the disk what it is after the cut.
    void forget(std::uint64_t seed);

    // Nothing can grow by more than so many bytes altogether; nullopt: as much as the real disk lets.
    void limit_space(std::optional<std::uint64_t> bytes);

    std::uint64_t operations() const;  // writes, syncs and directory changes so far
    std::uint64_t syncs() const;
    bool is_off() const;

    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
    Result<FileInfo> info(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> link(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> remove_directory(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::uint64_t> free_bytes(const std::string& directory) override;
    Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

  private:
    static constexpr std::uint64_t kSectorBytes = 512;  // what a disk writes whole or not at all
    static constexpr std::string_view kSavedDirectory = ".cut";

    class CutFile;
    friend class CutFile;

    // A file, however many names it has.
    struct Sector {
        std::string before;     // as synced last; shorter than a sector at the end of the file
        bool forgotten = false;  // a sync of it failed
    };
    struct Inode {
        std::uint64_t identity = 0;
        std::shared_ptr<File> file;
        std::uint64_t bytes = 0;
        std::uint64_t synced_bytes = 0;
        std::map<std::uint64_t, Sector> dirty;
        bool clean() const { return dirty.empty() && bytes == synced_bytes; }
    };
    using InodePtr = std::shared_ptr<Inode>;

    struct Change {
        enum class What { made, removed, renamed, made_directory, removed_directory } what = What::made;
        std::string path;
        std::string from;   // renamed
        std::string saved;  // removed, or renamed over: the old file's name under .cut
    };

    enum class Operation { write, sync, name };
    // Refuses when the power is off or this operation is to fail.
    Result<void> begin(Operation operation, bool& goes_off);
    void go_off();
    Result<void> save(const std::string& path, std::string& saved);
    Result<void> note(Change change, bool goes_off);
    void closed(InodePtr inode);
    void drop_saved(const std::string& saved);
    void undo(const Change& change);
    void rekey(const std::string& from, const std::string& to);
    void forget_names(std::mt19937_64& random);
    void forget_bytes(Inode& inode, std::mt19937_64& random);
    bool take_space(std::uint64_t bytes);
    void give_space(std::uint64_t bytes);

    Result<void> write(Inode& inode, std::uint64_t offset, std::span<const std::string_view> pieces);
    Result<void> sync(Inode& inode);
    Result<void> resize(Inode& inode, std::uint64_t bytes);
    Result<void> preallocate(Inode& inode, std::uint64_t bytes);
    Result<void> remember(Inode& inode, std::uint64_t from, std::uint64_t to);

    Files& real_;
    const std::string root_;
    const Syncs how_;

    mutable std::mutex mutex_;
    std::map<std::uint64_t, InodePtr> inodes_;  // by identity
    std::map<std::string, std::vector<Change>> pending_;  // by directory
    std::uint64_t saved_count_ = 0;
    std::uint64_t generation_ = 0;
    bool off_ = false;
    std::function<void()> on_cut_;
    std::uint64_t operations_ = 0, writes_ = 0, syncs_ = 0;
    std::uint64_t fail_write_at_ = 0, fail_sync_at_ = 0, cut_at_ = 0, cut_at_sync_ = 0;
    std::optional<std::uint64_t> space_;
};

}  // namespace tayori::store

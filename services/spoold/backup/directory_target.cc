#include <map>
#include <mutex>

#include "common/base/text.h"
#include "spoold/backup/target.h"

namespace tayori::spool {
namespace {

// What is written is handed to the disk in pieces of this size: a file as a whole at its end would make everybody wait,
// the store's own syncs too.
constexpr std::uint64_t kSyncBytes = 8ull << 20;

class FileWriter final : public Target::Writer {
  public:
    FileWriter(store::Files& files, std::unique_ptr<store::File> file, std::string path)
        : files_(files), file_(std::move(file)), path_(std::move(path)) {}

    Result<void> append(std::string_view bytes) override {
        if (auto done = file_->write_at(end_, bytes); !done) return done;
        end_ += bytes.size();
        unsynced_ += bytes.size();
        if (unsynced_ < kSyncBytes) return {};
        unsynced_ = 0;
        return file_->sync();
    }
    Result<void> finish() override {
        if (auto done = file_->sync(); !done) return done;
        return files_.sync_directory(std::string(store::parent_directory(path_)));
    }

  private:
    store::Files& files_;
    std::unique_ptr<store::File> file_;
    const std::string path_;
    std::uint64_t end_ = 0;
    std::uint64_t unsynced_ = 0;
};

class DirectoryTarget final : public Target {
  public:
    DirectoryTarget(store::Files& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

    Result<std::vector<std::string>> list(const std::string& name) override {
        auto names = files_.list(path(name));
        if (!names && names.error().kind == Kind::not_found) return std::vector<std::string>();
        return names;
    }
    Result<std::unique_ptr<Writer>> create(const std::string& name) override {
        if (auto made = make_parents(path(name)); !made) return fail(std::move(made.error()));
        auto file = files_.open(path(name), store::OpenMode::replace);
        if (!file) return fail(std::move(file.error()));
        return std::make_unique<FileWriter>(files_, std::move(*file), path(name));
    }
    Result<void> put(const std::string& name, std::string_view bytes) override {
        if (auto made = make_parents(path(name)); !made) return made;
        return store::replace_file(files_, path(name), bytes);
    }
    Result<std::size_t> read(const std::string& name, std::uint64_t offset, char* to, std::size_t bytes) override {
        auto file = open(name);
        if (!file) return fail(std::move(file.error()));
        return (*file)->read_at(offset, to, bytes);
    }
    Result<std::uint64_t> size(const std::string& name) override {
        auto info = files_.info(path(name));
        if (!info) return fail(std::move(info.error()));
        return info->bytes;
    }
    Result<void> remove(const std::string& name) override {
        auto info = files_.info(path(name));
        if (!info) return info.error().kind == Kind::not_found ? Result<void>() : fail(std::move(info.error()));
        {
            const std::lock_guard lock(mutex_);
            open_.clear();
        }
        auto done = info->directory ? store::remove_tree(files_, path(name)) : files_.remove(path(name));
        if (!done) return done;
        return files_.sync_directory(std::string(store::parent_directory(path(name))));
    }

  private:
    static constexpr std::size_t kOpenMax = 32;

    std::string path(const std::string& name) const { return name.empty() ? directory_ : cat(directory_, "/", name); }

    Result<void> make_parents(const std::string& of) {
        const std::string parent(store::parent_directory(of));
        if (files_.info(parent)) return {};
        if (auto made = make_parents(parent); !made) return made;
        return store::ensure_directory(files_, parent);
    }

    Result<std::shared_ptr<store::File>> open(const std::string& name) {
        const std::lock_guard lock(mutex_);
        if (const auto found = open_.find(name); found != open_.end()) return found->second;
        auto file = files_.open(path(name), store::OpenMode::read);
        if (!file) return fail(std::move(file.error()));
        if (open_.size() >= kOpenMax) open_.clear();
        return open_[name] = std::move(*file);
    }

    store::Files& files_;
    const std::string directory_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<store::File>> open_;  // for reading
};

}  // namespace

std::unique_ptr<Target> make_directory_target(store::Files& files, std::string directory) {
    return std::make_unique<DirectoryTarget>(files, std::move(directory));
}

}  // namespace tayori::spool

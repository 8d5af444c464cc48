#include "spoold/store/rocks_files.h"

#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <limits>

#include "common/base/log.h"
#include "spoold/store/manifest.h"

namespace tayori::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::size_t kWriteBufferBytes = 64 * 1024;  // RocksDB's small appends are joined up to this
constexpr int kSleepMaxMicros = 2000;

IOStatus to_status(const Error& error) {
    switch (error.kind) {
        case Kind::not_found: return IOStatus::PathNotFound(error.detail);
        case Kind::no_space: return IOStatus::NoSpace(error.detail);
        default: return IOStatus::IOError(error.detail);
    }
}
IOStatus to_status(const Result<void>& result) {
    return result ? IOStatus::OK() : to_status(result.error());
}

// Missing database files must read as NotFound: RocksDB takes them as "not there yet".
IOStatus to_lookup_status(const Error& error) {
    return error.kind == Kind::not_found ? IOStatus::NotFound(error.detail) : to_status(error);
}

class SequentialFile final : public rocksdb::FSSequentialFile {
  public:
    explicit SequentialFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
    IOStatus Read(std::size_t n, const IOOptions&, Slice* result, char* scratch,
                  IODebugContext*) override {
        auto got = file_->read_at(offset_, scratch, n);
        if (!got) return to_status(got.error());
        offset_ += *got;
        *result = Slice(scratch, *got);
        return IOStatus::OK();
    }
    IOStatus Skip(std::uint64_t n) override {
        offset_ += n;
        return IOStatus::OK();
    }

  private:
    std::unique_ptr<File> file_;
    std::uint64_t offset_ = 0;
};

// A MANIFEST that is read at start: as far as it is whole (manifest.h).
class ManifestFile final : public rocksdb::FSSequentialFile {
  public:
    explicit ManifestFile(std::string bytes) : bytes_(std::move(bytes)) {}
    IOStatus Read(std::size_t n, const IOOptions&, Slice* result, char* scratch,
                  IODebugContext*) override {
        const auto count = bytes_.copy(scratch, n, std::min(offset_, bytes_.size()));
        offset_ += count;
        *result = Slice(scratch, count);
        return IOStatus::OK();
    }
    IOStatus Skip(std::uint64_t n) override {
        offset_ += n;
        return IOStatus::OK();
    }

  private:
    const std::string bytes_;
    std::size_t offset_ = 0;
};

class RandomFile final : public rocksdb::FSRandomAccessFile {
  public:
    explicit RandomFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
    IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* result, char* scratch,
                  IODebugContext*) const override {
        auto got = file_->read_at(offset, scratch, n);
        if (!got) return to_status(got.error());
        *result = Slice(scratch, *got);
        return IOStatus::OK();
    }

  private:
    std::unique_ptr<File> file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
  public:
    WritableFile(std::unique_ptr<File> file, std::uint64_t offset)
        : file_(std::move(file)), offset_(offset) {}
    ~WritableFile() override { Close(IOOptions(), nullptr).PermitUncheckedError(); }

    using FSWritableFile::Append;
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) override {
        buffer_.append(data.data(), data.size());
        return buffer_.size() < kWriteBufferBytes ? IOStatus::OK() : Flush(options, dbg);
    }
    IOStatus Flush(const IOOptions&, IODebugContext*) override {
        if (buffer_.empty()) return IOStatus::OK();
        if (!file_) return IOStatus::IOError("closed");
        auto written = file_->write_at(offset_, buffer_);
        if (!written) return to_status(written.error());
        offset_ += buffer_.size();
        buffer_.clear();
        return IOStatus::OK();
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* dbg) override {
        if (auto flushed = Flush(options, dbg); !flushed.ok()) return flushed;
        if (!file_) return IOStatus::IOError("closed");
        return to_status(file_->sync());
    }
    IOStatus Close(const IOOptions& options, IODebugContext* dbg) override {
        if (!file_) return IOStatus::OK();
        auto flushed = Flush(options, dbg);
        file_.reset();
        return flushed;
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* dbg) override {
        if (auto flushed = Flush(options, dbg); !flushed.ok()) return flushed;
        offset_ = size;
        return to_status(file_->resize(size));
    }
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
        return offset_ + buffer_.size();
    }

  private:
    std::unique_ptr<File> file_;
    std::uint64_t offset_;
    std::string buffer_;
};

class Directory final : public rocksdb::FSDirectory {
  public:
    Directory(Files& files, std::string path) : files_(files), path_(std::move(path)) {}
    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        return to_status(files_.sync_directory(path_));
    }

  private:
    Files& files_;
    std::string path_;
};

class RocksLock final : public rocksdb::FileLock {};

class RocksFiles final : public rocksdb::FileSystemWrapper {
  public:
    explicit RocksFiles(Files& files)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), files_(files) {}
    const char* Name() const override { return "tayori"; }

    IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSSequentialFile>* result,
                               IODebugContext*) override {
        if (base_name(path).starts_with("MANIFEST-")) return open_manifest(path, result);
        auto file = files_.open(path, OpenMode::read);
        if (!file) return to_status(file.error());
        *result = std::make_unique<SequentialFile>(std::move(*file));
        return IOStatus::OK();
    }
    IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                 IODebugContext*) override {
        auto file = files_.open(path, OpenMode::read);
        if (!file) return to_status(file.error());
        *result = std::make_unique<RandomFile>(std::move(*file));
        return IOStatus::OK();
    }
    IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                             IODebugContext*) override {
        // Every option is in the code, so that these files would only cost syncs at each start.
        if (base_name(path).starts_with("OPTIONS-")) return IOStatus::NotSupported("options file");
        auto file = files_.open(path, OpenMode::replace);
        if (!file) return to_status(file.error());
        *result = std::make_unique<WritableFile>(std::move(*file), 0);
        return IOStatus::OK();
    }
    IOStatus ReopenWritableFile(const std::string& path, const FileOptions&,
                                std::unique_ptr<rocksdb::FSWritableFile>* result,
                                IODebugContext*) override {
        auto file = files_.open(path, OpenMode::write);
        if (!file && file.error().kind == Kind::not_found) file = files_.open(path, OpenMode::create);
        if (!file) return to_status(file.error());
        auto size = (*file)->size();
        if (!size) return to_status(size.error());
        *result = std::make_unique<WritableFile>(std::move(*file), *size);
        return IOStatus::OK();
    }
    IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                               const FileOptions& options,
                               std::unique_ptr<rocksdb::FSWritableFile>* result,
                               IODebugContext* dbg) override {
        if (auto renamed = files_.rename(old_path, path); !renamed) return to_status(renamed);
        return NewWritableFile(path, options, result, dbg);
    }
    IOStatus NewRandomRWFile(const std::string&, const FileOptions&,
                             std::unique_ptr<rocksdb::FSRandomRWFile>*, IODebugContext*) override {
        return IOStatus::NotSupported("random writes");
    }
    IOStatus NewMemoryMappedFileBuffer(const std::string&,
                                       std::unique_ptr<rocksdb::MemoryMappedFileBuffer>*) override {
        return IOStatus::NotSupported("mapped files");
    }
    IOStatus NewDirectory(const std::string& path, const IOOptions&,
                          std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override {
        auto info = files_.info(path);
        if (!info) return to_status(info.error());
        *result = std::make_unique<Directory>(files_, path);
        return IOStatus::OK();
    }
    IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
        auto info = files_.info(path);
        return info ? IOStatus::OK() : to_lookup_status(info.error());
    }
    IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* result,
                         IODebugContext*) override {
        auto names = files_.list(path);
        if (!names) return to_lookup_status(names.error());
        *result = std::move(*names);
        return IOStatus::OK();
    }
    IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
        return to_status(files_.remove(path));
    }
    IOStatus Truncate(const std::string& path, std::size_t size, const IOOptions&,
                      IODebugContext*) override {
        auto file = files_.open(path, OpenMode::write);
        if (!file) return to_status(file.error());
        return to_status((*file)->resize(size));
    }
    IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
        return to_status(files_.make_directory(path));
    }
    IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
        auto made = files_.make_directory(path);
        if (!made && made.error().kind == Kind::exists) return IOStatus::OK();
        return to_status(made);
    }
    IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
        return to_status(files_.remove_directory(path));
    }
    IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                         IODebugContext*) override {
        auto info = files_.info(path);
        if (!info) return to_status(info.error());
        *bytes = info->bytes;
        return IOStatus::OK();
    }
    IOStatus GetFileModificationTime(const std::string& path, const IOOptions&, std::uint64_t* when,
                                     IODebugContext*) override {
        auto info = files_.info(path);
        if (!info) return to_status(info.error());
        *when = info->modified_s;
        return IOStatus::OK();
    }
    IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                        IODebugContext*) override {
        return to_status(files_.rename(from, to));
    }
    IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
        return to_status(files_.link(from, to));
    }
    IOStatus NumFileLinks(const std::string& path, const IOOptions&, std::uint64_t* count,
                          IODebugContext*) override {
        auto info = files_.info(path);
        if (!info) return to_status(info.error());
        *count = info->links;
        return IOStatus::OK();
    }
    IOStatus AreFilesSame(const std::string& first, const std::string& second, const IOOptions&,
                          bool* same, IODebugContext*) override {
        auto a = files_.info(first);
        if (!a) return to_status(a.error());
        auto b = files_.info(second);
        if (!b) return to_status(b.error());
        *same = a->identity == b->identity;
        return IOStatus::OK();
    }
    // The store's own lock file keeps a second process away before RocksDB is opened.
    IOStatus LockFile(const std::string&, const IOOptions&, rocksdb::FileLock** lock,
                      IODebugContext*) override {
        *lock = new RocksLock;
        return IOStatus::OK();
    }
    IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
        delete lock;
        return IOStatus::OK();
    }
    IOStatus GetFreeSpace(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                          IODebugContext*) override {
        auto free = files_.free_bytes(path);
        if (!free) return to_status(free.error());
        *bytes = *free;
        return IOStatus::OK();
    }
    IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is_directory,
                         IODebugContext*) override {
        auto info = files_.info(path);
        if (!info) return to_status(info.error());
        *is_directory = info->directory;
        return IOStatus::OK();
    }

  private:
    IOStatus open_manifest(const std::string& path, std::unique_ptr<rocksdb::FSSequentialFile>* result) {
        auto bytes = read_whole_file(files_, path);
        if (!bytes) return to_status(bytes.error());
        const auto whole = whole_manifest_bytes(*bytes);
        if (whole < bytes->size()) {
            log_info("store: the end of the index's manifest is left out",
                     {{"file", path}, {"bytes", bytes->size() - whole}});
            bytes->resize(whole);
        }
        *result = std::make_unique<ManifestFile>(std::move(*bytes));
        return IOStatus::OK();
    }

    Files& files_;
};

// After a failure in the background RocksDB sleeps for a second, and closing waits for it. But then the process is about
// to start anew, and clients wait.
class BriefClock final : public rocksdb::SystemClockWrapper {
  public:
    BriefClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
    const char* Name() const override { return "tayori"; }
    void SleepForMicroseconds(int micros) override {
        SystemClockWrapper::SleepForMicroseconds(std::min(micros, kSleepMaxMicros));
    }
};

class RocksEnv final : public rocksdb::EnvWrapper {
  public:
    explicit RocksEnv(Files& files) : EnvWrapper(rocksdb::Env::Default()) {
        file_system_ = std::make_shared<RocksFiles>(files);
        system_clock_ = std::make_shared<BriefClock>();
    }
    const char* Name() const override { return "tayori"; }
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_rocks_env(Files& files) {
    return std::make_unique<RocksEnv>(files);
}

}  // namespace tayori::store

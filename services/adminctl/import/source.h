// Where an import's mail comes from: its accounts, and for each thread a way to read them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "adminctl/import/plan_file.h"
#include "common/base/result.h"
#include "common/legacy/source.h"
#include "common/legacy/tree.h"

namespace tayori::admin {

inline constexpr std::uint64_t kLookedAtBytesMax =
    1024ULL * 1024 * 1024;  // of a mail that is looked at, where no site says less

// What one thread reads with: one account after the other.
class SourceReader {
  public:
    virtual ~SourceReader() = default;
    virtual Result<legacy::Mailbox> load(const legacy::Account& account, legacy::Report& report) = 0;
    // Of the account that was loaded last.
    virtual const legacy::Tree& tree() const = 0;
    // False: load() could not see all of it, and what is missing may be there all the same.
    virtual bool saw_all() const { return true; }
};

class ImportSource {
  public:
    virtual ~ImportSource() = default;
    virtual std::string_view kind() const = 0;
    virtual std::string origin() const = 0;
    virtual const legacy::Plan& plan() const = 0;
    // Larger mails will not be asked for.
    virtual Result<std::unique_ptr<SourceReader>> reader(std::uint64_t message_bytes_max) = 0;
    // A server that still runs: a mailbox that can't be read now can be read later, and UIDs are what mails are known
    // by.
    virtual bool is_live() const { return false; }
};

// A spool as files. Tells no thread from others, but loads one mailbox at a time.
class FileSource final : public ImportSource {
  public:
    // Reads what plan() reads; its lines go into `report`.
    static Result<std::unique_ptr<FileSource>> open(const std::string& kind, const std::string& path,
                                                    const legacy::SourceOptions& options, legacy::Report& report);
    // The same, and refuses one that is not the plan's any more.
    static Result<std::unique_ptr<FileSource>> open(const ImportPlan& plan, legacy::Report& report);

    std::string_view kind() const override { return source_->kind(); }
    std::string origin() const override { return tree_->origin(); }
    const legacy::Plan& plan() const override { return plan_; }
    Result<std::unique_ptr<SourceReader>> reader(std::uint64_t message_bytes_max) override;
    // Tells the accounts, and where their mail lies: the same after a night in which mail arrived, another one for another spool.
    std::string fingerprint() const;

  private:
    class Reader;
    FileSource() = default;
    Result<legacy::Mailbox> load(const legacy::Account& account, const legacy::Tree& tree, legacy::Report& report);
    // That of an archive is shared: it has one place where it reads.
    Result<std::shared_ptr<const legacy::Tree>> reading_tree();

    std::string path_;
    std::string captures_;
    bool keep_high_uids_ = false;
    std::shared_ptr<const legacy::Tree> tree_;
    std::unique_ptr<legacy::Source> source_;
    legacy::Plan plan_;
    std::mutex mutex_;
};

}  // namespace tayori::admin

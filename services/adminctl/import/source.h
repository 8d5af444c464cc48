// The source of a plan: its files, its reader, and what the reader found in it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "adminctl/import/plan_file.h"
#include "common/base/result.h"
#include "common/legacy/source.h"
#include "common/legacy/tree.h"

namespace tayori::admin {

class ImportSource {
  public:
    // Reads what plan() reads; its lines go into `report`.
    static Result<std::unique_ptr<ImportSource>> open(const std::string& kind, const std::string& path,
                                                      const legacy::SourceOptions& options, legacy::Report& report);
    // The same, and refuses one that is not the plan's any more.
    static Result<std::unique_ptr<ImportSource>> open(const ImportPlan& plan, legacy::Report& report);

    const legacy::Plan& plan() const { return plan_; }
    std::string origin() const { return tree_->origin(); }
    // Tells the accounts, and where their mail lies: the same after a night in which mail arrived, another one for another spool.
    std::string fingerprint() const;

    // Any thread, one after the other.
    Result<legacy::Mailbox> load(const legacy::Account& account, legacy::Report& report);
    // A tree for one thread that reads mails. That of an archive is shared: it has one place where it reads.
    Result<std::shared_ptr<const legacy::Tree>> reading_tree();

  private:
    ImportSource() = default;

    std::string path_;
    std::shared_ptr<const legacy::Tree> tree_;
    std::unique_ptr<legacy::Source> source_;
    legacy::Plan plan_;
    std::mutex mutex_;
};

}  // namespace tayori::admin

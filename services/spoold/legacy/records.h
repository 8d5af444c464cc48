// Rows of imports (../keys.h), and the report inside a mutation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "spoold/directory/records.h"
#include "spoold/ids.h"
#include "spoold/keys.h"
#include "tayori/spool/stored/v1/import.pb.h"
#include "tayori/spool/v1/import.pb.h"

namespace tayori::spool {

using stored::v1::StoredImport;
using stored::v1::StoredImportAccount;
using stored::v1::StoredImportAlias;
using stored::v1::StoredImportedMail;
using stored::v1::StoredImportFolder;

enum class ReportSeverity : std::uint32_t { note = 0, changed = 1, person = 2, refused = 3 };  // common/legacy/report.h

// not_found, with a sentence for administrators.
Result<StoredImport> read_import(const Rows& rows, ImportId id);
Result<StoredImportAccount> read_import_account(const Rows& rows, ImportId id, AccountId account);
v1::Import show(ImportId id, const StoredImport& row);
v1::ImportAccount show(AccountId account, const StoredImportAccount& row);

// The report of one import as a mutation adds to it; write `import` afterwards. Lines are kept once.
class ReportTx {
  public:
    ReportTx(store::Transaction& transaction, ImportId id, StoredImport& import)
        : tx_(transaction), id_(id), import_(import) {}
    void add(const v1::ImportReportLine& line);
    void add(ReportSeverity severity, std::string_view account, std::string_view file, std::string_view code,
             std::vector<std::string> values);

  private:
    store::Transaction& tx_;
    ImportId id_;
    StoredImport& import_;
};

}  // namespace tayori::spool

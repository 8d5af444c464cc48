// Imports: the calls of proto/tayori/spool/v1/import.proto, which says what each means.
//
// Thread-safe. Writes are mutations of the committer and call `done` once, on its thread or at once with an error of the
// request itself; requests are shared so that their bytes stay valid until then. Reads run on the caller's thread.
//
// Lifetime: must outlive the store's last `done`.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "spoold/directory/directory.h"
#include "spoold/legacy/uploads.h"
#include "spoold/mailbox/mailboxes.h"
#include "tayori/spool/v1/import.pb.h"

namespace tayori::spool {

class Imports {
  public:
    Imports(Mailboxes& mailboxes, Directory& directory) : mailboxes_(mailboxes), directory_(directory) {}

    void open(const v1::OpenImportRequest& request, Answer<v1::Import> done);
    void open_account(Shared<v1::OpenImportAccountRequest> request, Answer<v1::ImportAccount> done);
    Result<v1::FilterImportedReply> filter(const v1::FilterImportedRequest& request) const;
    // `uploads` are those that the stream has finished; what the batch names is used up with it.
    void add_batch(Shared<v1::ImportBatch> batch, ImportUploads& uploads, Answer<v1::ImportBatchReply> done);
    void close_account(const v1::CloseImportAccountRequest& request, Answer<v1::ImportAccount> done);
    void add_alias(const v1::AddImportAliasRequest& request, Answer<v1::AddImportAliasReply> done);
    void add_report(Shared<v1::AddImportReportRequest> request, Answer<v1::Import> done);
    void close(ImportId id, Answer<v1::Import> done);

    // Those whose mail arrives are no affair of people who import, and left out. `visit` returns false to stop.
    Result<void> list(const std::function<bool(const v1::Import&)>& visit) const;
    Result<void> list_accounts(ImportId id, const std::function<bool(const v1::ImportAccount&)>& visit) const;
    Result<void> read_report(ImportId id, const std::function<bool(const v1::ImportReportLine&)>& visit) const;
    Result<void> read_mails(const v1::ReadImportedMailsRequest& request,
                            const std::function<bool(const v1::ImportedMails&)>& visit) const;
    void change(Shared<v1::ChangeImportedRequest> request, Answer<v1::ChangeImportedReply> done);
    // Waits for its commits, of which it needs many.
    Result<v1::UndoImportReply> undo(ImportId id);

  private:
    Result<std::uint64_t> undo_aliases(ImportId id);

    Mailboxes& mailboxes_;
    Directory& directory_;
};

inline constexpr std::string_view kArrivalsKind = "fetch";
// The import of a source whose mail arrives (FetchService), begun or found again.
Result<ImportId> open_arrivals(store::Transaction& transaction, const std::string& origin);

}  // namespace tayori::spool

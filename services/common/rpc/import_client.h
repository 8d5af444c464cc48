// adminctl's way to ImportService and ExportService (proto/tayori/spool/v1/import.proto says what each does). Each blocks until
// the answer is there. Thread-safe, but for a stream.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/rpc/address.h"
#include "tayori/spool/v1/export.pb.h"
#include "tayori/spool/v1/import.pb.h"

namespace tayori::rpc {

namespace v1 = ::tayori::spool::v1;

// Mail of one account on its way. One thread writes, one reads; a false says that the stream is over, finish() why.
class ImportStream {
  public:
    ~ImportStream();
    ImportStream(const ImportStream&) = delete;
    ImportStream& operator=(const ImportStream&) = delete;
    bool write(const v1::ImportFrame& frame);
    void writes_done();
    bool read(v1::ImportBatchReply& reply);
    Result<void> finish();  // once, after the last read()
    void cancel();          // from any thread; both sides then end

  private:
    friend class ImportClient;
    struct Call;
    explicit ImportStream(std::unique_ptr<Call> call);
    std::unique_ptr<Call> call_;
};

class ImportClient {
  public:
    // As AdminClient::make().
    static Result<std::unique_ptr<ImportClient>> make(const std::string& spoold, const TlsFiles& tls);
    ~ImportClient();
    ImportClient(const ImportClient&) = delete;
    ImportClient& operator=(const ImportClient&) = delete;

    // Called for each; false stops the list.
    template <class T>
    using Visit = std::function<bool(const T&)>;

    Result<v1::Import> open_import(const v1::OpenImportRequest& request);
    Result<v1::ImportAccount> open_account(const v1::OpenImportAccountRequest& request);
    Result<v1::FilterImportedReply> filter_imported(const v1::FilterImportedRequest& request);
    std::unique_ptr<ImportStream> import_mails();
    Result<v1::ImportAccount> close_account(const v1::CloseImportAccountRequest& request);
    Result<v1::AddImportAliasReply> add_alias(const v1::AddImportAliasRequest& request);
    Result<v1::Import> add_report(const v1::AddImportReportRequest& request);
    Result<v1::Import> close_import(const v1::ImportRequest& request);
    Result<void> list_imports(const v1::ListImportsRequest& request, const Visit<v1::Import>& visit);
    Result<void> list_accounts(const v1::ImportRequest& request, const Visit<v1::ImportAccount>& visit);
    Result<void> read_report(const v1::ImportRequest& request, const Visit<v1::ImportReportLine>& visit);
    Result<void> read_mails(const v1::ReadImportedMailsRequest& request, const Visit<v1::ImportedMails>& visit);
    Result<v1::ChangeImportedReply> change(const v1::ChangeImportedRequest& request);
    Result<v1::UndoImportReply> undo(const v1::ImportRequest& request);
    Result<void> export_account(const v1::ExportAccountRequest& request, const Visit<v1::ExportFrame>& visit);

  private:
    struct Stubs;
    explicit ImportClient(std::unique_ptr<Stubs> stubs);
    std::unique_ptr<Stubs> stubs_;
};

}  // namespace tayori::rpc

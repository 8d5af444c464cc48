#include "common/rpc/import_client.h"

#include "common/rpc/blocking.h"
#include "common/rpc/channel.h"
#include "tayori/spool/v1/export.grpc.pb.h"
#include "tayori/spool/v1/import.grpc.pb.h"

namespace tayori::rpc {

namespace {

// Undo takes one commit for each thousand mails.
inline constexpr std::chrono::hours kUndoWait{24};

using detail::list;
using detail::unary;
using Service = v1::ImportService::Stub;

}  // namespace

struct ImportStream::Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::ImportFrame, v1::ImportBatchReply>> stream;
};

ImportStream::ImportStream(std::unique_ptr<Call> call) : call_(std::move(call)) {}
ImportStream::~ImportStream() = default;

bool ImportStream::write(const v1::ImportFrame& frame) {
    // Nothing waits for more: a frame is large.
    return call_->stream->Write(frame, grpc::WriteOptions().set_no_compression());
}
void ImportStream::writes_done() { call_->stream->WritesDone(); }
bool ImportStream::read(v1::ImportBatchReply& reply) { return call_->stream->Read(&reply); }
void ImportStream::cancel() { call_->context.TryCancel(); }

Result<void> ImportStream::finish() {
    const auto status = call_->stream->Finish();
    if (!status.ok()) return fail(from_status(status));
    return {};
}

struct ImportClient::Stubs {
    std::unique_ptr<v1::ImportService::Stub> imports;
    std::unique_ptr<v1::ExportService::Stub> exports;
};

ImportClient::ImportClient(std::unique_ptr<Stubs> stubs) : stubs_(std::move(stubs)) {}
ImportClient::~ImportClient() = default;

Result<std::unique_ptr<ImportClient>> ImportClient::make(const std::string& spoold, const TlsFiles& tls) {
    auto channel = make_channel(admin_address(spoold), tls);
    if (!channel) return fail(std::move(channel.error()));
    auto stubs = std::make_unique<Stubs>();
    stubs->imports = v1::ImportService::NewStub(*channel);
    stubs->exports = v1::ExportService::NewStub(*channel);
    return std::unique_ptr<ImportClient>(new ImportClient(std::move(stubs)));
}

std::unique_ptr<ImportStream> ImportClient::import_mails() {
    auto call = std::make_unique<ImportStream::Call>();
    call->stream = stubs_->imports->ImportMails(&call->context);
    return std::unique_ptr<ImportStream>(new ImportStream(std::move(call)));
}

Result<v1::Import> ImportClient::open_import(const v1::OpenImportRequest& request) {
    return unary(*stubs_->imports, &Service::OpenImport, request);
}
Result<v1::ImportAccount> ImportClient::open_account(const v1::OpenImportAccountRequest& request) {
    return unary(*stubs_->imports, &Service::OpenImportAccount, request);
}
Result<v1::FilterImportedReply> ImportClient::filter_imported(const v1::FilterImportedRequest& request) {
    return unary(*stubs_->imports, &Service::FilterImported, request);
}
Result<v1::ImportAccount> ImportClient::close_account(const v1::CloseImportAccountRequest& request) {
    return unary(*stubs_->imports, &Service::CloseImportAccount, request);
}
Result<v1::AddImportAliasReply> ImportClient::add_alias(const v1::AddImportAliasRequest& request) {
    return unary(*stubs_->imports, &Service::AddImportAlias, request);
}
Result<v1::Import> ImportClient::add_report(const v1::AddImportReportRequest& request) {
    return unary(*stubs_->imports, &Service::AddImportReport, request);
}
Result<v1::Import> ImportClient::close_import(const v1::ImportRequest& request) {
    return unary(*stubs_->imports, &Service::CloseImport, request);
}
Result<void> ImportClient::list_imports(const v1::ListImportsRequest& request, const Visit<v1::Import>& visit) {
    return list(*stubs_->imports, &Service::ListImports, request, visit);
}
Result<void> ImportClient::list_accounts(const v1::ImportRequest& request, const Visit<v1::ImportAccount>& visit) {
    return list(*stubs_->imports, &Service::ListImportAccounts, request, visit);
}
Result<void> ImportClient::read_report(const v1::ImportRequest& request, const Visit<v1::ImportReportLine>& visit) {
    return list(*stubs_->imports, &Service::ReadImportReport, request, visit);
}
Result<void> ImportClient::read_mails(const v1::ReadImportedMailsRequest& request,
                                      const Visit<v1::ImportedMails>& visit) {
    return list(*stubs_->imports, &Service::ReadImportedMails, request, visit);
}
Result<v1::ChangeImportedReply> ImportClient::change(const v1::ChangeImportedRequest& request) {
    return unary(*stubs_->imports, &Service::ChangeImported, request);
}
Result<v1::UndoImportReply> ImportClient::undo(const v1::ImportRequest& request) {
    return unary(*stubs_->imports, &Service::UndoImport, request, kUndoWait);
}
Result<void> ImportClient::export_account(const v1::ExportAccountRequest& request,
                                          const Visit<v1::ExportFrame>& visit) {
    return list(*stubs_->exports, &v1::ExportService::Stub::ExportAccount, request, visit);
}

}  // namespace tayori::rpc

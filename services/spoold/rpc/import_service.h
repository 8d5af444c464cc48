// ImportService and ExportService over gRPC. What reads much, or waits for many commits, runs on the administrators' thread;
// mail comes over import_stream.h.
#pragma once

#include "spoold/fetch/fetches.h"
#include "spoold/legacy/imports.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/unary.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/export.grpc.pb.h"
#include "tayori/spool/v1/import.grpc.pb.h"

namespace tayori::spool {

class ImportService final : public v1::ImportService::CallbackService {
  public:
    ImportService(Gate gate, Imports& imports, Mailboxes& mailboxes, const Fetches& fetches, Workers& workers)
        : gate_(gate), imports_(imports), mailboxes_(mailboxes), fetches_(fetches), workers_(workers) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    Unary* OpenImport(Context*, const v1::OpenImportRequest*, v1::Import*) override;
    Unary* OpenImportAccount(Context*, const v1::OpenImportAccountRequest*, v1::ImportAccount*) override;
    Unary* FilterImported(Context*, const v1::FilterImportedRequest*, v1::FilterImportedReply*) override;
    grpc::ServerBidiReactor<v1::ImportFrame, v1::ImportBatchReply>* ImportMails(Context*) override;
    Unary* CloseImportAccount(Context*, const v1::CloseImportAccountRequest*, v1::ImportAccount*) override;
    Unary* AddImportAlias(Context*, const v1::AddImportAliasRequest*, v1::AddImportAliasReply*) override;
    Unary* AddImportReport(Context*, const v1::AddImportReportRequest*, v1::Import*) override;
    Unary* CloseImport(Context*, const v1::ImportRequest*, v1::Import*) override;
    grpc::ServerWriteReactor<v1::Import>* ListImports(Context*, const v1::ListImportsRequest*) override;
    grpc::ServerWriteReactor<v1::ImportAccount>* ListImportAccounts(Context*, const v1::ImportRequest*) override;
    grpc::ServerWriteReactor<v1::ImportReportLine>* ReadImportReport(Context*, const v1::ImportRequest*) override;
    grpc::ServerWriteReactor<v1::ImportedMails>* ReadImportedMails(Context*,
                                                                   const v1::ReadImportedMailsRequest*) override;
    Unary* ChangeImported(Context*, const v1::ChangeImportedRequest*, v1::ChangeImportedReply*) override;
    Unary* UndoImport(Context*, const v1::ImportRequest*, v1::UndoImportReply*) override;

  private:
    // One who only fetches may touch what he has a lease of.
    Allowed may_import(const Context& context, std::uint64_t account_id, std::uint64_t import_id) const;

    Gate gate_;
    Imports& imports_;
    Mailboxes& mailboxes_;
    const Fetches& fetches_;
    Workers& workers_;
};

class ExportService final : public v1::ExportService::CallbackService {
  public:
    ExportService(Gate gate, Mailboxes& mailboxes, Directory& directory, Workers& workers)
        : gate_(gate), mailboxes_(mailboxes), directory_(directory), workers_(workers) {}
    grpc::ServerWriteReactor<v1::ExportFrame>* ExportAccount(grpc::CallbackServerContext*,
                                                             const v1::ExportAccountRequest*) override;

  private:
    Gate gate_;
    Mailboxes& mailboxes_;
    Directory& directory_;
    Workers& workers_;
};

}  // namespace tayori::spool

#include "spoold/rpc/import_service.h"

#include "spoold/legacy/export.h"
#include "spoold/rpc/import_stream.h"
#include "spoold/rpc/unary.h"

namespace tayori::spool {

using Context = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

Allowed ImportService::may_import(const Context& context, std::uint64_t account_id, std::uint64_t import_id) const {
    if (gate_.is_admin(context)) return Allowed::yes;
    return Allowed{gate_.may_fetch(context) && fetches_.covers(AccountId{account_id}, ImportId{import_id})};
}

Unary* ImportService::OpenImport(Context* context, const v1::OpenImportRequest* request, v1::Import* reply) {
    return unary(gate_, context, reply, [&](auto done) { imports_.open(*request, std::move(done)); });
}

Unary* ImportService::OpenImportAccount(Context* context, const v1::OpenImportAccountRequest* request,
                                        v1::ImportAccount* reply) {
    const bool fetches = gate_.may_fetch(*context) && fetches_.covers(request->address(), ImportId{request->import_id()});
    return unary_if(Allowed{gate_.is_admin(*context) || fetches}, context, reply, [&](auto done) {
        imports_.open_account(std::make_shared<const v1::OpenImportAccountRequest>(*request), std::move(done));
    });
}

Unary* ImportService::FilterImported(Context* context, const v1::FilterImportedRequest* request,
                                     v1::FilterImportedReply* reply) {
    // Also of migrations into the account: what they brought does not come again.
    return unary_if(may_import(*context, request->account_id(), 0), context, reply,
                    [&](auto done) { done(imports_.filter(*request)); });
}

grpc::ServerBidiReactor<v1::ImportFrame, v1::ImportBatchReply>* ImportService::ImportMails(Context* context) {
    ImportStream::MayImport may;
    if (gate_.is_admin(*context)) may = [](const v1::ImportBatch&) { return true; };
    else if (gate_.may_fetch(*context))
        may = [this](const v1::ImportBatch& batch) {
            return fetches_.covers(AccountId{batch.account_id()}, ImportId{batch.import_id()});
        };
    return ImportStream::start(std::move(may), imports_, mailboxes_, context);
}

Unary* ImportService::CloseImportAccount(Context* context, const v1::CloseImportAccountRequest* request,
                                         v1::ImportAccount* reply) {
    return unary_if(may_import(*context, request->account_id(), request->import_id()), context, reply,
                    [&](auto done) { imports_.close_account(*request, std::move(done)); });
}

Unary* ImportService::AddImportAlias(Context* context, const v1::AddImportAliasRequest* request,
                                     v1::AddImportAliasReply* reply) {
    return unary(gate_, context, reply, [&](auto done) { imports_.add_alias(*request, std::move(done)); });
}

Unary* ImportService::AddImportReport(Context* context, const v1::AddImportReportRequest* request, v1::Import* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        imports_.add_report(std::make_shared<const v1::AddImportReportRequest>(*request), std::move(done));
    });
}

Unary* ImportService::CloseImport(Context* context, const v1::ImportRequest* request, v1::Import* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { imports_.close(ImportId{request->import_id()}, std::move(done)); });
}

grpc::ServerWriteReactor<v1::Import>* ImportService::ListImports(Context* context, const v1::ListImportsRequest*) {
    return items<v1::Import>(workers_, gate_, context, [this](const auto& visit) { return imports_.list(visit); });
}

grpc::ServerWriteReactor<v1::ImportAccount>* ImportService::ListImportAccounts(Context* context,
                                                                               const v1::ImportRequest* request) {
    return items<v1::ImportAccount>(workers_, gate_, context, [this, request](const auto& visit) {
        return imports_.list_accounts(ImportId{request->import_id()}, visit);
    });
}

grpc::ServerWriteReactor<v1::ImportReportLine>* ImportService::ReadImportReport(Context* context,
                                                                                const v1::ImportRequest* request) {
    return items<v1::ImportReportLine>(workers_, gate_, context, [this, request](const auto& visit) {
        return imports_.read_report(ImportId{request->import_id()}, visit);
    });
}

grpc::ServerWriteReactor<v1::ImportedMails>* ImportService::ReadImportedMails(
    Context* context, const v1::ReadImportedMailsRequest* request) {
    return items<v1::ImportedMails>(workers_, gate_, context, [this, request](const auto& visit) {
        return imports_.read_mails(*request, visit);
    });
}

Unary* ImportService::ChangeImported(Context* context, const v1::ChangeImportedRequest* request,
                                     v1::ChangeImportedReply* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        imports_.change(std::make_shared<const v1::ChangeImportedRequest>(*request), std::move(done));
    });
}

Unary* ImportService::UndoImport(Context* context, const v1::ImportRequest* request, v1::UndoImportReply* reply) {
    return unary_on(workers_, gate_, context, reply,
                    [this, request] { return imports_.undo(ImportId{request->import_id()}); });
}

grpc::ServerWriteReactor<v1::ExportFrame>* ExportService::ExportAccount(grpc::CallbackServerContext* context,
                                                                        const v1::ExportAccountRequest* request) {
    return items<v1::ExportFrame>(workers_, gate_, context, [this, request](const auto& visit) {
        return export_account(mailboxes_, directory_, request->address(), visit);
    });
}

}  // namespace tayori::spool

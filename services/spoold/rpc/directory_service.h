// DirectoryService over gRPC: who asks is checked here, all else is Directory's.
#pragma once

#include "spoold/directory/directory.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/directory.grpc.pb.h"

namespace tayori::spool {

class DirectoryService final : public v1::DirectoryService::CallbackService {
  public:
    // `workers` make lists.
    DirectoryService(Gate gate, Directory& directory, Workers& workers)
        : gate_(gate), directory_(directory), workers_(workers) {}

    grpc::ServerUnaryReactor* AddDomain(grpc::CallbackServerContext* context,
                                        const v1::AddDomainRequest* request,
                                        v1::Domain* reply) override;
    grpc::ServerUnaryReactor* DeleteDomain(grpc::CallbackServerContext* context,
                                           const v1::DeleteDomainRequest* request,
                                           v1::DeleteDomainResponse* reply) override;
    grpc::ServerUnaryReactor* SetDomain(grpc::CallbackServerContext* context,
                                        const v1::SetDomainRequest* request,
                                        v1::Domain* reply) override;
    grpc::ServerUnaryReactor* ListDomains(grpc::CallbackServerContext* context,
                                          const v1::ListDomainsRequest* request,
                                          v1::ListDomainsResponse* reply) override;
    grpc::ServerUnaryReactor* AddAccount(grpc::CallbackServerContext* context,
                                         const v1::AddAccountRequest* request,
                                         v1::Account* reply) override;
    grpc::ServerUnaryReactor* DeleteAccount(grpc::CallbackServerContext* context,
                                            const v1::AccountRequest* request,
                                            v1::Account* reply) override;
    grpc::ServerUnaryReactor* UndeleteAccount(grpc::CallbackServerContext* context,
                                              const v1::AccountRequest* request,
                                              v1::Account* reply) override;
    grpc::ServerUnaryReactor* SetSuspended(grpc::CallbackServerContext* context,
                                           const v1::SetSuspendedRequest* request,
                                           v1::Account* reply) override;
    grpc::ServerUnaryReactor* RenameAccount(grpc::CallbackServerContext* context,
                                            const v1::RenameAccountRequest* request,
                                            v1::Account* reply) override;
    grpc::ServerUnaryReactor* SetPassword(grpc::CallbackServerContext* context,
                                          const v1::SetPasswordRequest* request,
                                          v1::Account* reply) override;
    grpc::ServerUnaryReactor* AddAppPassword(grpc::CallbackServerContext* context,
                                             const v1::AddAppPasswordRequest* request,
                                             v1::AddAppPasswordResponse* reply) override;
    grpc::ServerUnaryReactor* DeleteAppPassword(grpc::CallbackServerContext* context,
                                                const v1::DeleteAppPasswordRequest* request,
                                                v1::Account* reply) override;
    grpc::ServerUnaryReactor* SetAccount(grpc::CallbackServerContext* context,
                                         const v1::SetAccountRequest* request,
                                         v1::Account* reply) override;
    grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context,
                                         const v1::AccountRequest* request,
                                         v1::Account* reply) override;
    grpc::ServerWriteReactor<v1::Account>* ListAccounts(
        grpc::CallbackServerContext* context, const v1::ListAccountsRequest* request) override;
    grpc::ServerUnaryReactor* AddAlias(grpc::CallbackServerContext* context,
                                       const v1::AddAliasRequest* request,
                                       v1::Alias* reply) override;
    grpc::ServerUnaryReactor* DeleteAlias(grpc::CallbackServerContext* context,
                                          const v1::DeleteAliasRequest* request,
                                          v1::DeleteAliasResponse* reply) override;
    grpc::ServerWriteReactor<v1::Alias>* ListAliases(
        grpc::CallbackServerContext* context, const v1::ListAliasesRequest* request) override;

  private:
    Gate gate_;
    Directory& directory_;
    Workers& workers_;
};

}  // namespace tayori::spool

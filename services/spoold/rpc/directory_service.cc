#include "spoold/rpc/directory_service.h"

#include "spoold/rpc/unary.h"

namespace tayori::spool {

using Context = grpc::CallbackServerContext;

grpc::ServerUnaryReactor* DirectoryService::AddDomain(Context* context,
                                                      const v1::AddDomainRequest* request,
                                                      v1::Domain* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.add_domain(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::DeleteDomain(Context* context,
                                                         const v1::DeleteDomainRequest* request,
                                                         v1::DeleteDomainResponse* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.delete_domain(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::SetDomain(Context* context,
                                                      const v1::SetDomainRequest* request,
                                                      v1::Domain* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.set_domain(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::ListDomains(Context* context,
                                                        const v1::ListDomainsRequest* request,
                                                        v1::ListDomainsResponse* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { done(directory_.list_domains(*request)); });
}

grpc::ServerUnaryReactor* DirectoryService::AddAccount(Context* context,
                                                       const v1::AddAccountRequest* request,
                                                       v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.add_account(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::DeleteAccount(Context* context,
                                                          const v1::AccountRequest* request,
                                                          v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.delete_account(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::UndeleteAccount(Context* context,
                                                            const v1::AccountRequest* request,
                                                            v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.undelete_account(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::SetSuspended(Context* context,
                                                         const v1::SetSuspendedRequest* request,
                                                         v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.set_suspended(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::RenameAccount(Context* context,
                                                          const v1::RenameAccountRequest* request,
                                                          v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.rename_account(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::SetPassword(Context* context,
                                                        const v1::SetPasswordRequest* request,
                                                        v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.set_password(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::AddAppPassword(Context* context,
                                                           const v1::AddAppPasswordRequest* request,
                                                           v1::AddAppPasswordResponse* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.add_app_password(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::DeleteAppPassword(
    Context* context, const v1::DeleteAppPasswordRequest* request, v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.delete_app_password(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::SetAccount(Context* context,
                                                       const v1::SetAccountRequest* request,
                                                       v1::Account* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.set_account(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::GetAccount(Context* context,
                                                       const v1::AccountRequest* request,
                                                       v1::Account* reply) {
    return unary(gate_, context, reply, [&](auto done) { done(directory_.get_account(*request)); });
}

grpc::ServerWriteReactor<v1::Account>* DirectoryService::ListAccounts(
    Context* context, const v1::ListAccountsRequest* request) {
    return items<v1::Account>(workers_, gate_, context, [this, request](const auto& visit) {
        return directory_.list_accounts(*request, visit);
    });
}

grpc::ServerUnaryReactor* DirectoryService::AddAlias(Context* context,
                                                     const v1::AddAliasRequest* request,
                                                     v1::Alias* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.add_alias(*request, std::move(done)); });
}

grpc::ServerUnaryReactor* DirectoryService::DeleteAlias(Context* context,
                                                        const v1::DeleteAliasRequest* request,
                                                        v1::DeleteAliasResponse* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { directory_.delete_alias(*request, std::move(done)); });
}

grpc::ServerWriteReactor<v1::Alias>* DirectoryService::ListAliases(
    Context* context, const v1::ListAliasesRequest* request) {
    return items<v1::Alias>(workers_, gate_, context, [this, request](const auto& visit) {
        return directory_.list_aliases(*request, visit);
    });
}

}  // namespace tayori::spool

#include "spoold/rpc/backup_service.h"

#include "spoold/rpc/unary.h"

namespace tayori::spool {

grpc::ServerWriteReactor<v1::BackupProgress>* BackupService::CreateBackup(
    Context* context, const v1::CreateBackupRequest* request) {
    // The request is gRPC's, and this may go on when its client has gone.
    return items<v1::BackupProgress>(
        workers_, gate_, context,
        [this, request = *request](const auto& visit) { return backups_.create(request, visit); });
}

grpc::ServerUnaryReactor* BackupService::ListBackups(Context* context,
                                                     const v1::ListBackupsRequest* request,
                                                     v1::BackupList* reply) {
    return unary_on(lists_, gate_, context, reply,
                    [this, request] { return backups_.list(*request); });
}

grpc::ServerWriteReactor<v1::BackupProgress>* BackupService::VerifyBackup(
    Context* context, const v1::VerifyBackupRequest* request) {
    return items<v1::BackupProgress>(
        workers_, gate_, context,
        [this, request = *request](const auto& visit) { return backups_.verify(request, visit); });
}

grpc::ServerWriteReactor<v1::RestoredFolder>* BackupService::RestoreAccount(
    Context* context, const v1::RestoreAccountRequest* request) {
    return items<v1::RestoredFolder>(workers_, gate_, context,
                                     [this, request = *request](const auto& visit) {
                                         return backups_.restore_account(request, visit);
                                     });
}

}  // namespace tayori::spool

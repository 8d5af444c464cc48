// BackupService over gRPC. What takes long runs on a thread of its own, one call after the other.
#pragma once

#include "spoold/backup/backups.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/backup.grpc.pb.h"

namespace tayori::spool {

class BackupService final : public v1::BackupService::CallbackService {
  public:
    // `lists`: the administrators' thread, so that a list need not wait for a backup.
    BackupService(Gate gate, Backups& backups, Workers& workers, Workers& lists)
        : gate_(gate), backups_(backups), workers_(workers), lists_(lists) {}

    using Context = grpc::CallbackServerContext;
    grpc::ServerWriteReactor<v1::BackupProgress>* CreateBackup(
        Context*, const v1::CreateBackupRequest*) override;
    grpc::ServerUnaryReactor* ListBackups(Context*, const v1::ListBackupsRequest*,
                                          v1::BackupList*) override;
    grpc::ServerWriteReactor<v1::BackupProgress>* VerifyBackup(
        Context*, const v1::VerifyBackupRequest*) override;
    grpc::ServerWriteReactor<v1::RestoredFolder>* RestoreAccount(
        Context*, const v1::RestoreAccountRequest*) override;

  private:
    Gate gate_;
    Backups& backups_;
    Workers& workers_;
    Workers& lists_;
};

}  // namespace tayori::spool

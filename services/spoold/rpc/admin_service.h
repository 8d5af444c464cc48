// AdminService over gRPC. What reads or rewrites the whole store runs on the administrators' own
// thread, so that sessions never wait for it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "spoold/counters/counters.h"
#include "spoold/directory/directory.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/mailbox/undelete.h"
#include "spoold/queue/outgoing.h"
#include "spoold/queue/queue.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/stream_service.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/admin.grpc.pb.h"

namespace tayori::spool {

class AdminService final : public v1::AdminService::CallbackService {
  public:
    struct Parts {
        store::Store& store;
        Directory& directory;
        Mailboxes& mailboxes;
        Counters& counters;
        spool::Undelete& undelete;
        Queue& queue;
        Outgoing& outgoing;
        Streams& streams;
        Workers& workers;
        std::string server_id;
        std::int64_t started_s = 0;
        std::vector<std::string> warnings;  // of the start
    };
    AdminService(Gate gate, Parts parts) : gate_(gate), parts_(std::move(parts)) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    Unary* GetStatus(Context*, const v1::GetStatusRequest*, v1::Status*) override;
    Unary* SetLogLevel(Context*, const v1::SetLogLevelRequest*, v1::SetLogLevelResponse*) override;
    Unary* ListAccountFolders(Context*, const v1::AccountFoldersRequest*,
                              v1::AccountFolders*) override;
    Unary* CreateAccountFolder(Context*, const v1::AccountFolderRequest*, v1::Folder*) override;
    Unary* RenameAccountFolder(Context*, const v1::RenameAccountFolderRequest*,
                               v1::AccountFolders*) override;
    Unary* DeleteAccountFolder(Context*, const v1::AccountFolderRequest*,
                               v1::AccountFolders*) override;
    Unary* StoreAccountFlags(Context*, const v1::StoreAccountFlagsRequest*, v1::StoreFlagsReply*) override;
    Unary* CopyAccountMessages(Context*, const v1::CopyAccountMessagesRequest*, v1::CopyMessagesReply*) override;
    Unary* ShowCounters(Context*, const v1::CountersRequest*, v1::Counters*) override;
    Unary* VerifyCounters(Context*, const v1::CountersRequest*, v1::CountersReport*) override;
    grpc::ServerWriteReactor<v1::FolderCounters>* ListFolderCounters(
        Context*, const v1::ListFolderCountersRequest*) override;
    Unary* RepairCounters(Context*, const v1::RepairCountersRequest*, v1::CountersRaised*) override;
    Unary* RaiseCounters(Context*, const v1::RaiseCountersRequest*, v1::CountersRaised*) override;
    Unary* GetQuotaReport(Context*, const v1::QuotaReportRequest*, v1::QuotaReport*) override;
    Unary* RecountQuota(Context*, const v1::QuotaReportRequest*, v1::QuotaReport*) override;
    grpc::ServerWriteReactor<v1::ExpungedMail>* ListExpunged(Context*,
                                                             const v1::ExpungedRequest*) override;
    Unary* Undelete(Context*, const v1::UndeleteRequest*, v1::UndeleteResponse*) override;
    Unary* VerifyStore(Context*, const v1::StoreRequest*, v1::StoreReport*) override;
    Unary* CompactStore(Context*, const v1::StoreRequest*, v1::StoreReport*) override;
    Unary* CheckpointStore(Context*, const v1::StoreRequest*, v1::StoreReport*) override;

  private:
    Result<v1::Status> status() const;
    std::string queue_note() const;
    // With what only the directory knows.
    Result<v1::Counters> counters(AccountId account) const;
    Result<v1::CountersReport> verify_counters(AccountId account) const;
    Result<AccountId> account(const std::string& address) const;
    Result<AccountId> account_or_site(const std::string& address) const;
    Result<v1::AccountFolders> folders(AccountId account) const;
    // The account, where the folder's UIDs are still those that were meant.
    Result<AccountId> account_of(const std::string& address, std::uint64_t folder_id, std::uint32_t uid_validity) const;

    Gate gate_;
    Parts parts_;
};

}  // namespace tayori::spool

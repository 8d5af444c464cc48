// adminctl's way to spoold: one method per rpc of its administrators' services (proto/ says
// what each does). Each blocks until the answer is there; errors are those of the contract, and
// busy when spoold can't be reached.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/rpc/address.h"
#include "tayori/spool/v1/admin.pb.h"
#include "tayori/spool/v1/backup.pb.h"
#include "tayori/spool/v1/bulk.pb.h"
#include "tayori/spool/v1/directory.pb.h"
#include "tayori/spool/v1/dkim.pb.h"
#include "tayori/spool/v1/jobs.pb.h"
#include "tayori/spool/v1/plugin.pb.h"
#include "tayori/spool/v1/queue.pb.h"
#include "tayori/spool/v1/srs.pb.h"

namespace tayori::rpc {

namespace v1 = ::tayori::spool::v1;

class AdminClient {
  public:
    // `spoold`: the setting spoold.address as text, "unix:/path" or "host:port"; the
    // administrators' socket of a unix address is found by itself. Nothing is sent yet: the first
    // call connects.
    static Result<std::unique_ptr<AdminClient>> make(const std::string& spoold,
                                                     const TlsFiles& tls);
    ~AdminClient();
    AdminClient(const AdminClient&) = delete;
    AdminClient& operator=(const AdminClient&) = delete;

    // Called for each; false stops the list.
    template <class T>
    using Visit = std::function<bool(const T&)>;

    // DirectoryService.
    Result<v1::Domain> add_domain(const v1::AddDomainRequest& request);
    Result<v1::DeleteDomainResponse> delete_domain(const v1::DeleteDomainRequest& request);
    Result<v1::Domain> set_domain(const v1::SetDomainRequest& request);
    Result<v1::ListDomainsResponse> list_domains(const v1::ListDomainsRequest& request);
    Result<v1::Account> add_account(const v1::AddAccountRequest& request);
    Result<v1::Account> delete_account(const v1::AccountRequest& request);
    Result<v1::Account> undelete_account(const v1::AccountRequest& request);
    Result<v1::Account> set_suspended(const v1::SetSuspendedRequest& request);
    Result<v1::Account> rename_account(const v1::RenameAccountRequest& request);
    Result<v1::Account> set_password(const v1::SetPasswordRequest& request);
    Result<v1::AddAppPasswordResponse> add_app_password(const v1::AddAppPasswordRequest& request);
    Result<v1::Account> delete_app_password(const v1::DeleteAppPasswordRequest& request);
    Result<v1::Account> set_account(const v1::SetAccountRequest& request);
    Result<v1::Account> get_account(const v1::AccountRequest& request);
    Result<void> list_accounts(const v1::ListAccountsRequest& request,
                               const Visit<v1::Account>& visit);
    Result<v1::Alias> add_alias(const v1::AddAliasRequest& request);
    Result<v1::DeleteAliasResponse> delete_alias(const v1::DeleteAliasRequest& request);
    Result<void> list_aliases(const v1::ListAliasesRequest& request, const Visit<v1::Alias>& visit);

    // BulkService. The table is sent in parts.
    Result<v1::AccountsPlan> plan_accounts(const v1::AccountsTable& table);
    Result<v1::AccountsPlan> apply_accounts(const v1::AccountsTable& table);
    Result<v1::AccountsPlan> roll_back_accounts(const v1::RollBackRequest& request);
    Result<void> list_bulk_changes(const v1::ListBulkChangesRequest& request,
                                   const Visit<v1::BulkChange>& visit);

    // AdminService.
    Result<v1::Status> get_status(const v1::GetStatusRequest& request);
    Result<v1::SetLogLevelResponse> set_log_level(const v1::SetLogLevelRequest& request);
    Result<v1::AccountFolders> list_account_folders(const v1::AccountFoldersRequest& request);
    Result<v1::Folder> create_account_folder(const v1::AccountFolderRequest& request);
    Result<v1::AccountFolders> rename_account_folder(const v1::RenameAccountFolderRequest& request);
    Result<v1::AccountFolders> delete_account_folder(const v1::AccountFolderRequest& request);
    Result<v1::StoreFlagsReply> store_account_flags(const v1::StoreAccountFlagsRequest& request);
    Result<v1::CopyMessagesReply> copy_account_messages(const v1::CopyAccountMessagesRequest& request);
    Result<v1::Counters> show_counters(const v1::CountersRequest& request);
    Result<v1::CountersReport> verify_counters(const v1::CountersRequest& request);
    Result<void> list_folder_counters(const v1::ListFolderCountersRequest& request,
                                      const Visit<v1::FolderCounters>& visit);
    Result<v1::CountersRaised> repair_counters(const v1::RepairCountersRequest& request);
    Result<v1::CountersRaised> raise_counters(const v1::RaiseCountersRequest& request);
    Result<v1::QuotaReport> get_quota_report(const v1::QuotaReportRequest& request);
    Result<v1::QuotaReport> recount_quota(const v1::QuotaReportRequest& request);
    Result<void> list_expunged(const v1::ExpungedRequest& request,
                               const Visit<v1::ExpungedMail>& visit);
    Result<v1::UndeleteResponse> undelete(const v1::UndeleteRequest& request);
    Result<v1::StoreReport> verify_store(const v1::StoreRequest& request);
    Result<v1::StoreReport> compact_store(const v1::StoreRequest& request);
    Result<v1::StoreReport> checkpoint_store(const v1::StoreRequest& request);

    // JobService.
    Result<v1::Imap4> get_imap4(const v1::GetImap4Request& request);
    Result<v1::Imap4> set_imap4(const v1::SetImap4Request& request);
    Result<v1::JobPlan> plan_job(const v1::JobSpec& request);
    Result<v1::Job> start_job(const v1::JobSpec& request);
    Result<v1::Job> undo_job(const v1::JobRequest& request);
    Result<v1::Job> get_job(const v1::JobRequest& request);
    Result<v1::Job> control_job(const v1::ControlJobRequest& request);
    Result<void> list_jobs(const v1::ListJobsRequest& request, const Visit<v1::Job>& visit);
    // Until the job is at its end.
    Result<void> watch_job(const v1::JobRequest& request, const Visit<v1::Job>& visit);
    Result<void> report_job(const v1::JobRequest& request, const Visit<v1::MailboxOutcome>& visit);
    // BackupService.
    Result<void> create_backup(const v1::CreateBackupRequest& request,
                               const Visit<v1::BackupProgress>& visit);
    Result<v1::BackupList> list_backups(const v1::ListBackupsRequest& request);
    Result<void> verify_backup(const v1::VerifyBackupRequest& request,
                               const Visit<v1::BackupProgress>& visit);
    Result<void> restore_account(const v1::RestoreAccountRequest& request,
                                 const Visit<v1::RestoredFolder>& visit);

    // QueueService.
    Result<void> list_queue(const v1::ListQueueRequest& request, const Visit<v1::QueuedMail>& visit);
    Result<v1::QueuedMail> show_queued(const v1::QueueIdRequest& request);
    Result<v1::QueueChanged> hold_queued(const v1::SelectQueued& request);
    Result<v1::QueueChanged> release_queued(const v1::SelectQueued& request);
    Result<v1::QueueChanged> retry_queued(const v1::SelectQueued& request);
    Result<v1::QueueChanged> route_queued(const v1::RouteQueuedRequest& request);
    Result<v1::QueueChanged> cancel_queued(const v1::CancelQueuedRequest& request);
    Result<v1::QueueStats> get_queue_stats(const v1::QueueStatsRequest& request);
    Result<v1::RouteEntry> set_route(const v1::SetRouteRequest& request);
    Result<v1::RouteList> delete_route(const v1::DeleteRouteRequest& request);
    Result<v1::RouteList> list_routes(const v1::ListRoutesRequest& request);
    Result<void> trace(const v1::TraceRequest& request, const Visit<v1::TracedMail>& visit);
    Result<v1::SendMailResponse> send_mail(const v1::SendMailRequest& request);
    // DkimService.
    Result<v1::DkimEntry> create_dkim(const v1::CreateDkimRequest& request);
    Result<v1::DkimList> list_dkim(const v1::ListDkimRequest& request);
    Result<v1::DkimEntry> enable_dkim(const v1::DkimRequest& request);
    Result<v1::DkimEntry> disable_dkim(const v1::DkimRequest& request);
    Result<v1::DkimList> delete_dkim(const v1::DkimRequest& request);
    // SrsService.
    Result<v1::SrsState> get_srs(const v1::GetSrsRequest& request);
    Result<v1::SrsState> rotate_srs(const v1::RotateSrsRequest& request);
    // PluginService.
    Result<v1::PluginList> list_plugins(const v1::ListPluginsRequest& request);
    Result<v1::PluginView> get_plugin(const v1::PluginScope& request);
    Result<v1::PluginView> switch_plugin(const v1::SwitchPluginRequest& request);
    Result<v1::PluginView> set_plugin(const v1::SetPluginRequest& request);
    Result<v1::PluginList> reload_plugins(const v1::ReloadPluginsRequest& request);
    Result<v1::PluginStateRows> list_plugin_state(const v1::ListPluginStateRequest& request);
    Result<v1::PluginStateRows> clear_plugin_state(const v1::ListPluginStateRequest& request);

  private:
    struct Stubs;
    explicit AdminClient(std::unique_ptr<Stubs> stubs);
    std::unique_ptr<Stubs> stubs_;
};

}  // namespace tayori::rpc

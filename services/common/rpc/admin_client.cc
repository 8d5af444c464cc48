#include "common/rpc/admin_client.h"

#include <algorithm>
#include <chrono>

#include "common/rpc/blocking.h"
#include "common/rpc/channel.h"
#include "tayori/spool/v1/admin.grpc.pb.h"
#include "tayori/spool/v1/backup.grpc.pb.h"
#include "tayori/spool/v1/bulk.grpc.pb.h"
#include "tayori/spool/v1/directory.grpc.pb.h"
#include "tayori/spool/v1/dkim.grpc.pb.h"
#include "tayori/spool/v1/jobs.grpc.pb.h"
#include "tayori/spool/v1/plugin.grpc.pb.h"
#include "tayori/spool/v1/queue.grpc.pb.h"
#include "tayori/spool/v1/srs.grpc.pb.h"

namespace tayori::rpc {

namespace {

inline constexpr std::chrono::hours kLongWait{24};  // what reads the whole store

using detail::list;
using detail::unary;

}  // namespace

namespace {

using TableWriter = grpc::ClientWriter<v1::AccountsPart>;

// A table in parts, none of them near the limit of a message.
Result<v1::AccountsPlan> send_table(v1::BulkService::Stub& stub,
                                    std::unique_ptr<TableWriter> (v1::BulkService::Stub::*method)(
                                        grpc::ClientContext*, v1::AccountsPlan*),
                                    const v1::AccountsTable& table) {
    constexpr int kRowsInPart = 1000;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kLongWait);
    v1::AccountsPlan plan;
    auto writer = (stub.*method)(&context, &plan);
    v1::AccountsPart part;
    *part.mutable_options() = table.options();
    bool open = writer->Write(part);
    for (int first = 0; open && first < table.rows_size(); first += kRowsInPart) {
        auto& rows = *part.mutable_rows();  // of the oneof: the options are gone
        rows.clear_rows();
        for (int i = first; i < std::min(first + kRowsInPart, table.rows_size()); ++i)
            *rows.add_rows() = table.rows(i);
        open = writer->Write(part);
    }
    writer->WritesDone();
    const auto status = writer->Finish();
    if (!status.ok()) return fail(from_status(status));
    return plan;
}

}  // namespace

struct AdminClient::Stubs {
    std::unique_ptr<v1::DirectoryService::Stub> directory;
    std::unique_ptr<v1::BulkService::Stub> bulk;
    std::unique_ptr<v1::AdminService::Stub> admin;
    std::unique_ptr<v1::JobService::Stub> jobs;
    std::unique_ptr<v1::BackupService::Stub> backup;
    std::unique_ptr<v1::QueueService::Stub> queue;
    std::unique_ptr<v1::DkimService::Stub> dkim;
    std::unique_ptr<v1::SrsService::Stub> srs;
    std::unique_ptr<v1::PluginService::Stub> plugins;
};

AdminClient::AdminClient(std::unique_ptr<Stubs> stubs) : stubs_(std::move(stubs)) {}
AdminClient::~AdminClient() = default;

Result<std::unique_ptr<AdminClient>> AdminClient::make(const std::string& spoold,
                                                       const TlsFiles& tls) {
    auto channel = make_channel(admin_address(spoold), tls);
    if (!channel) return fail(std::move(channel.error()));
    auto stubs = std::make_unique<Stubs>();
    stubs->directory = v1::DirectoryService::NewStub(*channel);
    stubs->bulk = v1::BulkService::NewStub(*channel);
    stubs->admin = v1::AdminService::NewStub(*channel);
    stubs->jobs = v1::JobService::NewStub(*channel);
    stubs->backup = v1::BackupService::NewStub(*channel);
    stubs->queue = v1::QueueService::NewStub(*channel);
    stubs->dkim = v1::DkimService::NewStub(*channel);
    stubs->srs = v1::SrsService::NewStub(*channel);
    stubs->plugins = v1::PluginService::NewStub(*channel);
    return std::unique_ptr<AdminClient>(new AdminClient(std::move(stubs)));
}

Result<v1::Domain> AdminClient::add_domain(const v1::AddDomainRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::AddDomain, request);
}
Result<v1::DeleteDomainResponse> AdminClient::delete_domain(
    const v1::DeleteDomainRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::DeleteDomain, request);
}
Result<v1::Domain> AdminClient::set_domain(const v1::SetDomainRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::SetDomain, request);
}
Result<v1::ListDomainsResponse> AdminClient::list_domains(const v1::ListDomainsRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::ListDomains, request);
}
Result<v1::Account> AdminClient::add_account(const v1::AddAccountRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::AddAccount, request);
}
Result<v1::Account> AdminClient::delete_account(const v1::AccountRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::DeleteAccount, request);
}
Result<v1::Account> AdminClient::undelete_account(const v1::AccountRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::UndeleteAccount, request);
}
Result<v1::Account> AdminClient::set_suspended(const v1::SetSuspendedRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::SetSuspended, request);
}
Result<v1::Account> AdminClient::rename_account(const v1::RenameAccountRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::RenameAccount, request);
}
Result<v1::Account> AdminClient::set_password(const v1::SetPasswordRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::SetPassword, request);
}
Result<v1::AddAppPasswordResponse> AdminClient::add_app_password(
    const v1::AddAppPasswordRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::AddAppPassword, request);
}
Result<v1::Account> AdminClient::delete_app_password(const v1::DeleteAppPasswordRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::DeleteAppPassword, request);
}
Result<v1::Account> AdminClient::set_account(const v1::SetAccountRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::SetAccount, request);
}
Result<v1::Account> AdminClient::get_account(const v1::AccountRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::GetAccount, request);
}
Result<void> AdminClient::list_accounts(const v1::ListAccountsRequest& request,
                                        const Visit<v1::Account>& visit) {
    return list(*stubs_->directory, &v1::DirectoryService::Stub::ListAccounts, request, visit);
}
Result<v1::Alias> AdminClient::add_alias(const v1::AddAliasRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::AddAlias, request);
}
Result<v1::DeleteAliasResponse> AdminClient::delete_alias(const v1::DeleteAliasRequest& request) {
    return unary(*stubs_->directory, &v1::DirectoryService::Stub::DeleteAlias, request);
}
Result<void> AdminClient::list_aliases(const v1::ListAliasesRequest& request,
                                       const Visit<v1::Alias>& visit) {
    return list(*stubs_->directory, &v1::DirectoryService::Stub::ListAliases, request, visit);
}

Result<v1::AccountsPlan> AdminClient::plan_accounts(const v1::AccountsTable& table) {
    return send_table(*stubs_->bulk, &v1::BulkService::Stub::PlanAccounts, table);
}
Result<v1::AccountsPlan> AdminClient::apply_accounts(const v1::AccountsTable& table) {
    return send_table(*stubs_->bulk, &v1::BulkService::Stub::ApplyAccounts, table);
}
Result<v1::AccountsPlan> AdminClient::roll_back_accounts(const v1::RollBackRequest& request) {
    return unary(*stubs_->bulk, &v1::BulkService::Stub::RollBackAccounts, request, kLongWait);
}
Result<void> AdminClient::list_bulk_changes(const v1::ListBulkChangesRequest& request,
                                            const Visit<v1::BulkChange>& visit) {
    return list(*stubs_->bulk, &v1::BulkService::Stub::ListBulkChanges, request, visit);
}

Result<v1::Status> AdminClient::get_status(const v1::GetStatusRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::GetStatus, request);
}
Result<v1::SetLogLevelResponse> AdminClient::set_log_level(const v1::SetLogLevelRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::SetLogLevel, request);
}
Result<v1::AccountFolders> AdminClient::list_account_folders(
    const v1::AccountFoldersRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::ListAccountFolders, request);
}
Result<v1::Folder> AdminClient::create_account_folder(const v1::AccountFolderRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::CreateAccountFolder, request);
}
Result<v1::AccountFolders> AdminClient::rename_account_folder(
    const v1::RenameAccountFolderRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::RenameAccountFolder, request);
}
Result<v1::AccountFolders> AdminClient::delete_account_folder(
    const v1::AccountFolderRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::DeleteAccountFolder, request);
}
Result<v1::StoreFlagsReply> AdminClient::store_account_flags(const v1::StoreAccountFlagsRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::StoreAccountFlags, request);
}
Result<v1::CopyMessagesReply> AdminClient::copy_account_messages(const v1::CopyAccountMessagesRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::CopyAccountMessages, request);
}
Result<v1::Counters> AdminClient::show_counters(const v1::CountersRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::ShowCounters, request);
}
Result<v1::CountersReport> AdminClient::verify_counters(const v1::CountersRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::VerifyCounters, request, kLongWait);
}
Result<void> AdminClient::list_folder_counters(const v1::ListFolderCountersRequest& request,
                                               const Visit<v1::FolderCounters>& visit) {
    return list(*stubs_->admin, &v1::AdminService::Stub::ListFolderCounters, request, visit);
}
Result<v1::CountersRaised> AdminClient::repair_counters(const v1::RepairCountersRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::RepairCounters, request, kLongWait);
}
Result<v1::CountersRaised> AdminClient::raise_counters(const v1::RaiseCountersRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::RaiseCounters, request, kLongWait);
}
Result<v1::QuotaReport> AdminClient::get_quota_report(const v1::QuotaReportRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::GetQuotaReport, request);
}
Result<v1::QuotaReport> AdminClient::recount_quota(const v1::QuotaReportRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::RecountQuota, request, kLongWait);
}
Result<void> AdminClient::list_expunged(const v1::ExpungedRequest& request,
                                        const Visit<v1::ExpungedMail>& visit) {
    return list(*stubs_->admin, &v1::AdminService::Stub::ListExpunged, request, visit);
}
Result<v1::UndeleteResponse> AdminClient::undelete(const v1::UndeleteRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::Undelete, request);
}
Result<v1::StoreReport> AdminClient::verify_store(const v1::StoreRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::VerifyStore, request, kLongWait);
}
Result<v1::StoreReport> AdminClient::compact_store(const v1::StoreRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::CompactStore, request, kLongWait);
}
Result<v1::StoreReport> AdminClient::checkpoint_store(const v1::StoreRequest& request) {
    return unary(*stubs_->admin, &v1::AdminService::Stub::CheckpointStore, request, kLongWait);
}

Result<v1::Imap4> AdminClient::get_imap4(const v1::GetImap4Request& request) {
    return unary(*stubs_->jobs, &v1::JobService::Stub::GetImap4, request, kLongWait);
}
Result<v1::Imap4> AdminClient::set_imap4(const v1::SetImap4Request& request) {
    return unary(*stubs_->jobs, &v1::JobService::Stub::SetImap4, request);
}
Result<v1::JobPlan> AdminClient::plan_job(const v1::JobSpec& request) {
    return unary(*stubs_->jobs, &v1::JobService::Stub::PlanJob, request, kLongWait);
}
Result<v1::Job> AdminClient::start_job(const v1::JobSpec& request) {
    return unary(*stubs_->jobs, &v1::JobService::Stub::StartJob, request, kLongWait);
}
Result<v1::Job> AdminClient::undo_job(const v1::JobRequest& request) {
    return unary(*stubs_->jobs, &v1::JobService::Stub::UndoJob, request);
}
Result<v1::Job> AdminClient::get_job(const v1::JobRequest& request) {
    return unary(*stubs_->jobs, &v1::JobService::Stub::GetJob, request);
}
Result<v1::Job> AdminClient::control_job(const v1::ControlJobRequest& request) {
    return unary(*stubs_->jobs, &v1::JobService::Stub::ControlJob, request);
}
Result<void> AdminClient::list_jobs(const v1::ListJobsRequest& request, const Visit<v1::Job>& visit) {
    return list(*stubs_->jobs, &v1::JobService::Stub::ListJobs, request, visit);
}
Result<void> AdminClient::watch_job(const v1::JobRequest& request, const Visit<v1::Job>& visit) {
    return list(*stubs_->jobs, &v1::JobService::Stub::WatchJob, request, visit);
}
Result<void> AdminClient::report_job(const v1::JobRequest& request, const Visit<v1::MailboxOutcome>& visit) {
    return list(*stubs_->jobs, &v1::JobService::Stub::ReportJob, request, visit);
}
Result<void> AdminClient::create_backup(const v1::CreateBackupRequest& request,
                                        const Visit<v1::BackupProgress>& visit) {
    return list(*stubs_->backup, &v1::BackupService::Stub::CreateBackup, request, visit);
}
Result<v1::BackupList> AdminClient::list_backups(const v1::ListBackupsRequest& request) {
    return unary(*stubs_->backup, &v1::BackupService::Stub::ListBackups, request);
}
Result<void> AdminClient::verify_backup(const v1::VerifyBackupRequest& request,
                                        const Visit<v1::BackupProgress>& visit) {
    return list(*stubs_->backup, &v1::BackupService::Stub::VerifyBackup, request, visit);
}
Result<void> AdminClient::restore_account(const v1::RestoreAccountRequest& request,
                                          const Visit<v1::RestoredFolder>& visit) {
    return list(*stubs_->backup, &v1::BackupService::Stub::RestoreAccount, request, visit);
}
Result<void> AdminClient::list_queue(const v1::ListQueueRequest& request, const Visit<v1::QueuedMail>& visit) {
    return list(*stubs_->queue, &v1::QueueService::Stub::ListQueue, request, visit);
}
Result<v1::QueuedMail> AdminClient::show_queued(const v1::QueueIdRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::ShowQueued, request);
}
Result<v1::QueueChanged> AdminClient::hold_queued(const v1::SelectQueued& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::HoldQueued, request);
}
Result<v1::QueueChanged> AdminClient::release_queued(const v1::SelectQueued& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::ReleaseQueued, request);
}
Result<v1::QueueChanged> AdminClient::retry_queued(const v1::SelectQueued& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::RetryQueued, request);
}
Result<v1::QueueChanged> AdminClient::route_queued(const v1::RouteQueuedRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::RouteQueued, request);
}
Result<v1::QueueChanged> AdminClient::cancel_queued(const v1::CancelQueuedRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::CancelQueued, request);
}
Result<v1::QueueStats> AdminClient::get_queue_stats(const v1::QueueStatsRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::GetQueueStats, request);
}
Result<v1::RouteEntry> AdminClient::set_route(const v1::SetRouteRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::SetRoute, request);
}
Result<v1::RouteList> AdminClient::delete_route(const v1::DeleteRouteRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::DeleteRoute, request);
}
Result<v1::RouteList> AdminClient::list_routes(const v1::ListRoutesRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::ListRoutes, request);
}
Result<void> AdminClient::trace(const v1::TraceRequest& request, const Visit<v1::TracedMail>& visit) {
    return list(*stubs_->queue, &v1::QueueService::Stub::Trace, request, visit);
}
Result<v1::SendMailResponse> AdminClient::send_mail(const v1::SendMailRequest& request) {
    return unary(*stubs_->queue, &v1::QueueService::Stub::SendMail, request);
}

Result<v1::DkimEntry> AdminClient::create_dkim(const v1::CreateDkimRequest& request) {
    return unary(*stubs_->dkim, &v1::DkimService::Stub::CreateDkim, request);
}
Result<v1::DkimList> AdminClient::list_dkim(const v1::ListDkimRequest& request) {
    return unary(*stubs_->dkim, &v1::DkimService::Stub::ListDkim, request);
}
Result<v1::DkimEntry> AdminClient::enable_dkim(const v1::DkimRequest& request) {
    return unary(*stubs_->dkim, &v1::DkimService::Stub::EnableDkim, request);
}
Result<v1::DkimEntry> AdminClient::disable_dkim(const v1::DkimRequest& request) {
    return unary(*stubs_->dkim, &v1::DkimService::Stub::DisableDkim, request);
}
Result<v1::DkimList> AdminClient::delete_dkim(const v1::DkimRequest& request) {
    return unary(*stubs_->dkim, &v1::DkimService::Stub::DeleteDkim, request);
}
Result<v1::SrsState> AdminClient::get_srs(const v1::GetSrsRequest& request) {
    return unary(*stubs_->srs, &v1::SrsService::Stub::GetSrs, request);
}
Result<v1::SrsState> AdminClient::rotate_srs(const v1::RotateSrsRequest& request) {
    return unary(*stubs_->srs, &v1::SrsService::Stub::RotateSrs, request);
}

Result<v1::PluginList> AdminClient::list_plugins(const v1::ListPluginsRequest& request) {
    return unary(*stubs_->plugins, &v1::PluginService::Stub::ListPlugins, request);
}
Result<v1::PluginView> AdminClient::get_plugin(const v1::PluginScope& request) {
    return unary(*stubs_->plugins, &v1::PluginService::Stub::GetPlugin, request);
}
Result<v1::PluginView> AdminClient::switch_plugin(const v1::SwitchPluginRequest& request) {
    return unary(*stubs_->plugins, &v1::PluginService::Stub::SwitchPlugin, request);
}
Result<v1::PluginView> AdminClient::set_plugin(const v1::SetPluginRequest& request) {
    return unary(*stubs_->plugins, &v1::PluginService::Stub::SetPlugin, request);
}
Result<v1::PluginList> AdminClient::reload_plugins(const v1::ReloadPluginsRequest& request) {
    return unary(*stubs_->plugins, &v1::PluginService::Stub::ReloadPlugins, request);
}
Result<v1::PluginStateRows> AdminClient::list_plugin_state(const v1::ListPluginStateRequest& request) {
    return unary(*stubs_->plugins, &v1::PluginService::Stub::ListPluginState, request);
}
Result<v1::PluginStateRows> AdminClient::clear_plugin_state(const v1::ListPluginStateRequest& request) {
    return unary(*stubs_->plugins, &v1::PluginService::Stub::ClearPluginState, request);
}

}  // namespace tayori::rpc

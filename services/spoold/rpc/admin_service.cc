#include "spoold/rpc/admin_service.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/rpc/unary.h"

namespace tayori::spool {

using Context = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

Result<AccountId> AdminService::account(const std::string& address) const {
    return parts_.directory.account_id_of(address).map(
        [](std::uint64_t id) { return AccountId{id}; });
}

Result<AccountId> AdminService::account_or_site(const std::string& address) const {
    if (address.empty()) return AccountId{0};
    return account(address);
}

Result<v1::AccountFolders> AdminService::folders(AccountId account) const {
    auto listed = parts_.mailboxes.list_folders(account, v1::ListFolders());
    if (!listed) return fail(std::move(listed.error()));
    v1::AccountFolders reply;
    *reply.mutable_folders() = std::move(*listed->mutable_folders());
    return reply;
}

Result<AccountId> AdminService::account_of(const std::string& address, std::uint64_t folder_id, std::uint32_t uid_validity) const {
    auto id = account(address);
    if (!id) return id;
    v1::GetFolder wanted;
    wanted.set_folder_id(folder_id);
    auto found = parts_.mailboxes.get_folder(*id, wanted);
    if (!found) return fail(std::move(found.error()));
    if (found->folder().uid_validity() != uid_validity)
        return fail(Kind::busy, cat(found->folder().name(), " has been renumbered meanwhile: read it again."));
    return id;
}

Result<v1::Counters> AdminService::counters(AccountId account) const {
    auto out = parts_.counters.show(account);
    if (!out) return out;
    auto counts = parts_.directory.counts();
    if (!counts) return fail(std::move(counts.error()));
    out->set_next_account_id(counts->next_account_id);
    return out;
}

Result<v1::CountersReport> AdminService::verify_counters(AccountId account) const {
    auto report = parts_.counters.verify(account);
    if (!report || raw(account) != 0) return report;
    auto problems = parts_.directory.verify();
    if (!problems) return fail(std::move(problems.error()));
    for (auto& problem : *problems) report->add_problems(std::move(problem));
    return report;
}

// Why mail waits, in a sentence.
std::string AdminService::queue_note() const {
    const auto stats = parts_.outgoing.schedule_stats();
    const auto daemons = parts_.streams.daemons();
    const bool carried = std::any_of(daemons.begin(), daemons.end(), [](const auto& daemon) { return daemon.program() == "smtpd"; });
    if (!carried) return "No smtpd is connected: nothing is sent until one is.";
    std::string note = cat(stats.leased, " are being sent");
    if (stats.held > 0) append(note, ", ", stats.held, " are held by an administrator");
    const auto waiting = stats.waiting - std::min(stats.waiting, stats.leased + stats.held);
    if (waiting > 0) append(note, ", ", waiting, " wait for their next try");
    return note + ".";
}

Result<v1::Status> AdminService::status() const {
    v1::Status out;
    const auto stats = parts_.store.stats();
    auto counts = parts_.directory.counts();
    if (!counts) return fail(std::move(counts.error()));
    auto queued = parts_.queue.counts();
    if (!queued) return fail(std::move(queued.error()));
    out.set_version(TAYORI_VERSION);
    out.set_started_s(parts_.started_s);
    out.set_server_id(parts_.server_id);
    out.set_accounts(counts->accounts);
    out.set_domains(counts->domains);
    out.set_messages(stats.bodies);
    out.set_queued(queued->waiting);
    if (queued->waiting != 0) out.set_queue_note(queue_note());
    out.set_log_position(stats.log_position);
    out.set_flushed_position(stats.flushed_position);
    out.set_segment_bytes(stats.segment_bytes);
    out.set_dead_bytes(stats.dead_bytes);
    out.set_free_bytes(stats.free_bytes);
    out.set_accepting(stats.accepting);
    out.set_groups(stats.groups);
    out.set_mutations(stats.mutations);
    for (auto& daemon : parts_.streams.daemons()) *out.add_daemons() = std::move(daemon);
    for (const auto& warning : parts_.warnings) out.add_warnings(warning);
    if (auto low = parts_.counters.headroom_warning()) out.add_warnings(std::move(*low));
    if (!stats.accepting)
        out.add_warnings("The disk is nearly full: new mail is refused for the time being.");
    return out;
}

Unary* AdminService::GetStatus(Context* context, const v1::GetStatusRequest*, v1::Status* reply) {
    return unary(gate_, context, reply, [&](auto done) { done(status()); });
}

Unary* AdminService::SetLogLevel(Context* context, const v1::SetLogLevelRequest* request,
                                 v1::SetLogLevelResponse* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        const auto level = log_level_named(request->level());
        if (!level) {
            return done(fail(Kind::invalid, cat("\"", request->level(),
                                                "\" is no level: use debug, info, warn or error.")));
        }
        log_set_level(*level);
        parts_.streams.set_log_level(request->level());
        done(v1::SetLogLevelResponse());
    });
}

Unary* AdminService::ListAccountFolders(Context* context, const v1::AccountFoldersRequest* request,
                                        v1::AccountFolders* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        done(account(request->address()).and_then([this](AccountId id) { return folders(id); }));
    });
}

Unary* AdminService::CreateAccountFolder(Context* context, const v1::AccountFolderRequest* request,
                                         v1::Folder* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        auto id = account(request->address());
        if (!id) return done(fail(std::move(id.error())));
        auto wanted = std::make_shared<v1::CreateFolder>();
        wanted->set_name(request->folder());
        parts_.mailboxes.create_folder(*id, wanted, [done](Result<v1::CreateFolderReply> made) {
            if (!made) return done(fail(std::move(made.error())));
            done(std::move(*made->mutable_folder()));
        });
    });
}

Unary* AdminService::RenameAccountFolder(Context* context,
                                         const v1::RenameAccountFolderRequest* request,
                                         v1::AccountFolders* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        auto id = account(request->address());
        if (!id) return done(fail(std::move(id.error())));
        auto wanted = std::make_shared<v1::RenameFolder>();
        wanted->set_from(request->from());
        wanted->set_to(request->to());
        parts_.mailboxes.rename_folder(
            *id, wanted, [this, done, id = *id](Result<v1::RenameFolderReply> renamed) {
                if (!renamed) return done(fail(std::move(renamed.error())));
                done(folders(id));
            });
    });
}

Unary* AdminService::DeleteAccountFolder(Context* context, const v1::AccountFolderRequest* request,
                                         v1::AccountFolders* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        auto id = account(request->address());
        if (!id) return done(fail(std::move(id.error())));
        auto wanted = std::make_shared<v1::DeleteFolder>();
        wanted->set_name(request->folder());
        parts_.mailboxes.delete_folder(
            *id, wanted, [this, done, id = *id](Result<v1::DeleteFolderReply> deleted) {
                if (!deleted) return done(fail(std::move(deleted.error())));
                done(folders(id));
            });
    });
}

Unary* AdminService::StoreAccountFlags(Context* context, const v1::StoreAccountFlagsRequest* request, v1::StoreFlagsReply* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        auto id = account_of(request->address(), request->store().folder_id(), request->uid_validity());
        if (!id) return done(fail(std::move(id.error())));
        parts_.mailboxes.store_flags(*id, std::make_shared<v1::StoreFlags>(request->store()), std::move(done));
    });
}

Unary* AdminService::CopyAccountMessages(Context* context, const v1::CopyAccountMessagesRequest* request,
                                         v1::CopyMessagesReply* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        auto id = account_of(request->address(), request->copy().folder_id(), request->uid_validity());
        if (!id) return done(fail(std::move(id.error())));
        parts_.mailboxes.copy_messages(*id, std::make_shared<v1::CopyMessages>(request->copy()), std::move(done));
    });
}

Unary* AdminService::ShowCounters(Context* context, const v1::CountersRequest* request,
                                  v1::Counters* reply) {
    return unary_on(parts_.workers, gate_, context, reply, [this, request] {
        return account_or_site(request->address()).and_then([this](AccountId id) {
            return counters(id);
        });
    });
}

Unary* AdminService::VerifyCounters(Context* context, const v1::CountersRequest* request,
                                    v1::CountersReport* reply) {
    return unary_on(parts_.workers, gate_, context, reply, [this, request] {
        return account_or_site(request->address()).and_then([this](AccountId id) {
            return verify_counters(id);
        });
    });
}

grpc::ServerWriteReactor<v1::FolderCounters>* AdminService::ListFolderCounters(
    Context* context, const v1::ListFolderCountersRequest*) {
    return items<v1::FolderCounters>(parts_.workers, gate_, context, [this](const auto& visit) {
        return parts_.counters.list_folders(visit);
    });
}

Unary* AdminService::RepairCounters(Context* context, const v1::RepairCountersRequest*,
                                    v1::CountersRaised* reply) {
    return unary_on(parts_.workers, gate_, context, reply,
                    [this] { return parts_.counters.repair(); });
}

Unary* AdminService::RaiseCounters(Context* context, const v1::RaiseCountersRequest* request,
                                   v1::CountersRaised* reply) {
    return unary_on(parts_.workers, gate_, context, reply,
                    [this, request] { return parts_.counters.raise(*request); });
}

Unary* AdminService::GetQuotaReport(Context* context, const v1::QuotaReportRequest* request,
                                    v1::QuotaReport* reply) {
    return unary_on(parts_.workers, gate_, context, reply, [this, request] {
        return account_or_site(request->address()).and_then([this](AccountId id) {
            return parts_.counters.quota(id);
        });
    });
}

Unary* AdminService::RecountQuota(Context* context, const v1::QuotaReportRequest* request,
                                  v1::QuotaReport* reply) {
    return unary_on(parts_.workers, gate_, context, reply, [this, request] {
        return account_or_site(request->address()).and_then([this](AccountId id) {
            return parts_.counters.recount(id);
        });
    });
}

grpc::ServerWriteReactor<v1::ExpungedMail>* AdminService::ListExpunged(
    Context* context, const v1::ExpungedRequest* request) {
    return items<v1::ExpungedMail>(parts_.workers, gate_, context,
                                   [this, request](const auto& visit) -> Result<void> {
                                       auto id = account(request->address());
                                       if (!id) return fail(std::move(id.error()));
                                       return parts_.undelete.list(*id, visit);
                                   });
}

Unary* AdminService::Undelete(Context* context, const v1::UndeleteRequest* request,
                              v1::UndeleteResponse* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        auto id = account(request->address());
        if (!id) return done(fail(std::move(id.error())));
        parts_.undelete.restore(*id, *request, std::move(done));
    });
}

Unary* AdminService::VerifyStore(Context* context, const v1::StoreRequest*,
                                 v1::StoreReport* reply) {
    return unary_on(parts_.workers, gate_, context, reply, [this]() -> Result<v1::StoreReport> {
        auto report = parts_.store.verify();
        if (!report) return fail(std::move(report.error()));
        v1::StoreReport out;
        out.set_records(report->records);
        out.set_bodies(report->bodies);
        out.set_keys(report->keys);
        for (auto& problem : report->problems) out.add_problems(std::move(problem));
        return out;
    });
}

Unary* AdminService::CompactStore(Context* context, const v1::StoreRequest*,
                                  v1::StoreReport* reply) {
    return unary_on(parts_.workers, gate_, context, reply, [this]() -> Result<v1::StoreReport> {
        auto freed = parts_.store.compact();
        if (!freed) return fail(std::move(freed.error()));
        v1::StoreReport out;
        out.set_bytes_freed(*freed);
        return out;
    });
}

Unary* AdminService::CheckpointStore(Context* context, const v1::StoreRequest*,
                                     v1::StoreReport* reply) {
    return unary_on(parts_.workers, gate_, context, reply, [this]() -> Result<v1::StoreReport> {
        auto position = parts_.store.checkpoint();
        if (!position) return fail(std::move(position.error()));
        v1::StoreReport out;
        out.set_log_position(*position);
        return out;
    });
}

}  // namespace tayori::spool

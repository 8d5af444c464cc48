#include "spoold/rpc/dispatch.h"

#include <exception>

#include "spoold/mailbox/parts.h"
#include "spoold/rpc/stream_state.h"

namespace tayori::spool {

std::unique_ptr<store::Store::Batch> Dispatcher::begin_batch() {
    return std::make_unique<store::Store::Batch>(parts_.mailboxes.parts().store);
}

void Dispatcher::opened(Session& session) {
    auto state = std::make_shared<StreamState>();
    state->owner = LeaseOwner{session.id()};
    // The hub wakes on the committer's thread: the writing is left to the writer's.
    state->subscriber = parts_.hub.subscribe([weak = session.weak_from_this()] {
        if (auto alive = weak.lock()) alive->wake(Session::Send::later);
    });
    if (session.info().kind == v1::STREAM_KIND_CONTROL) {
        session.set_events(std::make_shared<HubEvents>(state->subscriber));
    }
    session.state = std::move(state);
}

void Dispatcher::closed(Session& session) {
    auto& state = StreamState::of(session);
    {
        std::lock_guard lock(state.mutex);
        state.closed = true;
        state.leases.clear();
    }
    parts_.mailboxes.release_leases(state.owner);
    parts_.outgoing.stream_closed(LeaseStream{session.id()});
    parts_.plugins.stream_closed(session.id());
    parts_.plugin_work.stream_closed(session.id());
}

void Dispatcher::cancelled(Session& session, std::uint64_t seq) {
    release_lease(session, seq);
    parts_.outgoing.cancel(LeaseStream{session.id()}, seq);
    parts_.plugin_work.cancel(session.id(), seq);
}

void Dispatcher::call(Call call) try {
    switch (call->call().request_case()) {
        case v1::Call::kAuthPassword:
        case v1::Call::kAuthScramFirst:
        case v1::Call::kAuthScramFinal:
        case v1::Call::kResolve:
        case v1::Call::kCommitPlan:
        case v1::Call::kUploadBegin:
        case v1::Call::kUploadAppend:
        case v1::Call::kUploadFinish:
        case v1::Call::kUploadAbandon:
        case v1::Call::kCloseFolder:
        case v1::Call::kSignDkim:
            return site_call(call);
        case v1::Call::kLeaseMail:
        case v1::Call::kFetchQueued:
        case v1::Call::kReportMail:
        case v1::Call::kEndLease:
        case v1::Call::kReclaimLeases:
            return carrier_call(call);
        case v1::Call::kGetPluginProfile:
        case v1::Call::kGetPluginState:
        case v1::Call::kReportPlugins:
        case v1::Call::kLeasePluginWork:
        case v1::Call::kFinishPluginWork:
            return plugin_call(call);
        default:
            break;
    }
    auto account = account_of(call);
    if (!account) return call->refuse(account.error());
    account_call(*account, call);
} catch (const std::exception& e) {
    call->refuse(Error::make(Kind::internal, "Internal error.", e.what()));
}

Result<AccountId> Dispatcher::account_of(const Call& call) const {
    if (call->call().ticket().empty()) {
        return fail(Kind::auth_failed, "Log in first.", "a call on a mailbox without a ticket");
    }
    auto holder = parts_.tickets.verify(call->call().ticket());
    if (!holder) return fail(std::move(holder.error()));
    return AccountId{holder->account_id};
}

// Calls that need no ticket.
void Dispatcher::site_call(const Call& call) {
    const auto& request = call->call();
    switch (request.request_case()) {
        case v1::Call::kAuthPassword:
            return parts_.auth.auth_password(
                request.auth_password(), [this, call](Result<v1::AuthReply> reply) {
                    if (!reply) return call->refuse(reply.error());
                    let_in(std::move(*reply),
                           [call](Result<v1::AuthReply> in) { call->answer<v1::AuthPassword>(std::move(in)); });
                });
        case v1::Call::kAuthScramFirst:
            return call->answer<v1::AuthScramFirst>(
                parts_.auth.scram_first(request.auth_scram_first()));
        case v1::Call::kAuthScramFinal:
            return scram_final(call);
        case v1::Call::kResolve:
            return resolve(call);
        case v1::Call::kSignDkim:
            return sign_dkim(call);
        case v1::Call::kCommitPlan:
            return parts_.intake.commit_plan(Shared<v1::CommitPlan>(call, &request.commit_plan()),
                                             [call](Result<v1::CommitPlanReply> reply) {
                                                 call->answer<v1::CommitPlan>(std::move(reply));
                                             });
        case v1::Call::kCloseFolder:
            StreamState::of(call->session())
                .subscriber->unwatch(FolderId{request.close_folder().folder_id()});
            return call->answer<v1::CloseFolder>(v1::CloseFolderReply());
        default:
            return upload(call);
    }
}

// Of smtpd, about the outbound queue.
void Dispatcher::carrier_call(const Call& call) {
    const auto& request = call->call();
    auto& outgoing = parts_.outgoing;
    const LeaseStream stream{call->session().id()};
    switch (request.request_case()) {
        case v1::Call::kLeaseMail:
            // Reads the mails' bytes.
            return parts_.readers.post([&outgoing, call, stream] {
                outgoing.lease_mail(call->call().lease_mail(), stream, call->seq(), [call](Result<v1::LeaseMailReply> reply) {
                    call->answer<v1::LeaseMail>(std::move(reply));
                });
            });
        case v1::Call::kFetchQueued: {
            auto open = [&outgoing, call]() -> Result<Flow::Next> {
                auto cursor = outgoing.fetch_queued(call->call().fetch_queued());
                if (!cursor) return fail(std::move(cursor.error()));
                return next_of<v1::FetchQueued>(std::move(*cursor));
            };
            return Flow::start(parts_.readers, call, std::move(open), nullptr);
        }
        case v1::Call::kReportMail:
            return outgoing.report_mail(request.report_mail(), [call](Result<v1::ReportMailReply> reply) {
                call->answer<v1::ReportMail>(std::move(reply));
            });
        case v1::Call::kEndLease:
            return call->answer<v1::EndLease>(outgoing.end_lease(request.end_lease()));
        default:
            return call->answer<v1::ReclaimLeases>(outgoing.reclaim_leases(request.reclaim_leases(), stream));
    }
}

// Of daemons that run plugins.
void Dispatcher::plugin_call(const Call& call) {
    const auto& request = call->call();
    auto& plugins = parts_.plugins;
    switch (request.request_case()) {
        case v1::Call::kGetPluginProfile:
            return call->answer<v1::GetPluginProfile>(plugins.profile(request.get_plugin_profile().account_id()));
        case v1::Call::kGetPluginState:
            return call->answer<v1::GetPluginState>(plugins.state(request.get_plugin_state()));
        case v1::Call::kReportPlugins:
            return report_plugins(call);
        case v1::Call::kLeasePluginWork:
            return parts_.plugin_work.lease(request.lease_plugin_work(), call->session().id(), call->seq(),
                                            [call](Result<v1::LeasePluginWorkReply> reply) {
                                                call->answer<v1::LeasePluginWork>(std::move(reply));
                                            });
        default:
            // A lease is smtpd's; what hooks decide elsewhere has none.
            if (request.finish_plugin_work().lease_id() != 0 && !call->session().info().role.delivery)
                return call->refuse(Error::make(Kind::denied, "Not allowed.", "plugins' work is leased to smtpd"));
            return parts_.plugin_work.finish(Shared<v1::FinishPluginWork>(call, &request.finish_plugin_work()),
                                             [call](Result<v1::FinishPluginWorkReply> reply) {
                                                 call->answer<v1::FinishPluginWork>(std::move(reply));
                                             });
    }
}

void Dispatcher::report_plugins(const Call& call) {
    auto& session = call->session();
    const auto reload = parts_.plugins.report({session.id(), session.info().program, session.info().instance},
                                              call->call().report_plugins());
    if (reload.number() != 0) session.tell_plugin_reload(reload);
    call->answer<v1::ReportPlugins>(v1::ReportPluginsReply());
}

void Dispatcher::scram_final(const Call& call) {
    auto final = parts_.auth.scram_final(call->call().auth_scram_final());
    if (!final) return call->refuse(final.error());
    auto shared = std::make_shared<v1::AuthScramFinalReply>(std::move(*final));
    let_in(shared->auth(), [call, shared](Result<v1::AuthReply> in) {
        if (!in) return call->refuse(in.error());
        *shared->mutable_auth() = std::move(*in);
        call->answer<v1::AuthScramFinal>(std::move(*shared));
    });
}

void Dispatcher::let_in(v1::AuthReply reply, Answer<v1::AuthReply> done) {
    const AccountId account{reply.account_id()};
    const auto access = reply.imap();
    if (reply.protocol() != v1::PROTOCOL_IMAP || access == v1::IMAP_ACCESS_ALLOWED) {
        parts_.forms.seen(account, reply.protocol());
        return done(std::move(reply));
    }
    if (access == v1::IMAP_ACCESS_POP3_FORM && parts_.mailboxes.parts().settings.convert_at_login) {
        return parts_.jobs.convert_at_login(
            account, [reply = std::move(reply), done = std::move(done)](Result<v1::MailboxOutcome> converted) mutable {
                if (!converted) return done(fail(std::move(converted.error())));
                reply.set_imap(v1::IMAP_ACCESS_ALLOWED);
                reply.set_form(v1::MAILBOX_FORM_IMAP4);
                done(std::move(reply));
            });
    }
    reply.clear_ticket();
    done(std::move(reply));
}

// RSA takes a millisecond: neither on gRPC's threads nor on the committer's.
void Dispatcher::sign_dkim(const Call& call) {
    parts_.readers.post([this, call] {
        try {
            call->answer<v1::SignDkim>(parts_.dkim.sign(call->call().sign_dkim()));
        } catch (const std::exception& e) {
            call->refuse(Error::make(Kind::internal, "Internal error.", e.what()));
        }
    });
}

void Dispatcher::resolve(const Call& call) {
    const auto& request = call->call().resolve();
    std::optional<std::uint64_t> submitter;
    if (!call->call().ticket().empty()) {
        auto account = account_of(call);
        if (!account) return call->refuse(account.error());
        submitter = raw(*account);
    }
    auto reply = parts_.directory.resolve(request, submitter);
    if (!reply) return call->refuse(reply.error());
    for (auto& recipient : *reply->mutable_recipients()) {
        // Where an alias has several targets, one full mailbox refuses nothing: CommitPlan tells of
        // it by itself.
        if (recipient.has_refused() || recipient.targets_size() != 1) continue;
        const auto account = recipient.targets(0).account_id();
        if (account == 0) continue;
        auto allowed = parts_.intake.may_receive(AccountId{account}, request.declared_bytes());
        if (!allowed) rpc::to_wire(allowed.error(), *recipient.mutable_refused());
    }
    call->answer<v1::Resolve>(std::move(reply));
}

void Dispatcher::account_call(AccountId account, const Call& call) {
    const auto& request = call->call();
    switch (request.request_case()) {
        case v1::Call::kCheckSender: {
            auto allowed =
                parts_.directory.check_sender(raw(account), request.check_sender().address());
            return call->answer<v1::CheckSender>(
                allowed.map([] { return v1::CheckSenderReply(); }));
        }
        case v1::Call::kListFolders:
            return call->answer<v1::ListFolders>(
                parts_.mailboxes.list_folders(account, request.list_folders()));
        case v1::Call::kGetFolder:
            return call->answer<v1::GetFolder>(
                parts_.mailboxes.get_folder(account, request.get_folder()));
        case v1::Call::kGetQuota:
            return call->answer<v1::GetQuota>(parts_.mailboxes.get_quota(account));
        case v1::Call::kGetOwnSettings:
            return call->answer<v1::GetOwnSettings>(parts_.plugins.own_settings(raw(account)));
        case v1::Call::kSetOwnSettings:
            return parts_.plugins.set_own_settings(raw(account), request.set_own_settings(), [call](Result<v1::SetOwnSettingsReply> reply) {
                call->answer<v1::SetOwnSettings>(std::move(reply));
            });
        case v1::Call::kClaimRecent:
            return call->answer<v1::ClaimRecent>(
                parts_.mailboxes.claim_recent(account, request.claim_recent()));
        case v1::Call::kOpenFolder:
            return open_folder(account, call);
        case v1::Call::kFetchSummaries:
            return read_many<v1::FetchSummaries>(account, call, &Mailboxes::fetch_summaries);
        case v1::Call::kFetchBodies:
            return read_many<v1::FetchBodies>(account, call, &Mailboxes::fetch_bodies);
        case v1::Call::kOpenMaildrop:
            return open_maildrop(account, call);
        default:
            return account_write(account, call);
    }
}

void Dispatcher::account_write(AccountId account, const Call& call) {
    switch (call->call().request_case()) {
        case v1::Call::kCreateFolder:
            return write<v1::CreateFolder>(account, call, &Mailboxes::create_folder);
        case v1::Call::kDeleteFolder:
            return write<v1::DeleteFolder>(account, call, &Mailboxes::delete_folder);
        case v1::Call::kRenameFolder:
            return write<v1::RenameFolder>(account, call, &Mailboxes::rename_folder);
        case v1::Call::kSetSubscribed:
            return write<v1::SetSubscribed>(account, call, &Mailboxes::set_subscribed);
        case v1::Call::kStoreFlags:
            return write<v1::StoreFlags>(account, call, &Mailboxes::store_flags);
        case v1::Call::kExpunge:
            return write<v1::Expunge>(account, call, &Mailboxes::expunge);
        case v1::Call::kCopyMessages:
            return write<v1::CopyMessages>(account, call, &Mailboxes::copy_messages);
        case v1::Call::kAppend:
            return write<v1::Append>(account, call, &Mailboxes::append);
        case v1::Call::kCloseMaildrop:
            return close_maildrop(account, call);
        default:
            return call->refuse(
                Error::make(Kind::unsupported, "Not supported.", "an unknown call"));
    }
}

// Uploads write to the disk, which may take its time: not on gRPC's threads, and the pieces in
// order.
void Dispatcher::upload(const Call& call) {
    auto& state = StreamState::of(call->session());
    std::lock_guard lock(state.mutex);
    state.uploads.push_back(call);
    if (std::exchange(state.uploading, true)) return;
    parts_.readers.post([this, session = call->session_ptr()] { run_uploads(*session); });
}

void Dispatcher::run_uploads(Session& session) {
    auto& state = StreamState::of(session);
    Call call;
    {
        std::lock_guard lock(state.mutex);
        call = std::move(state.uploads.front());
        state.uploads.pop_front();
    }
    run_upload(call);
    std::lock_guard lock(state.mutex);
    state.uploading = !state.uploads.empty();
    if (!state.uploading) return;
    parts_.readers.post([this, next = session.shared_from_this()] { run_uploads(*next); });
}

void Dispatcher::run_upload(const Call& call) try {
    const auto& request = call->call();
    switch (request.request_case()) {
        case v1::Call::kUploadBegin:
            return call->answer<v1::UploadBegin>(
                parts_.intake.upload_begin(request.upload_begin()));
        case v1::Call::kUploadAppend:
            return call->answer<v1::UploadAppend>(
                parts_.intake.upload_append(request.upload_append()));
        case v1::Call::kUploadFinish:
            return call->answer<v1::UploadFinish>(
                parts_.intake.upload_finish(request.upload_finish()));
        case v1::Call::kUploadAbandon:
            return call->answer<v1::UploadAbandon>(
                parts_.intake.upload_abandon(request.upload_abandon()));
        default:
            return call->refuse(
                Error::make(Kind::unsupported, "Not supported.", "an unknown call"));
    }
} catch (const std::exception& e) {
    call->refuse(Error::make(Kind::internal, "Internal error.", e.what()));
}

void Dispatcher::open_folder(AccountId account, const Call& call) {
    const auto& request = call->call().open_folder();
    // Events travel on the control stream only.
    const bool subscribe =
        request.subscribe() && call->session().info().kind == v1::STREAM_KIND_CONTROL;
    auto subscriber = subscribe ? StreamState::of(call->session()).subscriber : nullptr;
    auto open = [this, account, call, subscriber]() -> Result<Flow::Next> {
        auto cursor =
            parts_.mailboxes.open_folder(account, call->call().open_folder(), subscriber.get());
        if (!cursor) return fail(std::move(cursor.error()));
        return next_of<v1::OpenFolder>(std::move(*cursor));
    };
    auto on_end = [subscriber, folder = FolderId{request.folder_id()}](Flow::End how) {
        if (subscriber == nullptr) return;
        if (how == Flow::End::complete)
            subscriber->start(folder);
        else
            subscriber->unwatch(folder);
    };
    Flow::start(parts_.readers, call, std::move(open), std::move(on_end));
}

// The lease is taken with the first piece, and remembered at once: whatever happens then, it is
// freed.
void Dispatcher::open_maildrop(AccountId account, const Call& call) {
    auto& state = StreamState::of(call->session());
    {
        std::lock_guard lock(state.mutex);
        if (state.leases.size() >= kLeasesPerStreamMax) {
            return call->refuse(
                Error::make(Kind::busy, "Temporarily unavailable.", "too many maildrops are open"));
        }
    }
    using Opened = Cursor<v1::OpenMaildropReply>;
    auto open = [this, account, call, &state]() -> Result<Flow::Next> {
        auto made = parts_.mailboxes.open_maildrop(account, state.owner);
        if (!made) return fail(std::move(made.error()));
        std::shared_ptr<Opened> cursor = std::move(*made);
        auto first = std::make_shared<v1::OpenMaildropReply>();
        auto more = cursor->next(kReplyBytesSoft, *first);
        bool closed = false;
        {
            std::lock_guard lock(state.mutex);
            closed = state.closed;
            if (!closed && first->lease() != 0)
                state.leases[call->seq()] = {account, first->lease()};
        }
        if (!more) return fail(std::move(more.error()));
        if (closed) parts_.mailboxes.release_leases(state.owner);
        return [cursor, first, more = *more](std::size_t bytes_max,
                                             v1::Reply& reply) mutable -> Result<bool> {
            auto& out = *reply.mutable_open_maildrop();
            if (first == nullptr) return cursor->next(bytes_max, out);
            out = std::move(*first);
            first.reset();
            return more;
        };
    };
    auto on_end = [this, call](Flow::End how) {
        if (how == Flow::End::broken) release_lease(call->session(), call->seq());
    };
    Flow::start(parts_.readers, call, std::move(open), std::move(on_end));
}

void Dispatcher::close_maildrop(AccountId account, const Call& call) {
    auto& state = StreamState::of(call->session());
    const auto lease = call->call().close_maildrop().lease();
    {
        std::lock_guard lock(state.mutex);
        absl::erase_if(state.leases,
                       [lease](const auto& entry) { return entry.second.lease == lease; });
    }
    write<v1::CloseMaildrop>(account, call, &Mailboxes::close_maildrop);
}

void Dispatcher::release_lease(Session& session, std::uint64_t seq) {
    auto& state = StreamState::of(session);
    Lease lease;
    {
        std::lock_guard lock(state.mutex);
        auto found = state.leases.find(seq);
        if (found == state.leases.end()) return;
        lease = found->second;
        state.leases.erase(found);
    }
    auto request = std::make_shared<v1::CloseMaildrop>();
    request->set_lease(lease.lease);
    parts_.mailboxes.close_maildrop(lease.account, std::move(request),
                                    [](Result<v1::CloseMaildropReply>) {});
}

}  // namespace tayori::spool

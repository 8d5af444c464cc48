// Which request travels in which field of Call, and which reply answers it (stream.proto). The one
// list of all calls.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "tayori/spool/v1/stream.pb.h"

namespace tayori::rpc {

namespace v1 = ::tayori::spool::v1;

enum class Channel : std::uint8_t { control, bulk };
enum class Answer : std::uint8_t { one, many };

// How a call travels. control: small ones, and whatever events must not overtake; bulk: mail's
// bytes.
template <class Request>
struct CallTraits;

#define TAYORI_CALL(RequestType, ReplyType, field, channel_, answer_)                     \
    template <>                                                                           \
    struct CallTraits<v1::RequestType> {                                                  \
        using Reply = v1::ReplyType;                                                      \
        static constexpr Channel kChannel = Channel::channel_;                            \
        static constexpr Answer kAnswer = Answer::answer_;                                \
        static void put(v1::Call& call, v1::RequestType&& request) {                      \
            *call.mutable_##field() = std::move(request);                                 \
        }                                                                                 \
        static bool has(const v1::Reply& reply) { return reply.has_##field(); }           \
        static v1::ReplyType take(v1::Reply& reply) {                                     \
            return std::move(*reply.mutable_##field());                                   \
        }                                                                                 \
        static v1::ReplyType& made(v1::Reply& reply) { return *reply.mutable_##field(); } \
        static const v1::RequestType& get(const v1::Call& call) { return call.field(); }  \
    };

TAYORI_CALL(AuthPassword, AuthReply, auth_password, control, one)
TAYORI_CALL(AuthScramFirst, AuthScramFirstReply, auth_scram_first, control, one)
TAYORI_CALL(AuthScramFinal, AuthScramFinalReply, auth_scram_final, control, one)
TAYORI_CALL(Resolve, ResolveReply, resolve, control, one)
TAYORI_CALL(CheckSender, CheckSenderReply, check_sender, control, one)
TAYORI_CALL(CommitPlan, CommitPlanReply, commit_plan, control, one)
TAYORI_CALL(UploadBegin, UploadBeginReply, upload_begin, bulk, one)
TAYORI_CALL(UploadAppend, UploadAppendReply, upload_append, bulk, one)
TAYORI_CALL(UploadFinish, UploadFinishReply, upload_finish, bulk, one)
TAYORI_CALL(UploadAbandon, UploadAbandonReply, upload_abandon, bulk, one)
TAYORI_CALL(ListFolders, ListFoldersReply, list_folders, control, one)
TAYORI_CALL(GetFolder, GetFolderReply, get_folder, control, one)
TAYORI_CALL(CreateFolder, CreateFolderReply, create_folder, control, one)
TAYORI_CALL(DeleteFolder, DeleteFolderReply, delete_folder, control, one)
TAYORI_CALL(RenameFolder, RenameFolderReply, rename_folder, control, one)
TAYORI_CALL(SetSubscribed, SetSubscribedReply, set_subscribed, control, one)
TAYORI_CALL(OpenFolder, OpenFolderReply, open_folder, control, many)
TAYORI_CALL(CloseFolder, CloseFolderReply, close_folder, control, one)
TAYORI_CALL(ClaimRecent, ClaimRecentReply, claim_recent, control, one)
TAYORI_CALL(StoreFlags, StoreFlagsReply, store_flags, control, one)
TAYORI_CALL(Expunge, ExpungeReply, expunge, control, one)
TAYORI_CALL(CopyMessages, CopyMessagesReply, copy_messages, control, one)
TAYORI_CALL(Append, AppendReply, append, control, one)
TAYORI_CALL(FetchSummaries, FetchSummariesReply, fetch_summaries, bulk, many)
TAYORI_CALL(FetchBodies, FetchBodiesReply, fetch_bodies, bulk, many)
TAYORI_CALL(GetQuota, GetQuotaReply, get_quota, control, one)
TAYORI_CALL(OpenMaildrop, OpenMaildropReply, open_maildrop, control, many)
TAYORI_CALL(CloseMaildrop, CloseMaildropReply, close_maildrop, control, one)
TAYORI_CALL(LeaseMail, LeaseMailReply, lease_mail, bulk, one)
TAYORI_CALL(FetchQueued, FetchQueuedReply, fetch_queued, bulk, many)
TAYORI_CALL(ReportMail, ReportMailReply, report_mail, control, one)
TAYORI_CALL(EndLease, EndLeaseReply, end_lease, control, one)
TAYORI_CALL(ReclaimLeases, ReclaimLeasesReply, reclaim_leases, control, one)
TAYORI_CALL(SignDkim, SignDkimReply, sign_dkim, control, one)
TAYORI_CALL(GetPluginProfile, GetPluginProfileReply, get_plugin_profile, control, one)
TAYORI_CALL(GetPluginState, GetPluginStateReply, get_plugin_state, control, one)
TAYORI_CALL(ReportPlugins, ReportPluginsReply, report_plugins, control, one)
TAYORI_CALL(LeasePluginWork, LeasePluginWorkReply, lease_plugin_work, control, one)
TAYORI_CALL(FinishPluginWork, FinishPluginWorkReply, finish_plugin_work, control, one)
TAYORI_CALL(GetOwnSettings, GetOwnSettingsReply, get_own_settings, control, one)
TAYORI_CALL(SetOwnSettings, SetOwnSettingsReply, set_own_settings, control, one)

#undef TAYORI_CALL

template <class Request>
using ReplyOf = typename CallTraits<Request>::Reply;

// A write that may be sent again after a reconnect, because spoold knows its request id.
bool is_repeatable(const v1::Call& call);
// Commits and appends that carry more than kControlBytesMax of mail go where bytes go.
Channel channel_of(const v1::Call& call, Channel usual);

}  // namespace tayori::rpc

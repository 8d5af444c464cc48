// Calls of the daemons, each handed to the part of spoold that does it. Thin: check the ticket,
// hand over, answer. Point reads run on gRPC's thread; writes are answered by the committer;
// answers in many replies and uploads run on the readers.
#pragma once

#include <memory>

#include "common/rpc/errors.h"
#include "spoold/changes/hub.h"
#include "spoold/directory/auth.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/tickets.h"
#include "spoold/dkim/dkim.h"
#include "spoold/intake/intake.h"
#include "spoold/jobs/jobs.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/plugin/work.h"
#include "spoold/queue/outgoing.h"
#include "spoold/rpc/flow.h"
#include "spoold/rpc/session.h"

namespace tayori::spool {

class Dispatcher final : public Handler {
  public:
    struct Parts {
        Directory& directory;
        Auth& auth;
        Tickets& tickets;
        Mailboxes& mailboxes;
        Intake& intake;
        Hub& hub;
        Jobs& jobs;
        Forms& forms;
        Outgoing& outgoing;
        Dkim& dkim;
        Plugins& plugins;
        PluginWork& plugin_work;
        Workers& readers;
    };
    explicit Dispatcher(Parts parts) : parts_(parts) {}

    std::unique_ptr<store::Store::Batch> begin_batch() override;
    void opened(Session& session) override;
    void call(Call call) override;
    void cancelled(Session& session, std::uint64_t seq) override;
    void closed(Session& session) override;

  private:
    void site_call(const Call& call);
    void account_call(AccountId account, const Call& call);
    void account_write(AccountId account, const Call& call);

    // The last step of every login: may the mailbox be read by IMAP?
    void let_in(v1::AuthReply reply, Answer<v1::AuthReply> done);
    void scram_final(const Call& call);
    void resolve(const Call& call);
    void carrier_call(const Call& call);
    void plugin_call(const Call& call);
    void report_plugins(const Call& call);
    void sign_dkim(const Call& call);
    void upload(const Call& call);
    void run_uploads(Session& session);
    void run_upload(const Call& call);
    void open_folder(AccountId account, const Call& call);
    void open_maildrop(AccountId account, const Call& call);
    void close_maildrop(AccountId account, const Call& call);
    void release_lease(Session& session, std::uint64_t seq);
    Result<AccountId> account_of(const Call& call) const;

    // A write of Mailboxes: answered on the committer's thread. The request's bytes live as long as
    // the call.
    template <class Request, class Method>
    void write(AccountId account, const Call& call, Method method) {
        Shared<Request> request(call, &rpc::CallTraits<Request>::get(call->call()));
        (parts_.mailboxes.*method)(account, std::move(request),
                                   [call](Result<rpc::ReplyOf<Request>> reply) {
                                       call->answer<Request>(std::move(reply));
                                   });
    }
    // A read in many replies.
    template <class Request, class Method>
    void read_many(AccountId account, const Call& call, Method method) {
        auto open = [this, account, call, method]() -> Result<Flow::Next> {
            Shared<Request> request(call, &rpc::CallTraits<Request>::get(call->call()));
            auto cursor = (parts_.mailboxes.*method)(account, std::move(request));
            if (!cursor) return fail(std::move(cursor.error()));
            return next_of<Request>(std::move(*cursor));
        };
        Flow::start(parts_.readers, call, std::move(open), nullptr);
    }
    template <class Request>
    static Flow::Next next_of(std::shared_ptr<Cursor<rpc::ReplyOf<Request>>> cursor) {
        return [cursor = std::move(cursor)](std::size_t bytes_max, v1::Reply& reply) {
            return cursor->next(bytes_max, rpc::CallTraits<Request>::made(reply));
        };
    }

    Parts parts_;
};

}  // namespace tayori::spool

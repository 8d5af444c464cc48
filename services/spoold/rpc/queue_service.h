// QueueService over gRPC: what administrators see of the outbound queue and do with it. All of it reads or writes the store, so
// it runs on the administrators' own thread.
#pragma once

#include "spoold/queue/outgoing.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/queue.grpc.pb.h"

namespace tayori::spool {

class QueueService final : public v1::QueueService::CallbackService {
  public:
    QueueService(Gate gate, Outgoing& outgoing, Workers& workers) : gate_(gate), outgoing_(outgoing), workers_(workers) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    grpc::ServerWriteReactor<v1::QueuedMail>* ListQueue(Context*, const v1::ListQueueRequest*) override;
    Unary* ShowQueued(Context*, const v1::QueueIdRequest*, v1::QueuedMail*) override;
    Unary* HoldQueued(Context*, const v1::SelectQueued*, v1::QueueChanged*) override;
    Unary* ReleaseQueued(Context*, const v1::SelectQueued*, v1::QueueChanged*) override;
    Unary* RetryQueued(Context*, const v1::SelectQueued*, v1::QueueChanged*) override;
    Unary* RouteQueued(Context*, const v1::RouteQueuedRequest*, v1::QueueChanged*) override;
    Unary* CancelQueued(Context*, const v1::CancelQueuedRequest*, v1::QueueChanged*) override;
    Unary* GetQueueStats(Context*, const v1::QueueStatsRequest*, v1::QueueStats*) override;
    Unary* SetRoute(Context*, const v1::SetRouteRequest*, v1::RouteEntry*) override;
    Unary* DeleteRoute(Context*, const v1::DeleteRouteRequest*, v1::RouteList*) override;
    Unary* ListRoutes(Context*, const v1::ListRoutesRequest*, v1::RouteList*) override;
    grpc::ServerWriteReactor<v1::TracedMail>* Trace(Context*, const v1::TraceRequest*) override;
    Unary* SendMail(Context*, const v1::SendMailRequest*, v1::SendMailResponse*) override;

  private:
    Unary* change(Context* context, const v1::SelectQueued& select, Outgoing::Change what, v1::QueueChanged* reply);

    Gate gate_;
    Outgoing& outgoing_;
    Workers& workers_;
};

}  // namespace tayori::spool

#include "spoold/rpc/queue_service.h"

#include "spoold/rpc/unary.h"

namespace tayori::spool {

grpc::ServerWriteReactor<v1::QueuedMail>* QueueService::ListQueue(Context* context, const v1::ListQueueRequest* request) {
    return items<v1::QueuedMail>(workers_, gate_, context,
                                 [this, request](const auto& visit) { return outgoing_.list(*request, visit); });
}

QueueService::Unary* QueueService::ShowQueued(Context* context, const v1::QueueIdRequest* request, v1::QueuedMail* reply) {
    return unary_on(workers_, gate_, context, reply, [this, request] { return outgoing_.show(QueueId{request->queue_id()}); });
}

QueueService::Unary* QueueService::change(Context* context, const v1::SelectQueued& select, Outgoing::Change what,
                                          v1::QueueChanged* reply) {
    return unary_on(workers_, gate_, context, reply, [this, &select, what] { return outgoing_.change(select, what); });
}

QueueService::Unary* QueueService::HoldQueued(Context* context, const v1::SelectQueued* request, v1::QueueChanged* reply) {
    return change(context, *request, Outgoing::Change::hold, reply);
}

QueueService::Unary* QueueService::ReleaseQueued(Context* context, const v1::SelectQueued* request, v1::QueueChanged* reply) {
    return change(context, *request, Outgoing::Change::release, reply);
}

QueueService::Unary* QueueService::RetryQueued(Context* context, const v1::SelectQueued* request, v1::QueueChanged* reply) {
    return change(context, *request, Outgoing::Change::retry, reply);
}

QueueService::Unary* QueueService::RouteQueued(Context* context, const v1::RouteQueuedRequest* request, v1::QueueChanged* reply) {
    return unary_on(workers_, gate_, context, reply,
                    [this, request] { return outgoing_.change(request->select(), Outgoing::Change::route, request->via()); });
}

QueueService::Unary* QueueService::CancelQueued(Context* context, const v1::CancelQueuedRequest* request,
                                                v1::QueueChanged* reply) {
    const auto what = request->notify() ? Outgoing::Change::cancel_and_tell : Outgoing::Change::cancel;
    return change(context, request->select(), what, reply);
}

QueueService::Unary* QueueService::GetQueueStats(Context* context, const v1::QueueStatsRequest*, v1::QueueStats* reply) {
    return unary_on(workers_, gate_, context, reply, [this] { return outgoing_.stats(); });
}

QueueService::Unary* QueueService::SetRoute(Context* context, const v1::SetRouteRequest* request, v1::RouteEntry* reply) {
    return unary(gate_, context, reply, [&](auto done) { outgoing_.routes().set(*request, std::move(done)); });
}

QueueService::Unary* QueueService::DeleteRoute(Context* context, const v1::DeleteRouteRequest* request, v1::RouteList* reply) {
    return unary(gate_, context, reply, [&](auto done) { outgoing_.routes().remove(request->domain(), std::move(done)); });
}

QueueService::Unary* QueueService::ListRoutes(Context* context, const v1::ListRoutesRequest*, v1::RouteList* reply) {
    return unary_on(workers_, gate_, context, reply, [this] { return outgoing_.routes().list(); });
}

grpc::ServerWriteReactor<v1::TracedMail>* QueueService::Trace(Context* context, const v1::TraceRequest* request) {
    return items<v1::TracedMail>(workers_, gate_, context,
                                 [this, request](const auto& visit) { return outgoing_.trace(*request, visit); });
}

QueueService::Unary* QueueService::SendMail(Context* context, const v1::SendMailRequest* request, v1::SendMailResponse* reply) {
    return unary_on(workers_, gate_, context, reply, [this, request] { return outgoing_.send(*request); });
}

}  // namespace tayori::spool

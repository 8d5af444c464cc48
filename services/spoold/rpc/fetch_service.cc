#include "spoold/rpc/fetch_service.h"

#include "spoold/rpc/unary.h"

namespace tayori::spool {

using FetchContext = FetchService::Context;
using FetchUnary = FetchService::Unary;

FetchUnary* FetchService::AddFetchSource(FetchContext* context, const v1::FetchSettings* request, v1::FetchSource* reply) {
    return unary(gate_, context, reply, [&](auto done) { fetches_.add(*request, std::move(done)); });
}

FetchUnary* FetchService::SetFetchSource(FetchContext* context, const v1::SetFetchSourceRequest* request,
                                         v1::FetchSource* reply) {
    return unary(gate_, context, reply, [&](auto done) { fetches_.set(*request, std::move(done)); });
}

FetchUnary* FetchService::RemoveFetchSource(FetchContext* context, const v1::FetchSourceRequest* request,
                                            v1::FetchSource* reply) {
    return unary(gate_, context, reply,
                 [&](auto done) { fetches_.remove(FetchId{request->source_id()}, std::move(done)); });
}

grpc::ServerWriteReactor<v1::FetchSource>* FetchService::ListFetchSources(FetchContext* context,
                                                                          const v1::ListFetchSourcesRequest* request) {
    return items<v1::FetchSource>(workers_, gate_, context, [this, request](const auto& visit) {
        return fetches_.list(request->address(), visit);
    });
}

FetchUnary* FetchService::LeaseFetchSource(FetchContext* context, const v1::LeaseFetchSourceRequest* request,
                                           v1::FetchLease* reply) {
    return unary_if(Allowed{gate_.may_fetch(*context)}, context, reply, [&](auto done) {
        fetches_.lease(*request, [context] { return context->IsCancelled(); }, std::move(done));
    });
}

FetchUnary* FetchService::RenewFetchLease(FetchContext* context, const v1::RenewFetchLeaseRequest* request,
                                          v1::RenewFetchLeaseReply* reply) {
    return unary_if(Allowed{gate_.may_fetch(*context)}, context, reply,
                    [&](auto done) { done(fetches_.renew(request->lease_id())); });
}

FetchUnary* FetchService::ReportFetch(FetchContext* context, const v1::FetchReport* request, v1::FetchSource* reply) {
    return unary_if(Allowed{gate_.may_fetch(*context)}, context, reply,
                    [&](auto done) { fetches_.report(*request, std::move(done)); });
}

}  // namespace tayori::spool

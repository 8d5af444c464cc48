// FetchService over gRPC.
#pragma once

#include "spoold/fetch/fetches.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/fetch.grpc.pb.h"

namespace tayori::spool {

class FetchService final : public v1::FetchService::CallbackService {
  public:
    FetchService(Gate gate, Fetches& fetches, Workers& workers) : gate_(gate), fetches_(fetches), workers_(workers) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    Unary* AddFetchSource(Context*, const v1::FetchSettings*, v1::FetchSource*) override;
    Unary* SetFetchSource(Context*, const v1::SetFetchSourceRequest*, v1::FetchSource*) override;
    Unary* RemoveFetchSource(Context*, const v1::FetchSourceRequest*, v1::FetchSource*) override;
    grpc::ServerWriteReactor<v1::FetchSource>* ListFetchSources(Context*, const v1::ListFetchSourcesRequest*) override;
    Unary* LeaseFetchSource(Context*, const v1::LeaseFetchSourceRequest*, v1::FetchLease*) override;
    Unary* RenewFetchLease(Context*, const v1::RenewFetchLeaseRequest*, v1::RenewFetchLeaseReply*) override;
    Unary* ReportFetch(Context*, const v1::FetchReport*, v1::FetchSource*) override;

  private:
    Gate gate_;
    Fetches& fetches_;
    Workers& workers_;
};

}  // namespace tayori::spool

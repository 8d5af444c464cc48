// BulkService over gRPC: tables come in parts, the work is Bulk's, one at a time on a thread that may wait.
#pragma once

#include "spoold/directory/bulk.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/bulk.grpc.pb.h"

namespace tayori::spool {

class BulkService final : public v1::BulkService::CallbackService {
  public:
    // `workers`: one thread of its own. An apply waits for passwords, and lists of other
    // administrators must not wait for it.
    BulkService(Gate gate, Bulk bulk, Workers& workers)
        : gate_(gate), bulk_(std::move(bulk)), workers_(workers) {}

    grpc::ServerReadReactor<v1::AccountsPart>* PlanAccounts(grpc::CallbackServerContext* context,
                                                            v1::AccountsPlan* reply) override;
    grpc::ServerReadReactor<v1::AccountsPart>* ApplyAccounts(grpc::CallbackServerContext* context,
                                                             v1::AccountsPlan* reply) override;
    grpc::ServerUnaryReactor* RollBackAccounts(grpc::CallbackServerContext* context,
                                               const v1::RollBackRequest* request,
                                               v1::AccountsPlan* reply) override;
    grpc::ServerWriteReactor<v1::BulkChange>* ListBulkChanges(
        grpc::CallbackServerContext* context, const v1::ListBulkChangesRequest* request) override;

  private:
    Gate gate_;
    Bulk bulk_;
    Workers& workers_;
};

}  // namespace tayori::spool

// The services DkimService and SrsService: keys under which mail goes out.
#pragma once

#include "spoold/dkim/dkim.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"
#include "spoold/srs/forwarding.h"
#include "tayori/spool/v1/dkim.grpc.pb.h"
#include "tayori/spool/v1/srs.grpc.pb.h"

namespace tayori::spool {

class DkimService final : public v1::DkimService::CallbackService {
  public:
    DkimService(Gate gate, Dkim& dkim, Workers& administration) : gate_(gate), dkim_(dkim), administration_(administration) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    Unary* CreateDkim(Context*, const v1::CreateDkimRequest*, v1::DkimEntry*) override;
    Unary* ListDkim(Context*, const v1::ListDkimRequest*, v1::DkimList*) override;
    Unary* EnableDkim(Context*, const v1::DkimRequest*, v1::DkimEntry*) override;
    Unary* DisableDkim(Context*, const v1::DkimRequest*, v1::DkimEntry*) override;
    Unary* DeleteDkim(Context*, const v1::DkimRequest*, v1::DkimList*) override;

  private:
    Gate gate_;
    Dkim& dkim_;
    Workers& administration_;  // making a key takes long
};

class SrsService final : public v1::SrsService::CallbackService {
  public:
    SrsService(Gate gate, Forwarding& forwarding) : gate_(gate), forwarding_(forwarding) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    Unary* GetSrs(Context*, const v1::GetSrsRequest*, v1::SrsState*) override;
    Unary* RotateSrs(Context*, const v1::RotateSrsRequest*, v1::SrsState*) override;

  private:
    Gate gate_;
    Forwarding& forwarding_;
};

}  // namespace tayori::spool

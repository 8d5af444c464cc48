#include "spoold/rpc/dkim_service.h"

#include "spoold/rpc/unary.h"

namespace tayori::spool {

DkimService::Unary* DkimService::CreateDkim(Context* context, const v1::CreateDkimRequest* request, v1::DkimEntry* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        administration_.post([this, request, done] { dkim_.create(*request, done); });
    });
}

DkimService::Unary* DkimService::ListDkim(Context* context, const v1::ListDkimRequest* request, v1::DkimList* reply) {
    return unary_on(administration_, gate_, context, reply, [this, request] { return dkim_.list(*request); });
}

DkimService::Unary* DkimService::EnableDkim(Context* context, const v1::DkimRequest* request, v1::DkimEntry* reply) {
    return unary(gate_, context, reply, [&](auto done) { dkim_.enable(*request, done); });
}

DkimService::Unary* DkimService::DisableDkim(Context* context, const v1::DkimRequest* request, v1::DkimEntry* reply) {
    return unary(gate_, context, reply, [&](auto done) { dkim_.disable(*request, done); });
}

DkimService::Unary* DkimService::DeleteDkim(Context* context, const v1::DkimRequest* request, v1::DkimList* reply) {
    return unary(gate_, context, reply, [&](auto done) { dkim_.remove(*request, done); });
}

SrsService::Unary* SrsService::GetSrs(Context* context, const v1::GetSrsRequest* request, v1::SrsState* reply) {
    return unary(gate_, context, reply, [&](auto done) { done(forwarding_.show(*request)); });
}

SrsService::Unary* SrsService::RotateSrs(Context* context, const v1::RotateSrsRequest*, v1::SrsState* reply) {
    return unary(gate_, context, reply, [&](auto done) { forwarding_.rotate(done); });
}

}  // namespace tayori::spool

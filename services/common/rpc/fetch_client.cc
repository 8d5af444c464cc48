#include "common/rpc/fetch_client.h"

#include <mutex>
#include <set>

#include "common/rpc/blocking.h"
#include "common/rpc/channel.h"
#include "tayori/spool/v1/fetch.grpc.pb.h"

namespace tayori::rpc {
namespace {

// Longer than spoold lets anybody wait.
constexpr std::chrono::seconds kLeaseWait{90};

using FetchStub = v1::FetchService::Stub;

}  // namespace

struct FetchClient::Stub {
    std::unique_ptr<FetchStub> fetch;
};

// Calls that can be cut off.
struct FetchClient::Waiting {
    std::mutex mutex;
    std::set<grpc::ClientContext*> calls;
    bool stopped = false;
};

FetchClient::FetchClient(std::unique_ptr<Stub> stub, std::unique_ptr<Waiting> waiting)
    : stub_(std::move(stub)), waiting_(std::move(waiting)) {}
FetchClient::~FetchClient() = default;

Result<std::unique_ptr<FetchClient>> FetchClient::make(const std::string& spoold, const TlsFiles& tls) {
    auto channel = make_channel(admin_address(spoold), tls);
    if (!channel) return fail(std::move(channel.error()));
    auto stub = std::make_unique<Stub>();
    stub->fetch = v1::FetchService::NewStub(*channel);
    return std::unique_ptr<FetchClient>(new FetchClient(std::move(stub), std::make_unique<Waiting>()));
}

Result<v1::FetchSource> FetchClient::add(const v1::FetchSettings& request) {
    return detail::unary(*stub_->fetch, &FetchStub::AddFetchSource, request);
}
Result<v1::FetchSource> FetchClient::set(const v1::SetFetchSourceRequest& request) {
    return detail::unary(*stub_->fetch, &FetchStub::SetFetchSource, request);
}
Result<v1::FetchSource> FetchClient::remove(const v1::FetchSourceRequest& request) {
    return detail::unary(*stub_->fetch, &FetchStub::RemoveFetchSource, request);
}
Result<void> FetchClient::list(const v1::ListFetchSourcesRequest& request,
                               const std::function<bool(const v1::FetchSource&)>& visit) {
    return detail::list(*stub_->fetch, &FetchStub::ListFetchSources, request, visit);
}

Result<v1::FetchLease> FetchClient::lease(const v1::LeaseFetchSourceRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kLeaseWait);
    {
        const std::lock_guard lock(waiting_->mutex);
        if (waiting_->stopped) return fail(Kind::closed, "Nobody waits for a lease any more.");
        waiting_->calls.insert(&context);
    }
    v1::FetchLease lease;
    const auto status = stub_->fetch->LeaseFetchSource(&context, request, &lease);
    {
        const std::lock_guard lock(waiting_->mutex);
        waiting_->calls.erase(&context);
    }
    if (!status.ok()) return fail(from_status(status));
    return lease;
}

Result<v1::RenewFetchLeaseReply> FetchClient::renew(const v1::RenewFetchLeaseRequest& request) {
    return detail::unary(*stub_->fetch, &FetchStub::RenewFetchLease, request);
}
Result<v1::FetchSource> FetchClient::report(const v1::FetchReport& request) {
    return detail::unary(*stub_->fetch, &FetchStub::ReportFetch, request);
}

void FetchClient::stop_waiting() {
    const std::lock_guard lock(waiting_->mutex);
    waiting_->stopped = true;
    for (auto* call : waiting_->calls) call->TryCancel();
}

}  // namespace tayori::rpc

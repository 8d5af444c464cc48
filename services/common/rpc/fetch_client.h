// The way to FetchService (proto/tayori/spool/v1/fetch.proto says what each does). Each blocks until the answer is there.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/rpc/address.h"
#include "tayori/spool/v1/fetch.pb.h"

namespace tayori::rpc {

namespace v1 = ::tayori::spool::v1;

class FetchClient {
  public:
    // As AdminClient::make().
    static Result<std::unique_ptr<FetchClient>> make(const std::string& spoold, const TlsFiles& tls);
    ~FetchClient();
    FetchClient(const FetchClient&) = delete;
    FetchClient& operator=(const FetchClient&) = delete;

    Result<v1::FetchSource> add(const v1::FetchSettings& request);
    Result<v1::FetchSource> set(const v1::SetFetchSourceRequest& request);
    Result<v1::FetchSource> remove(const v1::FetchSourceRequest& request);
    Result<void> list(const v1::ListFetchSourcesRequest& request, const std::function<bool(const v1::FetchSource&)>& visit);
    Result<v1::FetchLease> lease(const v1::LeaseFetchSourceRequest& request);
    Result<v1::RenewFetchLeaseReply> renew(const v1::RenewFetchLeaseRequest& request);
    Result<v1::FetchSource> report(const v1::FetchReport& request);

    // From here on nobody waits for a lease: those who do get an error at once.
    void stop_waiting();

  private:
    struct Stub;
    struct Waiting;
    FetchClient(std::unique_ptr<Stub> stub, std::unique_ptr<Waiting> waiting);
    std::unique_ptr<Stub> stub_;
    std::unique_ptr<Waiting> waiting_;
};

}  // namespace tayori::rpc

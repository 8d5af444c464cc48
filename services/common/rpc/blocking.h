// Unary and list methods as blocking calls, for the clients of administrators. Internal: includes gRPC.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>

#include "common/base/result.h"
#include "common/rpc/status.h"

namespace tayori::rpc::detail {

inline constexpr std::chrono::seconds kWait{60};

template <class Stub, class Request, class Reply>
Result<Reply> unary(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                    const Request& request, std::chrono::seconds wait = kWait) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + wait);
    Reply reply;
    const auto status = (stub.*method)(&context, request, &reply);
    if (!status.ok()) return fail(from_status(status));
    return reply;
}

template <class Stub, class Request, class Item>
Result<void> list(Stub& stub,
                  std::unique_ptr<grpc::ClientReader<Item>> (Stub::*method)(grpc::ClientContext*,
                                                                            const Request&),
                  const Request& request, const std::function<bool(const Item&)>& visit) {
    grpc::ClientContext context;
    auto reader = (stub.*method)(&context, request);
    Item item;
    bool stopped = false;
    while (!stopped && reader->Read(&item)) stopped = !visit(item);
    if (stopped) {
        context.TryCancel();
        while (reader->Read(&item)) continue;  // gRPC wants it read to the end before Finish()
    }
    const auto status = reader->Finish();
    if (!status.ok() && !stopped) return fail(from_status(status));
    return {};
}

}  // namespace tayori::rpc::detail

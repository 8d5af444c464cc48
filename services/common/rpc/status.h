// Errors of unary methods as gRPC statuses (style guide §4 has the table). Includes gRPC: for this
// folder and spoold/rpc only. The whole Error travels in the status' details, so that nothing is
// lost by the shorter code list.
#pragma once

#include <grpcpp/grpcpp.h>

#include "common/base/result.h"

namespace tayori::rpc {

grpc::Status to_status(const Error& error);
Error from_status(const grpc::Status& status);

template <class T>
grpc::Status to_status(const Result<T>& result) {
    return result ? grpc::Status::OK : to_status(result.error());
}

}  // namespace tayori::rpc

#include "common/rpc/status.h"

#include "common/rpc/errors.h"

namespace tayori::rpc {

namespace {

grpc::StatusCode code_of(Kind kind) {
    using enum grpc::StatusCode;
    switch (kind) {
        case Kind::invalid:
            return INVALID_ARGUMENT;
        case Kind::unsupported:
            return UNIMPLEMENTED;
        case Kind::auth_failed:
            return UNAUTHENTICATED;
        case Kind::denied:
            return PERMISSION_DENIED;
        case Kind::not_found:
            return NOT_FOUND;
        case Kind::no_target:
            return FAILED_PRECONDITION;
        case Kind::exists:
            return ALREADY_EXISTS;
        case Kind::too_big:
            return OUT_OF_RANGE;
        case Kind::over_quota:
            return RESOURCE_EXHAUSTED;
        case Kind::no_space:
            return RESOURCE_EXHAUSTED;
        case Kind::in_use:
            return ABORTED;
        case Kind::busy:
            return UNAVAILABLE;
        case Kind::closed:
            return CANCELLED;
        case Kind::corrupt:
            return DATA_LOSS;
        case Kind::internal:
            return INTERNAL;
    }
    return INTERNAL;
}

// For statuses that gRPC itself made.
Kind kind_of(grpc::StatusCode code) {
    using enum grpc::StatusCode;
    switch (code) {
        case INVALID_ARGUMENT:
            return Kind::invalid;
        case UNIMPLEMENTED:
            return Kind::unsupported;
        case UNAUTHENTICATED:
            return Kind::denied;
        case PERMISSION_DENIED:
            return Kind::denied;
        case NOT_FOUND:
            return Kind::not_found;
        case ALREADY_EXISTS:
            return Kind::exists;
        case DATA_LOSS:
            return Kind::corrupt;
        case INTERNAL:
            return Kind::internal;
        default:
            return Kind::busy;
    }
}

}  // namespace

grpc::Status to_status(const Error& error) {
    return {code_of(error.kind), error.text, to_wire(error).SerializeAsString()};
}

Error from_status(const grpc::Status& status) {
    tayori::spool::v1::Error wire;
    if (!status.error_details().empty() && wire.ParseFromString(status.error_details()))
        return from_wire(wire);
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
        return Error::make(Kind::busy, kUnreachable, status.error_message());
    }
    return Error::make(kind_of(status.error_code()), status.error_message(),
                       status.error_message());
}

}  // namespace tayori::rpc

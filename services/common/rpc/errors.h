// tayori::Error and its forms on the wire: v1::Error in a Reply, and for unary methods a gRPC
// status.
#pragma once

#include "common/base/result.h"
#include "tayori/spool/v1/types.pb.h"

namespace tayori::rpc {

// The text of the error of a call that did not get there; its kind is busy.
inline constexpr const char* kUnreachable = "spoold can't be reached.";

tayori::spool::v1::Error to_wire(const Error& error);
void to_wire(const Error& error, tayori::spool::v1::Error& out);
Error from_wire(const tayori::spool::v1::Error& error);

}  // namespace tayori::rpc

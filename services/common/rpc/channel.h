// Channels to spoold. Internal: includes gRPC.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/rpc/spool.h"

namespace tayori::rpc {

// A new connection each time: certificates are read anew, and no back-off of gRPC's own stands in
// the way.
Result<std::shared_ptr<grpc::Channel>> make_channel(const std::string& address,
                                                    const TlsFiles& tls);

}  // namespace tayori::rpc

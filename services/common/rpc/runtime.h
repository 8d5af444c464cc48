// gRPC's own life in a process.
#pragma once

namespace tayori::rpc {

// gRPC ends its threads when its last object goes and starts them with the next, which may block
// the caller for ten seconds: a daemon that loses its only connection would stand still. So it is
// started once and never ended.
void keep_grpc();

}  // namespace tayori::rpc

#include "common/rpc/runtime.h"

#include <grpc/grpc.h>

namespace tayori::rpc {

void keep_grpc() {
    static const bool kept = [] {
        grpc_init();
        return true;
    }();
    static_cast<void>(kept);
}

}  // namespace tayori::rpc

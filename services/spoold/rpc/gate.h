// Who stands behind a gRPC context: by where he came in, and over TCP by his certificate.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "spoold/rpc/roles.h"

namespace tayori::spool {

inline std::string certificate_name(const grpc::ServerContextBase& context) {
    const auto auth = context.auth_context();
    if (auth == nullptr || !auth->IsPeerAuthenticated()) return {};
    const auto names = auth->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
    return names.size() == 1 ? std::string(names[0].data(), names[0].size()) : std::string();
}

class Gate {
  public:
    explicit Gate(Entry entry) : entry_(entry) {}
    Role role(const grpc::ServerContextBase& context, std::string_view program) const {
        return role_at(entry_, program,
                       entry_ == Entry::certificates ? certificate_name(context) : std::string());
    }
    bool is_admin(const grpc::ServerContextBase& context) const { return role(context, {}).admin; }
    bool may_fetch(const grpc::ServerContextBase& context) const {
        const auto asks = role(context, {});
        return asks.admin || asks.fetch;
    }

  private:
    Entry entry_;
};

}  // namespace tayori::spool

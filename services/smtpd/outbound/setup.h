// Builds the carriers from the settings.
#pragma once

#include <memory>

#include "common/metrics/metrics.h"
#include "common/settings/settings.h"
#include "smtpd/outbound/carriers.h"
#include "smtpd/session.h"

namespace tayori::smtp {

class OutboundSetup {
  public:
    // invalid: dns.servers or outbound.ca_file can't be used.
    static Result<std::unique_ptr<OutboundSetup>> make(Parts& parts, const settings::Settings& settings, Metrics& metrics);

    void start() { carriers_->start(); }
    Async<void> drain() { return carriers_->drain(); }

  private:
    std::unique_ptr<net::TlsClientContext> tls_any_;
    std::unique_ptr<net::TlsClientContext> tls_verified_;
    std::unique_ptr<net::Dns> dns_;
    std::unique_ptr<Carriers> carriers_;  // last
};

}  // namespace tayori::smtp

// Certificates for spoold's TCP door, made at the first start: one authority of this site, one
// certificate for spoold and one for each program that comes to it. Folders of spoold.pki_dir, so
// that a container mounts only its own:
//
//   ca/        ca.crt, ca.key: spoold's alone
//   server/    ca.crt, tls.crt, tls.key: what spoold shows
//   smtpd/ pop3d/ imapd/ adminctl/ fetch/   the same for each program; its name is the certificate's
//   common name
//
// A certificate is missing or complete: the old one goes first, then the key is written, and the
// certificate last.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"

namespace tayori::spool {

struct ServerPems {
    std::string ca;
    std::string certificate;
    std::string key;
};

// Makes what is missing, about to expire, or lacks one of spoold's names. Returns what spoold
// shows.
Result<ServerPems> ensure_pki(const std::string& pki_dir, const std::vector<std::string>& names,
                              std::int64_t now_s);

}  // namespace tayori::spool

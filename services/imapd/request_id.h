// Names for writes that are sent again after a broken connection to spoold: unique, never guessed
// by another client.
#pragma once

#include <string>

#include "common/base/text.h"
#include "common/crypto/crypto.h"

namespace tayori::imap {

inline std::string make_request_id() { return cat("imap-", hex_encode(crypto::random_bytes(16))); }

}  // namespace tayori::imap

// What a server offers in its reply to EHLO (RFC 5321 §4.1.1.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "smtpd/grammar/server_reply.h"

namespace tayori::smtp {

struct Extensions {
    std::string name;  // what it calls itself
    bool pipelining = false;
    bool starttls = false;
    bool eight_bit_mime = false;
    bool smtputf8 = false;
    bool dsn = false;
    bool size = false;
    std::uint64_t bytes_max = 0;     // of SIZE; 0: not told
    bool auth_plain = false;
    bool auth_login = false;
    std::size_t recipients_max = 0;  // LIMITS RCPTMAX (RFC 9422 §3); 0: not told
    std::size_t mails_max = 0;       // LIMITS MAILMAX
};

Extensions read_extensions(const ServerReply& reply);

}  // namespace tayori::smtp

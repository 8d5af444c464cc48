// What a connection may do, besides what a ticket opens. A unix socket stands for one role, by its
// file mode; over TCP the client's certificate names its program.
#pragma once

#include <string_view>

#include "common/rpc/calls.h"

namespace tayori::spool {

namespace v1 = ::tayori::spool::v1;

struct Role {
    bool daemon = false;    // logins, and mailboxes by ticket
    bool delivery = false;  // smtpd: resolve and commit for anybody
    bool uploads = false;   // smtpd and imapd
    bool admin = false;     // adminctl
    bool fetch = false;     // adminctl fetch serve: sources that are due, and the accounts they go to
};

// By program. Unknown ones may nothing.
Role role_of(std::string_view program);

enum class Entry { daemons, administration, certificates };
// What a connection may do that came in by `entry` and calls itself `program`; `common_name` is
// that of its certificate.
Role role_at(Entry entry, std::string_view program, std::string_view common_name);

bool may_call(const Role& role, v1::Call::RequestCase request);

}  // namespace tayori::spool

// Tickets: what a daemon gets for a right password, and shows with every call on that account's mailbox.
//
// A ticket is signed with a key of this store, so it outlives a restart of spoold. It names the account and the
// generation of its credentials: a new password, suspension, deletion and a narrowed choice of protocols end it at
// once. Roles of daemons (delivery, admin) are no tickets: they come from the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "tayori/spool/stored/v1/directory.pb.h"
#include "tayori/spool/v1/types.pb.h"

namespace tayori::spool {

struct DirectoryCore;

struct TicketHolder {
    std::uint64_t account_id = 0;
    v1::Protocol protocol = v1::PROTOCOL_UNSPECIFIED;  // what the login was for
};

// What a ticket for this protocol names.
std::uint64_t login_generation(const stored::v1::StoredAccount& account, v1::Protocol protocol);

class Tickets {
  public:
    explicit Tickets(std::shared_ptr<DirectoryCore> core);
    ~Tickets();
    Tickets(const Tickets&) = delete;
    Tickets& operator=(const Tickets&) = delete;

    // The generation is the one that the password was verified under.
    std::string issue(TicketHolder holder, std::uint64_t generation) const;
    // auth_failed: forged, or void by now. Thread-safe, and cheap for a ticket seen before.
    Result<TicketHolder> verify(std::string_view ticket) const;

  private:
    class Cache;
    std::shared_ptr<DirectoryCore> core_;
    std::unique_ptr<Cache> cache_;
};

}  // namespace tayori::spool

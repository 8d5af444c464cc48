// Removes or moves mail of an account that a plugin calls expired, through the calls that imapd uses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/lua/job.h"
#include "common/net/loop.h"
#include "common/rpc/spool.h"

namespace tayori::smtp {

inline constexpr std::size_t kExpireBatchMax = 1000;   // mails of one call: others' commits go between them
inline constexpr std::size_t kExpireFoldersMax = 5000;

// Pure. "Lists/*" fits "Lists/cpp"; case is that of the name, INBOX in any.
bool folder_fits(std::string_view pattern, std::string_view name);
// UIDs that a rule names, in order. `keywords`: the account's table.
std::vector<std::uint32_t> expired(const rpc::v1::References& references, const std::vector<rpc::v1::Keyword>& keywords,
                                   const lua::Expire& rule, std::int64_t now_s);

class Expirer {
  public:
    // Ends by `busy` where the lease ends before it is done; the next lease goes on.
    Expirer(net::Loop& loop, rpc::Spool& spool, rpc::Ticket ticket, net::Deadline until)
        : loop_(loop), spool_(spool), ticket_(std::move(ticket)), until_(until) {}
    // How many went.
    Async<std::size_t> run(lua::Expire rule, std::int64_t now_s);

  private:
    Async<std::size_t> expire_folder(rpc::v1::Folder folder, lua::Expire rule, std::string target, std::int64_t now_s);
    Async<void> remove(std::uint64_t folder_id, std::vector<std::uint32_t> uids, std::string target);

    net::Loop& loop_;
    rpc::Spool& spool_;
    rpc::Ticket ticket_;
    net::Deadline until_;
};

}  // namespace tayori::smtp

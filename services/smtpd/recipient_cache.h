// Recipients that were found a moment ago, so that a burst of mail to the same people asks spoold once a second for each.
//
// Only what spoold allows to be kept is: everybody behind the address is here and has plenty of room. A change of the
// directory ends all at once (rpc::DirectoryState), and the commit checks everything again: what is kept here can make an
// answer to RCPT a second old, never a delivery. Of one loop's thread.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/rpc/spool.h"

namespace tayori::smtp {

inline constexpr net::Duration kRecipientKept = std::chrono::seconds(1);
inline constexpr std::size_t kRecipientsKeptMax = 4096;

class RecipientCache {
  public:
    RecipientCache(net::Loop& loop, const rpc::Spool& spool) : loop_(loop), spool_(spool) {}

    // Nothing: spoold has to be asked.
    std::optional<std::vector<rpc::v1::Target>> find(const std::string& path, std::uint64_t declared_bytes);
    void keep(const std::string& path, std::uint64_t declared_bytes, const rpc::v1::Recipient& found,
              std::uint64_t directory_version);
    // What was kept was wrong: a commit has been refused.
    void clear() { kept_.clear(); }

  private:
    struct Kept {
        std::vector<rpc::v1::Target> targets;
        std::uint64_t declared_bytes = 0;  // the size that it was found for
        rpc::DirectoryState directory;
        net::Deadline until{};
    };
    net::Loop& loop_;
    const rpc::Spool& spool_;
    absl::flat_hash_map<std::string, Kept> kept_;
};

}  // namespace tayori::smtp

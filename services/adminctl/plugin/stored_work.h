// What plugins decide about mail that is stored already, done to it: flags, and another folder. Nobody is answered, written to or
// refused because of mail that came long ago; what would do that is named instead.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "adminctl/plugin/stage.h"
#include "common/base/result.h"
#include "common/rpc/admin_client.h"

namespace tayori::admin::kit {

namespace v1 = ::tayori::spool::v1;

inline constexpr std::size_t kStoredBatchMax = 1'000;  // mails of one commit: sessions go on between two

class StoredWork {
  public:
    // `folders`: all of the account, by which "junk" and the like are found.
    StoredWork(std::string account, v1::Folder source, v1::AccountFolders folders);

    // What is to be done to this mail, in words; empty: nothing. UIDs ascend.
    std::string add(std::uint32_t uid, const Outcome& outcome);

    // Does it: flags, then copies, then moves, in commits of at most kStoredBatchMax mails each, so that whatever ends it between two
    // of them, the same run again does the rest. How many mails were gone meanwhile.
    Result<std::size_t> apply(rpc::AdminClient& client) const;

    std::size_t flagged() const { return flagged_; }
    std::size_t moved() const { return moved_; }
    std::size_t copied() const { return copied_; }

  private:
    using Uids = std::vector<std::uint32_t>;
    using Flags = std::vector<std::string>;

    bool add_target(std::vector<std::string>& targets, std::string name, bool create);
    std::vector<std::string> targets_of(const Outcome& outcome, bool& stays);
    Result<void> put_flags(rpc::AdminClient& client, const Flags& flags, const Uids& uids) const;
    Result<std::size_t> put_into(rpc::AdminClient& client, const std::string& target, const Uids& uids, bool move) const;
    Result<void> make_folder(rpc::AdminClient& client, const std::string& name) const;

    std::string account_;
    v1::Folder source_;
    v1::AccountFolders folders_;
    std::map<Flags, Uids> flags_;
    std::map<std::string, Uids> copies_, moves_;  // by the target
    std::set<std::string> missing_;               // targets that are not there yet
    std::size_t flagged_ = 0, moved_ = 0, copied_ = 0;
};

}  // namespace tayori::admin::kit

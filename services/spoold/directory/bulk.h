// Accounts in bulk: plan, apply, roll back (proto/tayori/spool/v1/bulk.proto says what each does).
//
// plan() and apply() block for as long as the passwords take: call them from a thread that may wait, never from the
// committer's or the pool's.
#pragma once

#include <functional>
#include <memory>

#include "common/base/result.h"
#include "tayori/spool/v1/bulk.pb.h"

namespace tayori::spool {

struct DirectoryCore;

class Bulk {
  public:
    explicit Bulk(std::shared_ptr<DirectoryCore> core) : core_(std::move(core)) {}

    // `going`: false ends it with busy, as long as nothing is committed.
    Result<v1::AccountsPlan> plan(v1::AccountsTable table, const std::function<bool()>& going) const;
    Result<v1::AccountsPlan> apply(v1::AccountsTable table, const std::function<bool()>& going) const;
    Result<v1::AccountsPlan> roll_back(const v1::RollBackRequest& request) const;
    // The newest first, until `visit` returns false.
    Result<void> list(const std::function<bool(const v1::BulkChange&)>& visit) const;

  private:
    std::shared_ptr<DirectoryCore> core_;
};

}  // namespace tayori::spool

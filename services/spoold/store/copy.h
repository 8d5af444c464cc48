// Copying a store that is in use: what a backup takes along, and from where the next one goes on.
//
// The first time that is everything: the index at one moment, hard-linked, and the files of the log with live mail or
// with records behind that moment. Afterwards it is what the log has grown by. What is to be copied stays where it is
// as long as the Copy lives. From its `until` on the store keeps the log for the holder, so that the next copy finds it
// whole; the hold is given up when it keeps too much (Options::hold_bytes_max) or when the disk is full.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "spoold/store/stamp.h"
#include "spoold/store/store.h"

namespace tayori::store {

struct CopyWish {
    std::string holder;          // whose copy it is
    std::optional<Stamp> since;  // what it has already; none: everything is wanted
    std::map<std::string, std::uint64_t> have;  // and how many bytes of each file of the log
};

// The bytes [from, to) of a file, named from the store's directory: "log/00000012.log", "index/000007.sst".
struct CopyPiece {
    std::string name;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
};

class Copy {
  public:
    virtual ~Copy() = default;

    const std::vector<CopyPiece>& pieces() const { return pieces_; }
    // The last record that is in it.
    const Stamp& until() const { return until_; }
    // By the store's clock: all that had been answered by then is in the index (of a first copy), or in the copy.
    std::int64_t index_ms() const { return index_ms_; }
    std::int64_t until_ms() const { return until_ms_; }

    // All of what is asked for, or an error. Bytes of a piece only.
    virtual Result<void> read(const std::string& name, std::uint64_t offset, std::uint64_t bytes,
                              std::string& out) = 0;
    // The copy is safe: the log is needed from here on only. If the process ends before, a holder that proves to have
    // this copy may still go on from it.
    virtual Result<void> keep() = 0;

  protected:
    std::vector<CopyPiece> pieces_;
    Stamp until_;
    std::int64_t index_ms_ = 0;
    std::int64_t until_ms_ = 0;
};

// A store that can be copied: whoever makes backups needs one, all others a Store.
class CopyableStore : public Store {
  public:
    // One at a time, while everything goes on. not_found: the log has not been kept since `wish.since`, so only a whole copy
    // will do. in_use: another copy lives. The copy must not outlive the store.
    virtual Result<std::unique_ptr<Copy>> start_copy(const CopyWish& wish) = 0;
};

}  // namespace tayori::store

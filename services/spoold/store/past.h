// The store as it was at a moment, from a copy of the index and of the log behind it (copy.h): read-only.
//
// The index lies in a directory of its own and is brought forward in place; the log is read through any Files, so it need
// not lie in one piece. Every record that is passed is proved by its checksum and its place in the chain; bodies are, when
// somebody reads them through verify().
#pragma once

#include <functional>
#include <limits>
#include <memory>

#include "spoold/store/files.h"
#include "spoold/store/stamp.h"
#include "spoold/store/store.h"

namespace tayori::store {

struct PastWish {
    std::string index_directory;  // on the real disk
    Files* log_files = nullptr;   // must outlive the Past
    std::string log_directory;
    Stamp until;  // not beyond this record; corrupt if the log does not come so far
    std::int64_t moment_ms = std::numeric_limits<std::int64_t>::max();  // nor beyond the last record made by then
    std::function<bool()> give_up;  // asked now and then; true ends it with `closed`
};

class Past {
  public:
    virtual ~Past() = default;
    // How far it came. That record was made at reached_ms(); 0 where the index alone is older than every record read.
    const Stamp& reached() const { return reached_; }
    std::int64_t reached_ms() const { return reached_ms_; }
    std::uint64_t records() const { return records_; }

    virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
    virtual Result<std::shared_ptr<const BodyReader>> open_body(BodyId id) const = 0;
    // Every body there is, in the order in which they lie. `see` returns false to stop.
    virtual Result<void> visit_bodies(const std::function<bool(BodyId, const BodyReader&)>& see) const = 0;
    // The index is on the disk when it succeeds, with this place as its stamp.
    virtual Result<void> flush() = 0;

  protected:
    Stamp reached_;
    std::int64_t reached_ms_ = 0;
    std::uint64_t records_ = 0;
};

// corrupt: a record is missing or damaged; Error::detail says where.
Result<std::unique_ptr<Past>> open_past(const PastWish& wish);

// Makes what open_past() brought to `reached` a store of its own: the log in `store_directory` ends there, and its format
// is written. Nobody may have it open.
Result<void> end_log_at(Files& files, const std::string& store_directory, const Stamp& reached,
                        std::uint32_t format);

}  // namespace tayori::store

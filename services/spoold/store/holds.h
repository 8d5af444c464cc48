// From where on the log is kept for those who copy it, by name: the file `holds` of the store.
//
// A hold says what its owner has, and what he will have once the copy under way is safe. It is written before anything
// is copied, so a copy that was finished when the process was killed can be gone on from. Whatever a hold names was synced.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "spoold/store/files.h"
#include "spoold/store/stamp.h"

namespace tayori::store {

struct Hold {
    Stamp at;        // sequence 0: nothing yet
    Stamp expected;  // sequence 0: no copy is under way
    // The log is needed from here on.
    std::uint64_t position() const { return at.sequence != 0 ? at.position : expected.position; }
};

class Holds {
  public:
    Holds(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

    // A file that can't be read holds nothing: then the next copy is a whole one.
    Result<void> load();
    bool covers(const std::string& name, const Stamp& stamp) const;
    // A copy up to `until` begins, of one who has `since`, or nothing.
    Result<void> begin(const std::string& name, const Stamp* since, const Stamp& until);
    Result<void> keep(const std::string& name, const Stamp& until);
    // Gives up what keeps more than `bytes_max` of a log that ends at `log_position`.
    Result<void> give_up(std::uint64_t log_position, std::uint64_t bytes_max);

    // The least position that anybody needs; the greatest number where nobody does.
    std::uint64_t needed_from() const { return needed_from_; }
    // Of the last record that a hold names.
    std::uint64_t newest_sequence() const;

  private:
    Result<void> save();
    void count();

    Files& files_;
    const std::string path_;
    mutable std::mutex mutex_;
    std::map<std::string, Hold> holds_;
    std::atomic<std::uint64_t> needed_from_ = ~std::uint64_t{0};
};

}  // namespace tayori::store

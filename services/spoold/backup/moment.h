// A moment of a backup set, opened: its index is copied into a directory of its own, its log is read where it lies.
#pragma once

#include <optional>

#include "spoold/backup/create.h"
#include "spoold/store/past.h"

namespace tayori::spool {

class Moment {
  public:
    // `directory` is emptied first, and removed at the end. The target must outlive this.
    static Result<std::unique_ptr<Moment>> open(Target& target, Chain chain, std::optional<std::int64_t> moment_ms,
                                                std::string directory, const Watch& watch);
    ~Moment();
    Moment(const Moment&) = delete;
    Moment& operator=(const Moment&) = delete;

    store::Past& past() const { return *past_; }
    const Chain& chain() const { return chain_; }
    // As of when everything is in it: the moment asked for, or the last one that the chain has.
    std::int64_t as_of_ms() const { return as_of_ms_; }

  private:
    Moment(Chain chain, std::string directory) : chain_(std::move(chain)), directory_(std::move(directory)) {}

    const Chain chain_;
    const std::string directory_;
    std::unique_ptr<store::Files> log_;
    std::unique_ptr<store::Past> past_;
    std::int64_t as_of_ms_ = 0;
};

// Copies what lies below "index/" or "log/" into `directory`, comparing every checksum.
Result<void> copy_out(Target& target, const Chain& chain, std::string_view below, const std::string& directory,
                      const Watch& watch);
// For a store of this program; unsupported says what would be right.
Result<void> check_format(const Chain& chain);

}  // namespace tayori::spool

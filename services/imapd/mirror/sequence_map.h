// The message sequence numbers of one session: which UIDs it has been told of, in order (RFC 3501
// §2.3.1.2). Kept as runs of consecutive UIDs, so that an idle session costs a few bytes however
// big its folder is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "imapd/grammar/sequence_set.h"

namespace tayori::imap {

using SequenceNumber = std::uint32_t;  // from 1
using Uid = std::uint32_t;

class SequenceMap {
  public:
    SequenceNumber size() const { return size_; }
    Uid last_uid() const {
        return runs_.empty() ? 0 : runs_.back().first_uid + runs_.back().count - 1;
    }

    void append(Uid uid);                     // above last_uid()
    Uid uid_at(SequenceNumber number) const;  // 1 <= number <= size()
    SequenceNumber find(Uid uid) const;       // 0: not in the map
    SequenceNumber count_in(Uid first, Uid last) const;

    // The numbers of the given UIDs' ranges that are in the map, and the other way.
    NumberSet numbers_of(const NumberSet& uids) const;
    NumberSet uids_of(const NumberSet& numbers) const;

    // Calls `each(number, uid)` for the numbers of the set, ascending.
    template <class Each>
    void for_each(const NumberSet& numbers, Each each) const {
        std::size_t at = 0;
        for (const auto& range : numbers) {
            SequenceNumber number = range.first;
            while (number <= range.last && number <= size_) {
                while (at + 1 < runs_.size() && runs_[at + 1].first_number <= number) ++at;
                const auto& run = runs_[at];
                const auto end = std::min(range.last, run.first_number + run.count - 1);
                for (; number <= end; ++number)
                    each(number, run.first_uid + (number - run.first_number));
            }
        }
    }

    // Takes out what `uids` (ascending) names; all of it must be in the map.
    void remove(const std::vector<Uid>& uids);
    void clear();

    std::size_t bytes() const { return runs_.capacity() * sizeof(Run); }
    void shrink() { runs_.shrink_to_fit(); }

  private:
    struct Run {
        Uid first_uid;
        SequenceNumber first_number;
        std::uint32_t count;
    };
    std::size_t run_of_number(SequenceNumber number) const;
    // The first run whose last UID is not below `uid`.
    std::size_t run_from(Uid uid) const;
    std::vector<Run> runs_;
    SequenceNumber size_ = 0;
};

}  // namespace tayori::imap

// How far something has come in the log. The index carries one: everything up to here is in it.
#pragma once

#include <cstdint>

namespace tayori::store {

struct Stamp {
    std::uint64_t sequence = 0;  // of the last record contained; 0: none
    std::uint32_t checksum = 0;  // of that record
    std::uint64_t segment = 0;   // where it lies, and
    std::uint64_t end = 0;       // where it ends there
    std::uint64_t position = 0;  // the same in the whole log

    // Of one log only: there the checksum of a record vouches for all before it.
    bool same_record(const Stamp& other) const {
        return sequence == other.sequence && checksum == other.checksum;
    }
};

}  // namespace tayori::store

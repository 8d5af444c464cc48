// How fast a counter has risen lately: two samples that lie at least 30 days apart, kept with the counter and written only
// when it is, so that a pace costs no commit of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "spoold/mailbox/codec.h"

namespace tayori::spool {

struct Pace {
    struct Sample {
        std::uint32_t hour = 0;   // since 1970; 0: none
        std::uint64_t next = 0;   // what would have been given out next
        bool operator==(const Sample&) const = default;
    };
    Sample older;
    Sample newer;

    // Before numbers are given out. True: a sample was taken.
    bool note(std::int64_t now_ms, std::uint64_t next);
    // Numbers that were jumped over have not been given out.
    void skip(std::uint64_t numbers);
    // Numbers given out a day, over at least the last 30 days where it has been known for so long; nothing where it has
    // not been known for a day.
    std::optional<double> a_day(std::int64_t now_ms, std::uint64_t next) const;

    void encode(std::string& out) const;
    static Pace decode(Reader& in);
    bool operator==(const Pace&) const = default;
};

}  // namespace tayori::spool

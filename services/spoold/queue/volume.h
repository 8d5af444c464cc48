// How much an account sends: limits per hour and day, and a word to the postmaster when it is much more than usual, as when
// somebody else has its password. Counted in the commit that accepts the mail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/mail/dsn.h"
#include "spoold/ids.h"
#include "spoold/store/store.h"

namespace tayori::spool {

struct VolumeLimits {
    std::uint32_t per_hour_max = 0;    // outbound.per_hour_max: recipients elsewhere; 0: no limit
    std::uint32_t per_day_max = 0;     // outbound.per_day_max
    std::uint32_t unusual_factor = 10; // outbound.unusual_factor, of the usual day; 0: nobody is told
    std::uint32_t unusual_min = 100;   // outbound.unusual_min: less is never unusual
};

struct Volume {
    std::uint64_t hour = 0;  // since 1970
    std::uint64_t in_hour = 0;
    std::uint64_t day = 0;
    std::uint64_t in_day = 0;
    std::uint64_t usual = 0;     // in a day on which something is sent, hundredfold; of late days more than of early ones
    std::uint64_t told_day = 0;  // when the postmaster was told

    std::string encode() const;
    static Volume decode(std::string_view value);

    // `now_ms` may lie in a later hour or day, which then begins. busy: a limit. True: the postmaster must be told.
    Result<bool> count(std::int64_t now_ms, std::uint64_t recipients, const VolumeLimits& limits);
};

// Of an account, in a mutation.
Result<bool> count_volume(store::Transaction& transaction, AccountId account, std::uint64_t recipients,
                          const VolumeLimits& limits, Volume& now);

struct VolumeNotice {
    std::string address;  // whose
    std::string postmaster;
    std::string hostname;
    std::int64_t date_s = 0;
    std::uint64_t number = 0;  // for the Message-ID
    Volume volume;
    mail::DsnLanguage language = mail::DsnLanguage::english;
};
// A whole mail.
std::string volume_notice(const VolumeNotice& notice);

}  // namespace tayori::spool

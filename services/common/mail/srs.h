// The Sender Rewriting Scheme: whose mail is forwarded comes from an address of ours that leads back, so that SPF of the next
// site passes and notifications find their way.
//
//   SRS0=HHHHHH=TT=example.org=bob@our.test            bob@example.org, forwarded by us on day TT
//   SRS1=HHHHHH=first.test==HHHH=TT=example.org=bob    the same, forwarded by first.test before
//
// HHHHHH is a hash under a key that only we know: nobody can make an address that we would send mail on to. It does not depend on
// case, since local parts are lower-cased by some.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/mail/address.h"

namespace tayori::mail {

inline constexpr std::uint32_t kSrsDaysMax = 500;  // of an address' life: the day is kept modulo 1024

// An SRS0 or SRS1 in any site's form. None: an ordinary local part.
struct SrsParts {
    bool again = false;    // SRS1
    std::string hash;
    std::string day;       // SRS0: two letters
    std::string domain;    // SRS0: of the sender; SRS1: of the first forwarder
    std::string local;     // SRS0: of the sender; SRS1: what stood behind SRS0 there, with its separator
};
std::optional<SrsParts> parse_srs(std::string_view local_part);

class Srs {
  public:
    // Keys from the newest; addresses of all of them are accepted.
    Srs(std::vector<std::string> keys, std::uint32_t days) : keys_(std::move(keys)), days_(days) {}

    // The address at `domain` that leads to `sender`. too_big: it would be too long.
    Result<Address> forward(const Address& sender, std::string_view domain, std::int64_t now_s) const;
    // Where such a local part of ours leads. not_found: the hash is wrong, or it is too old.
    Result<Address> reverse(const SrsParts& parts, std::int64_t now_s) const;

  private:
    bool is_ours(std::string_view hash, std::string_view text) const;

    std::vector<std::string> keys_;
    std::uint32_t days_;
};

}  // namespace tayori::mail

// The row of a key: "d" "g" <domain> 00 <selector>, a StoredDkimKey.
#pragma once

#include <string>
#include <string_view>

#include "common/base/text.h"
#include "spoold/keys.h"
#include "tayori/spool/stored/v1/dkim.pb.h"

namespace tayori::spool::dkim_row {

inline constexpr std::string_view kTable = "dg";

inline std::string key(std::string_view domain, std::string_view selector) { return cat(kTable, domain, '\0', selector); }
// Of a domain; empty: of all.
inline keys::Range range(std::string_view domain) {
    if (domain.empty()) return {std::string(kTable), "dh"};
    return {cat(kTable, domain, '\0'), cat(kTable, domain, '\1')};
}
struct Names {
    std::string domain;
    std::string selector;
};
inline Names names(std::string_view key) {
    key.remove_prefix(kTable.size());
    const auto zero = key.find('\0');
    return {std::string(key.substr(0, zero)), std::string(key.substr(zero + 1))};
}

}  // namespace tayori::spool::dkim_row

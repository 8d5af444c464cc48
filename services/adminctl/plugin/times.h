// Days and times as tests write them.
#pragma once

#include <cstdint>
#include <string_view>

namespace tayori::admin::kit {

bool parse_number(std::string_view text, std::int64_t& number);
// "2026-12-28", "2026-12-28 10:00", either with a zone as "+0900" behind it; else in UTC.
bool parse_moment(std::string_view text, std::int64_t& unix_s, int& zone_minutes);

}  // namespace tayori::admin::kit

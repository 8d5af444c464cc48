// What people write and read: sizes, times, protocols.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "tayori/spool/v1/directory.pb.h"
#include "tayori/spool/v1/types.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

// "2G", "500M", "1.5GiB", "1000" (bytes), "none" (0). K, M, G, T are powers of 1024.
Result<std::uint64_t> parse_size(std::string_view text);
std::string show_size(std::uint64_t bytes);
std::string show_limit(std::uint64_t limit, bool is_size);  // "none" for 0
std::string show_percent(std::uint64_t used, std::uint64_t limit);

// "1,234,567"
std::string with_commas(std::uint64_t n);

// Local time, to the minute; "-" for 0.
std::string show_time(std::int64_t unix_s);
// "2d", "12h", "30m" back from now, or "2026-11-22", "2026-11-22 08:30" in local time.
Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_s);

// The same and "2026-11-22 08:30:15", or "@1764195429.250", seconds since 1970; in milliseconds.
Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_s);
// Local time, to the second; "-" for 0.
std::string show_moment(std::int64_t unix_ms);

// "imap,pop3"; "all".
Result<std::vector<v1::Protocol>> parse_protocols(std::string_view text);
template <class List>
std::string show_protocols(const List& protocols) {
    std::string out;
    for (const int protocol : protocols) {
        if (!out.empty()) out += ',';
        switch (protocol) {
            case v1::PROTOCOL_IMAP: out += "imap"; break;
            case v1::PROTOCOL_POP3: out += "pop3"; break;
            case v1::PROTOCOL_SUBMISSION: out += "submission"; break;
            default: out += "?";
        }
    }
    return out.empty() ? "none" : out;
}
std::string show_state(v1::AccountState state);

}  // namespace tayori::admin

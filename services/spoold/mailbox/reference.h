// A reference: a message in a folder (design.md §3). The unit that folders are made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "spoold/ids.h"
#include "tayori/spool/v1/types.pb.h"

namespace tayori::spool {

using KeywordId = std::uint32_t;

// Those that a client can set; \Recent is the server's.
inline constexpr std::uint32_t kSystemFlags = v1::SYSTEM_FLAG_ANSWERED | v1::SYSTEM_FLAG_FLAGGED |
                                              v1::SYSTEM_FLAG_DELETED | v1::SYSTEM_FLAG_SEEN | v1::SYSTEM_FLAG_DRAFT;

struct Reference {
    // Fixed for the life of the reference.
    Uid uid = 0;
    MessageId message{};
    std::uint64_t bytes = 0;  // RFC822.SIZE: prefix and body
    std::int64_t internal_date_s = 0;
    std::int32_t zone_minutes = 0;
    std::uint32_t prefix_bytes = 0;
    std::uint64_t pop3_order = 0;   // 0: POP3 does not show it
    std::uint64_t uidl_random = 0;  // the UIDL is "<message>.<this in hex>" …
    std::string uidl;               // … unless one was imported
    // Changing.
    std::uint8_t flags = 0;  // v1::SystemFlag bits
    Modseq modseq = 0;
    std::vector<KeywordId> keywords;  // ascending

    bool seen() const { return (flags & v1::SYSTEM_FLAG_SEEN) != 0; }
    bool deleted() const { return (flags & v1::SYSTEM_FLAG_DELETED) != 0; }
};

// RFC 1939 §7: one to 70 printable characters, unique in the maildrop for ever.
inline std::string uidl_text(MessageId message, std::uint64_t random, std::string_view imported) {
    if (!imported.empty()) return std::string(imported);
    static constexpr char kDigits[] = "0123456789abcdef";
    char hex[16];
    for (int i = 15; i >= 0; --i, random >>= 4) hex[i] = kDigits[random & 15];
    return cat(raw(message), '.', std::string_view(hex, 16));
}

}  // namespace tayori::spool

// Arguments of GETMETADATA and SETMETADATA (RFC 5464 §5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imapd/grammar/cursor.h"

namespace tayori::imap {

inline constexpr std::size_t kMetadataEntriesMax = 500;  // in one command

enum class MetadataDepth : std::uint8_t { zero, one, infinity };

struct GetMetadata {
    std::optional<std::uint32_t> size_max;  // MAXSIZE
    MetadataDepth depth = MetadataDepth::zero;
    std::string mailbox;                    // on the wire; empty: the server
    std::vector<std::string> entries;       // lower case, as names are compared without case
};
struct MetadataValue {
    std::string entry;
    std::optional<std::string> value;       // none: NIL, which removes it
};
struct SetMetadata {
    std::string mailbox;
    std::vector<MetadataValue> values;
};

// Without the space in front. invalid (BAD): also of a name that is none (RFC 5464 §3.2).
Result<GetMetadata> parse_get_metadata(Cursor& cursor);
Result<SetMetadata> parse_set_metadata(Cursor& cursor);

}  // namespace tayori::imap

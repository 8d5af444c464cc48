// Flags (RFC 3501 §2.3.2): system flags as bits of v1::SystemFlag, keywords by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imapd/grammar/cursor.h"

namespace tayori::imap {

inline constexpr std::uint32_t kAnswered = 1;
inline constexpr std::uint32_t kFlagged = 2;
inline constexpr std::uint32_t kDeleted = 4;
inline constexpr std::uint32_t kSeen = 8;
inline constexpr std::uint32_t kDraft = 16;
inline constexpr std::uint32_t kAllSystemFlags = 31;

struct FlagList {
    std::uint32_t system = 0;
    std::vector<std::string> keywords;  // each once, compared without case
};

Result<FlagList> parse_flag_list(Cursor& cursor);  // "(\Seen $Junk)"
// STORE's list may come without parentheses (RFC 3501 §9 store-att-flags).
Result<FlagList> parse_store_flags(Cursor& cursor);

// "\Answered \Seen", a space between; `out` is extended only.
void append_system_flags(std::string& out, std::uint32_t flags, bool recent);

enum class StoreAction { replace, add, remove };
enum class StoreAnswer { flags, silent };
struct StoreArgs {
    bool has_unchanged_since = false;
    std::uint64_t unchanged_since = 0;
    StoreAction action = StoreAction::replace;
    StoreAnswer answer = StoreAnswer::flags;
    FlagList flags;
};
// "(UNCHANGEDSINCE 7) +FLAGS.SILENT (\Seen)", what follows the sequence set (RFC 7162 §3.1.3).
Result<StoreArgs> parse_store(Cursor& cursor);

}  // namespace tayori::imap

// What SEARCH asks for (RFC 3501 §6.4.4, ESEARCH RFC 4731, MODSEQ RFC 7162 §3.1.5), as a tree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imapd/grammar/cursor.h"
#include "imapd/grammar/sequence_set.h"

namespace tayori::imap {

struct SearchKey {
    enum class Op {
        all_of,
        any_of,
        none_of,  // of `keys`
        everything,
        sequence,
        uid,  // `set`
        has_flags,
        keyword,
        recent,  // `flags`; `text`
        before,
        on,
        since,
        sent_before,
        sent_on,
        sent_since,  // `day`
        larger,
        smaller,
        modseq,  // `number`
        field,   // `name`, `text` (folded)
        body,
        text,  // `text` (folded)
    };
    Op op = Op::everything;
    std::vector<SearchKey> keys;
    SequenceSet set;
    NumberSet numbers;  // `set` against one folder; filled in before the search
    std::uint32_t flags = 0;
    std::uint64_t number = 0;
    std::int64_t day = 0;
    std::string name;
    std::string value;
};

struct SearchProgram {
    SearchKey root{SearchKey::Op::all_of, {}, {}, {}, 0, 0, 0, {}, {}};
    bool extended = false;  // RETURN was given: answer by ESEARCH
    bool want_min = false;
    bool want_max = false;
    bool want_all = false;
    bool want_count = false;
    bool uses_modseq = false;
    bool bad_charset = false;  // then nothing else counts: NO [BADCHARSET]
};

Result<SearchProgram> parse_search(Cursor& cursor);

}  // namespace tayori::imap

// References as pages: up to 256 UIDs as columns (design.md §4). What never changes lies in a static page, flags,
// keywords and modseq in a mutable one, so that a flag change writes only some hundred bytes. Both name their UIDs.
//
//   static page:  version, UIDs, then the columns message id, bytes, internal date, zone, prefix bytes, POP3 order,
//                 UIDL random numbers, imported UIDLs
//   mutable page: version, UIDs, greatest modseq, then the columns modseq, flags, and the keywords that there are
//   row:          one reference of the open tail, both halves
//
// Columns are differences as varints; one whose entries are all alike takes one entry.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/mailbox/limits.h"
#include "spoold/mailbox/reference.h"

namespace tayori::spool {

template <class T>
using Column = std::array<T, kPageUidsMax>;

// Columns of a page in memory, of which the first `count` entries count. Left uninitialised on purpose.
struct StaticPage {
    std::size_t count = 0;
    Column<Uid> uid;
    Column<std::uint64_t> message;
    Column<std::uint64_t> bytes;
    Column<std::int64_t> internal_date_s;
    Column<std::int32_t> zone_minutes;
    Column<std::uint32_t> prefix_bytes;
    Column<std::uint64_t> pop3_order;
    Column<std::uint64_t> uidl_random;
    std::vector<std::pair<std::size_t, std::string>> uidl;  // imported ones, by ascending position

    StaticPage() {}  // NOLINT: no column is zeroed
    void add(const Reference& reference);
    std::string encode() const;
    Result<void> decode(std::string_view value);
};

struct MutablePage {
    std::size_t count = 0;
    Column<Uid> uid;
    Column<Modseq> modseq;
    Column<std::uint8_t> flags;
    std::vector<std::pair<std::size_t, std::vector<KeywordId>>> keywords;  // by ascending position; none is empty

    MutablePage() {}  // NOLINT: no column is zeroed
    void add(const Reference& reference);
    const std::vector<KeywordId>* keywords_at(std::size_t position) const;
    void set_keywords(std::size_t position, std::vector<KeywordId> ids);
    std::string encode() const;
    Result<void> decode(std::string_view value);
    // Without decoding the rest: which pages need no look at all?
    static Result<Modseq> greatest_modseq(std::string_view value);
};

// One reference out of both pages; they must agree about their UIDs.
Reference reference_at(const StaticPage& fixed, const MutablePage& changing, std::size_t position);
bool same_uids(const StaticPage& fixed, const MutablePage& changing);

std::string encode_row(const Reference& reference);
Result<Reference> decode_row(Uid uid, std::string_view value);

}  // namespace tayori::spool

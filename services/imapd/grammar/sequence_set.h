// Sets of message numbers and UIDs (RFC 3501 §9 sequence-set), and sets of numbers as we write
// them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imapd/grammar/cursor.h"

namespace tayori::imap {

struct NumberRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;  // included; last >= first
    bool operator==(const NumberRange&) const = default;
};
// Ascending, neither overlapping nor touching.
using NumberSet = std::vector<NumberRange>;

struct SequenceSet {
    static constexpr std::uint32_t kStar = 0;  // "*": the largest number in use
    struct Item {
        std::uint32_t a;
        std::uint32_t b;
    };
    std::vector<Item> items;

    // With "*" as `largest`. "7:*" means "largest:7" where 7 is beyond (RFC 3501 §9); so it never
    // is empty unless nothing is in use.
    NumberSet resolve(std::uint32_t largest) const;
};

Result<SequenceSet> parse_sequence_set(Cursor& cursor);

void normalize(NumberSet& set);
bool contains(const NumberSet& set, std::uint32_t number);
std::uint64_t count(const NumberSet& set);
// Numbers must come in ascending order.
void add(NumberSet& set, std::uint32_t number);
void append_set(std::string& out, const NumberSet& set);  // "1,3:5"

}  // namespace tayori::imap

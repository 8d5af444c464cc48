// Sets of numbers, and a session's sequence numbers.
#include <gtest/gtest.h>

#include "imapd/grammar/sequence_set.h"
#include "imapd/mirror/sequence_map.h"

namespace tayori::imap {
namespace {

std::string resolved(std::string_view text, std::uint32_t largest) {
    Cursor cursor(text);
    auto set = parse_sequence_set(cursor);
    if (!set) return set.error().text;
    if (!cursor.at_end()) return "left over";
    std::string out;
    append_set(out, set->resolve(largest));
    return out;
}

TEST(SequenceSet, Resolves) {
    EXPECT_EQ(resolved("1", 10), "1");
    EXPECT_EQ(resolved("3:1", 10), "1:3");
    EXPECT_EQ(resolved("*", 10), "10");
    EXPECT_EQ(resolved("8:*", 10), "8:10");
    EXPECT_EQ(resolved("12:*", 10), "10:12");  // "7:*" always names the last one
    EXPECT_EQ(resolved("5,1:2,2:3,9", 10), "1:3,5,9");
    EXPECT_EQ(resolved("*", 0), "");
    EXPECT_EQ(resolved("1:4294967295,7", 10), "1:4294967295");
}

TEST(SequenceSet, RefusesWhatIsNone) {
    for (const auto* text : {"", "0", "1:", ":1", "1,", "4294967296", "1:0", "a", "-1"}) {
        Cursor cursor(text);
        EXPECT_FALSE(parse_sequence_set(cursor).has_value()) << text;
    }
}

SequenceMap make_map(std::initializer_list<Uid> uids) {
    SequenceMap map;
    for (const auto uid : uids) map.append(uid);
    return map;
}

TEST(SequenceMap, FindsBothWays) {
    const auto map = make_map({2, 3, 4, 8, 9, 20});
    EXPECT_EQ(map.size(), 6u);
    EXPECT_EQ(map.last_uid(), 20u);
    EXPECT_EQ(map.uid_at(1), 2u);
    EXPECT_EQ(map.uid_at(4), 8u);
    EXPECT_EQ(map.uid_at(6), 20u);
    EXPECT_EQ(map.find(4), 3u);
    EXPECT_EQ(map.find(5), 0u);
    EXPECT_EQ(map.find(1), 0u);
    EXPECT_EQ(map.find(21), 0u);
    EXPECT_EQ(map.numbers_of({{1, 8}}), (NumberSet{{1, 4}}));
    EXPECT_EQ(map.numbers_of({{5, 7}}), NumberSet{});
    EXPECT_EQ(map.uids_of({{2, 5}}), (NumberSet{{3, 4}, {8, 9}}));
    EXPECT_EQ(map.uids_of({{6, UINT32_MAX}}), (NumberSet{{20, 20}}));
    EXPECT_EQ(map.count_in(3, 9), 4u);
}

TEST(SequenceMap, RemovesInOnePass) {
    auto map = make_map({2, 3, 4, 8, 9, 20});
    map.remove({3, 8, 20});
    EXPECT_EQ(map.size(), 3u);
    EXPECT_EQ(map.uid_at(1), 2u);
    EXPECT_EQ(map.uid_at(2), 4u);
    EXPECT_EQ(map.uid_at(3), 9u);
    map.append(21);
    EXPECT_EQ(map.find(21), 4u);
    map.remove({2, 4, 9, 21});
    EXPECT_EQ(map.size(), 0u);
    EXPECT_EQ(map.last_uid(), 0u);
}

TEST(SequenceMap, WalksTheNumbersOfASet) {
    const auto map = make_map({2, 3, 4, 8, 9, 20});
    std::vector<std::pair<SequenceNumber, Uid>> seen;
    map.for_each({{1, 1}, {3, 4}, {6, 9}},
                 [&](SequenceNumber n, Uid u) { seen.emplace_back(n, u); });
    EXPECT_EQ(seen, (std::vector<std::pair<SequenceNumber, Uid>>{{1, 2}, {3, 4}, {4, 8}, {6, 20}}));
}

}  // namespace
}  // namespace tayori::imap

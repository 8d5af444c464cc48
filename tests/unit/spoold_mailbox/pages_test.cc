#include "spoold/mailbox/pages.h"

#include <gmock/gmock.h>

#include <random>

#include "spoold/mailbox/names.h"
#include "spoold/mailbox/records.h"
#include "spoold/mailbox/uid_set.h"

namespace tayori::spool {
namespace {

Reference random_reference(std::mt19937& random, Uid uid) {
    Reference reference;
    reference.uid = uid;
    reference.message = MessageId{random()};
    reference.bytes = random() % 100'000;
    reference.internal_date_s = static_cast<std::int64_t>(random()) - 1'000'000'000;
    reference.zone_minutes = static_cast<std::int32_t>(random() % 1440) - 720;
    reference.prefix_bytes = static_cast<std::uint32_t>(random() % 4096);
    reference.pop3_order = random() % 3 == 0 ? 0 : random();
    reference.uidl_random = (std::uint64_t{random()} << 32) | random();
    if (random() % 10 == 0) reference.uidl = "imported" + std::to_string(uid);
    reference.flags = static_cast<std::uint8_t>(random() % 32);
    reference.modseq = random();
    for (KeywordId id = 1; id < 5; ++id) {
        if (random() % 20 == 0) reference.keywords.push_back(id);
    }
    return reference;
}

void expect_same(const Reference& a, const Reference& b) {
    EXPECT_EQ(encode_row(a), encode_row(b));
    EXPECT_EQ(a.uid, b.uid);
}

TEST(Pages, KeepEveryColumn) {
    std::mt19937 random(1);
    for (std::size_t count = 0; count <= kPageUidsMax; count += 32) {
        StaticPage fixed;
        MutablePage changing;
        std::vector<Reference> references;
        Uid uid = 0;
        for (std::size_t i = 0; i < count; ++i) {
            uid += 1 + (random() % 4 == 0 ? static_cast<Uid>(random() % 1000) : 0);
            references.push_back(random_reference(random, uid));
            fixed.add(references.back());
            changing.add(references.back());
        }
        StaticPage fixed_read;
        MutablePage changing_read;
        ASSERT_TRUE(fixed_read.decode(fixed.encode()));
        ASSERT_TRUE(changing_read.decode(changing.encode()));
        ASSERT_TRUE(same_uids(fixed_read, changing_read));
        ASSERT_EQ(fixed_read.count, count);
        for (std::size_t i = 0; i < count; ++i) expect_same(reference_at(fixed_read, changing_read, i), references[i]);
    }
}

TEST(Pages, RowKeepsAReference) {
    std::mt19937 random(2);
    for (int i = 0; i < 100; ++i) {
        const auto reference = random_reference(random, 7);
        const auto read = decode_row(7, encode_row(reference));
        ASSERT_TRUE(read);
        expect_same(*read, reference);
    }
}

TEST(Pages, DamagedBytesAreRefusedOrHarmless) {
    std::mt19937 random(3);
    StaticPage fixed;
    MutablePage changing;
    for (Uid uid = 1; uid <= 200; ++uid) {
        const auto reference = random_reference(random, uid);
        fixed.add(reference);
        changing.add(reference);
    }
    const auto fixed_bytes = fixed.encode();
    const auto changing_bytes = changing.encode();
    for (int i = 0; i < 5000; ++i) {
        auto bytes = i % 2 == 0 ? fixed_bytes : changing_bytes;
        bytes.resize(random() % bytes.size());
        if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<char>(random());
        StaticPage a;
        MutablePage b;
        (void)a.decode(bytes);
        (void)b.decode(bytes);
        (void)decode_row(1, bytes);
        (void)FolderRecord::decode(bytes);
        (void)AccountState::decode(bytes);
        (void)KeywordTable::decode(bytes);
    }
}

TEST(UidSetTest, OrdersAndJoins) {
    UidSet::Wire wire;
    const auto add = [&](Uid first, Uid last) {
        auto* range = wire.Add();
        range->set_first(first);
        range->set_last(last);
    };
    add(10, 20);
    add(1, 3);
    add(4, 5);
    add(15, 30);
    add(UINT32_MAX, UINT32_MAX);
    const auto set = UidSet::of(wire);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->ranges(), (std::vector<UidSet::Range>{{1, 5}, {10, 30}, {UINT32_MAX, UINT32_MAX}}));
    EXPECT_EQ(set->size(), 27u);
    EXPECT_TRUE(set->contains(5));
    EXPECT_FALSE(set->contains(6));
    EXPECT_EQ(set->complement(1, 40).ranges(), (std::vector<UidSet::Range>{{6, 9}, {31, 40}}));
    EXPECT_EQ(UidSet().complement(1, UINT32_MAX), UidSet::all());
    EXPECT_TRUE(UidSet::all().complement(1, UINT32_MAX).empty());
    std::string bytes;
    set->write(bytes);
    Reader in(bytes);
    UidSet read;
    ASSERT_TRUE(UidSet::read(in, read));
    EXPECT_EQ(read, *set);
    add(0, 3);
    EXPECT_EQ(UidSet::of(wire).error().kind, Kind::invalid);
}

TEST(Names, AreMadeCanonical) {
    const std::pair<const char*, const char*> good[] = {
        {"inbox", "INBOX"}, {"Inbox/x", "INBOX/x"}, {"inboxes", "inboxes"}, {"a/b/", "a/b"}, {"A b.c", "A b.c"},
        {"受信箱", "受信箱"}, {"か\u3099", "が"}, {"~peter/mail", "~peter/mail"}, {"..", ".."},
    };
    for (const auto& [given, kept] : good) {
        const auto name = canonical_name(given);
        ASSERT_TRUE(name) << given;
        EXPECT_EQ(*name, kept);
    }
    const std::string bad[] = {"", "/", "/a", "a//b", "a%", "*", "a\x01", std::string("a\0b", 3), "\xFF\xFE",
                               "a\u2028", "a\u0085", std::string(2000, 'x')};
    for (const auto& name : bad) {
        const auto refused = canonical_name(name);
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().kind, Kind::unsupported);
    }
    std::string deep = "a";
    for (int i = 0; i < 40; ++i) deep += "/a";
    EXPECT_FALSE(canonical_name(deep));
}

TEST(Records, KeywordsAreAtomsComparedWithoutCase) {
    KeywordTable table;
    EXPECT_EQ(table.find_or_add("$Forwarded").value(), 1u);
    EXPECT_EQ(table.find_or_add("$FORWARDED").value(), 1u);
    EXPECT_EQ(table.find_or_add("work").value(), 2u);
    for (const char* bad : {"", "a b", "(", "a*", "\\Seen", "é", "a]"}) EXPECT_FALSE(table.find_or_add(bad)) << bad;
    EXPECT_FALSE(table.find_or_add(std::string(200, 'k')));
    const auto read = KeywordTable::decode(table.encode());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->names(), (std::vector<std::string>{"$Forwarded", "work"}));
    while (table.names().size() < kKeywordsPerAccountMax) {
        ASSERT_TRUE(table.find_or_add("k" + std::to_string(table.names().size())));
    }
    EXPECT_FALSE(table.find_or_add("one-more"));
}

}  // namespace
}  // namespace tayori::spool

// Files of counters: they come back as they were, and nonsense is refused with what is wrong.
#include <gmock/gmock.h>

#include "adminctl/counters_file.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

using testing::HasSubstr;

v1::FolderCounters folder(const std::string& name) {
    v1::FolderCounters out;
    out.set_address("anna@example.jp");
    out.set_folder(name);
    out.set_folder_id(12);
    out.set_uid_validity(1'764'195'429);
    out.set_uid_next(4711);
    out.set_highest_modseq(77);
    return out;
}

std::string sample() {
    v1::Counters site;
    site.set_next_message_id(5'000'000'000);
    site.set_next_folder_id(78);
    site.set_next_account_id(3);
    site.set_next_queue_id(1);
    return cat(counters_file_head(), counters_line(folder("INBOX")), counters_line(folder("下書き/50%\tx")),
               counters_file_end(site, 2));
}

TEST(CountersFile, ComesBackAsItWas) {
    const auto read = parse_counters_file("anything.txt", sample());
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->next_message_id(), 5'000'000'000U);
    EXPECT_EQ(read->next_folder_id(), 78U);
    EXPECT_EQ(read->next_account_id(), 3U);
    EXPECT_EQ(read->next_queue_id(), 1U);
    ASSERT_EQ(read->folders_size(), 2);
    EXPECT_EQ(read->folders(0).SerializeAsString(), folder("INBOX").SerializeAsString());
    EXPECT_EQ(read->folders(1).folder(), "下書き/50%\tx");
}

TEST(CountersFile, LooksAsItIsDocumented) {
    EXPECT_EQ(counters_line(folder("INBOX")), "F\tanna@example.jp\t12\t1764195429\t4711\t77\tINBOX\n");
    EXPECT_TRUE(sample().ends_with("S\tmessage\t5000000000\nS\tfolder\t78\nS\taccount\t3\nS\tqueue\t1\n#end\t6\n"));
}

TEST(CountersFile, ALineMayBeLeftOut) {
    const auto read = parse_counters_file("x", "#tayori-counters\t1\r\nS\tmessage\t9\r\n#end\t1\r\n");
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->next_message_id(), 9U);
    EXPECT_EQ(read->next_folder_id(), 0U) << "not said";
}

TEST(CountersFile, OldFilesAreKnownByTheirNames) {
    EXPECT_EQ(parse_counters_file("/old/Data/imap4.cnt", "1234\r\n")->next_message_id(), 1234U);
    EXPECT_EQ(parse_counters_file("IMAP4FOLDER.CNT", ";pmail-cnt 1\n77\n")->next_folder_id(), 77U);
    EXPECT_THAT(parse_counters_file("imap4.cnt", "12x4").error().text, HasSubstr("no number between 1 and 4294967294"));
    EXPECT_THAT(parse_counters_file("counters.txt", "1234").error().text, HasSubstr("named imap4.cnt"));
}

TEST(CountersFile, NonsenseIsRefusedWithItsLine) {
    struct Case {
        std::string lines;
        std::string why;
    };
    const Case cases[] = {
        {"S\tmessage\t9\n", "no line #end"},
        {"S\tmessage\t9\n#end\t2\n", "Line 3: it says 2 lines, and there are 1"},
        {"#end\t0\nS\tmessage\t9\n", "Line 3: something stands behind"},
        {"S\tmessage\t-9\n#end\t1\n", "Line 2: the counter \"-9\" is no number"},
        {"S\tmessage\t0\n#end\t1\n", "Line 2: counters begin with 1"},
        {"S\tmail\t9\n#end\t1\n", "Line 2: \"mail\" is no counter"},
        {"S\tqueue\t9\nS\tqueue\t9\n#end\t2\n", "Line 3: the counter queue stands there twice"},
        {"F\ta@b.jp\t1\t2\t3\n#end\t1\n", "neither a line F of 7 fields"},
        {"F\ta@b.jp\t1\t2\t4294967296\t1\tINBOX\n#end\t1\n", "Line 2: the UIDNEXT \"4294967296\" is no number"},
        {"F\ta@b.jp\t1\t0\t3\t1\tINBOX\n#end\t1\n", "Line 2: UIDVALIDITY and UIDNEXT begin with 1"},
        {"F\ta@b.jp\t1\t2\t3\t1\tIN%4\n#end\t1\n", "Line 2: the address or the folder"},
    };
    for (const auto& c : cases) {
        const auto read = parse_counters_file("x", cat(counters_file_head(), c.lines));
        ASSERT_FALSE(read) << c.lines;
        EXPECT_THAT(read.error().text, HasSubstr(c.why));
        EXPECT_EQ(read.error().kind, Kind::invalid);
    }
    EXPECT_THAT(parse_counters_file("x", "#tayori-counters\t2\n").error().text, HasSubstr("Line 1: the version"));
}

}  // namespace
}  // namespace tayori::admin

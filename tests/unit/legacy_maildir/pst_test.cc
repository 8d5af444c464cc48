// PST files, with a program in the place of readpst: what it writes, how it fails, and that it is never waited for without end.
#include "common/legacy/pst/pst.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/legacy/pst/convert.h"
#include "memory_tree.h"

namespace tayori::legacy {
namespace {

class PstTest : public ::testing::Test {
  protected:
    void SetUp() override {
        path_ = ::testing::TempDir() + "pst-XXXXXX";
        ASSERT_NE(::mkdtemp(path_.data()), nullptr);
        std::ofstream(path_ + "/a.pst") << "!BDN and more";
    }
    void TearDown() override { std::filesystem::remove_all(path_); }

    // Runs in the shell with the output directory as $out and the file as $in.
    pst::ConvertLimits program(const std::string& script) {
        const auto name = path_ + "/readpst";
        std::ofstream(name) << "#!/bin/sh\nwhile [ $# -gt 1 ]; do [ \"$1\" = -o ] && out=$2; shift; done\nin=$1\n" << script;
        std::filesystem::permissions(name, std::filesystem::perms::owner_all);
        pst::ConvertLimits limits;
        limits.program = name;
        return limits;
    }
    std::string path_;
};

TEST_F(PstTest, FoldersAndFlags) {
    auto tree = pst::convert(path_ + "/a.pst", program("grep -q '!BDN' \"$in\" || exit 1\n"
                                                       "mkdir -p \"$out/個人用フォルダー/受信トレイ/仕事\" \"$out/個人用フォルダー/送信済みアイテム\"\n"
                                                       "printf 'From \"a\" Thu Jul 17 09:44:25 1997\\nStatus: RO\\nA: 1\\n\\n>From x\\n\\n' > \"$out/個人用フォルダー/受信トレイ/mbox\"\n"
                                                       "printf 'From \"a\" Thu Jul 17 09:44:25 1997\\nA: 2\\n\\nx\\n\\n' > \"$out/個人用フォルダー/受信トレイ/仕事/mbox\"\n"
                                                       "touch \"$out/個人用フォルダー/送信済みアイテム/mbox\"\n"));
    ASSERT_TRUE(tree) << tree.error().text;
    SourceOptions options;
    options.account = "taro@example.jp";
    auto source = make_pst(**tree, options);
    Report report;
    const auto plan = source->plan(report);
    ASSERT_TRUE(plan);
    const auto mailbox = source->load(plan->accounts.at(0), report);
    ASSERT_TRUE(mailbox);
    ASSERT_EQ(mailbox->folders.size(), 3u);
    EXPECT_EQ(mailbox->folders[0].name, "INBOX");
    ASSERT_EQ(mailbox->folders[0].mails.size(), 1u);
    const auto& mail = mailbox->folders[0].mails[0];
    EXPECT_EQ(mail.flags, kSeen);
    EXPECT_EQ(mail.internal_date->unix_s, 869132665);
    EXPECT_EQ(mail.pop3_order, 0u);
    EXPECT_EQ(read_message(**tree, mail, 1000).value_or(""), "A: 1\r\n\r\nFrom x\r\n");
    EXPECT_EQ(mailbox->folders[1].name, "受信トレイ/仕事");
    EXPECT_EQ(mailbox->folders[2].special_use, "\\Sent");
    EXPECT_FALSE(make_pst(**tree, {})->plan(report));  // whose is it?
}

TEST_F(PstTest, NothingIsLeftBehind) {
    std::string where;
    {
        auto tree = pst::convert(path_ + "/a.pst", program("echo \"$out\" > \"$in.where\"; mkdir \"$out/x\"\n"));
        ASSERT_TRUE(tree);
        std::ifstream(path_ + "/a.pst.where") >> where;
        EXPECT_TRUE(std::filesystem::exists(where));
    }
    EXPECT_FALSE(where.empty());
    EXPECT_FALSE(std::filesystem::exists(where));
}

TEST_F(PstTest, FailuresOfTheProgram) {
    auto failed = pst::convert(path_ + "/a.pst", program("exit 3\n"));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::invalid);

    auto missing = program("");
    missing.program = path_ + "/no-such-program";
    failed = pst::convert(path_ + "/a.pst", missing);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::unsupported);

    auto endless = program("while :; do :; done\n");
    endless.deadline = std::chrono::seconds(0);
    failed = pst::convert(path_ + "/a.pst", endless);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::busy);

    auto huge = program("head -c 100000 /dev/zero > \"$out/x\"\n");
    huge.bytes_max = 1000;
    failed = pst::convert(path_ + "/a.pst", huge);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::too_big);

    EXPECT_FALSE(pst::convert(path_ + "/none.pst"));
}

}  // namespace
}  // namespace tayori::legacy

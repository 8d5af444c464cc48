// The kit for authors of plugins: what it writes works, and its tests fail where they should.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "adminctl/plugin/describe.h"
#include "adminctl/plugin/mail_text.h"
#include "adminctl/plugin/new_examples.h"
#include "adminctl/plugin/new_plugin.h"
#include "adminctl/plugin/test_file.h"
#include "adminctl/plugin/test_run.h"
#include "adminctl/plugin/times.h"

namespace tayori::admin::kit {
namespace {

namespace fs = std::filesystem;

// A folder for plugins that is gone afterwards.
class KitFolder {
  public:
    KitFolder() : path_(fs::temp_directory_path() / ("tayori-kit-" + std::to_string(::getpid()))) { fs::create_directories(path_); }
    ~KitFolder() { fs::remove_all(path_); }
    KitFolder(const KitFolder&) = delete;
    KitFolder& operator=(const KitFolder&) = delete;
    std::string path() const { return path_.string(); }
    void write(const std::string& name, const std::string& text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }

  private:
    fs::path path_;
};

TEST(PluginKit, ACheckAsksWhatAPluginNeedsAndTakesTheFolderThatOneIsIn) {
    KitFolder folder;
    const struct {
        const char* needs;
        const char* said;
    } cases[] = {{"return { 'deliver' }", ""}, {"return 'deliver'", "needs returned string"}, {"return { 'daily' }", "no function of the plugin"}};
    const auto before = fs::current_path();
    for (const auto& one : cases) {
        folder.write("mine/plugin.lua", std::string("local p = require('tayori').plugin { name = 'mine' }\nfunction p.needs(settings) ") + one.needs +
                                            " end\nfunction p.deliver(mail, account) end\nreturn p\n");
        fs::current_path(folder.path() + "/mine");
        const auto loaded = lua::PluginSet::load_plugin(".", lua::Limits());
        fs::current_path(before);
        ASSERT_TRUE(loaded) << loaded.error().text;
        const auto asked = ask_needs(*loaded);
        EXPECT_EQ(asked.has_value(), *one.said == '\0') << one.needs;
        if (!asked) {
            EXPECT_NE(asked.error().text.find(one.said), std::string::npos) << asked.error().text;
        }
    }
}

TEST(PluginKit, ANewPluginOfEveryHookLoadsAndItsTestPasses) {
    KitFolder folder;
    for (const auto& example : kExamples) {
        const auto made = make_plugin("mine_" + std::string(example.hook), folder.path(), std::string(example.hook));
        ASSERT_TRUE(made) << example.hook << ": " << made.error().text;
        const auto result = run_tests(*made);
        ASSERT_TRUE(result) << example.hook << ": " << result.error().text;
        EXPECT_GT(result->passed, 0U) << example.hook;
        for (const auto& failure : result->failures)
            ADD_FAILURE() << failure.at << " " << failure.what << failure.expected << " / " << failure.got;
    }
}

TEST(PluginKit, WhatIsNoNameOrNoHookOrThereAlreadyIsRefused) {
    KitFolder folder;
    const struct {
        const char *name, *hook;
        Kind kind;
    } cases[] = {{"Mine", "deliver", Kind::invalid},     {"9lives", "deliver", Kind::invalid}, {"../x", "deliver", Kind::invalid},
                 {"end", "deliver", Kind::invalid},      {"mine", "delivered", Kind::invalid}, {"mine", "deliver", Kind::internal},
                 {"mine", "deliver", Kind::exists}};
    for (const auto& c : cases) {
        const auto made = make_plugin(c.name, folder.path(), c.hook);
        if (c.kind == Kind::internal) EXPECT_TRUE(made);  // the first of this name
        else EXPECT_EQ(made.error().kind, c.kind) << c.name;
    }
}

constexpr const char* kTagger = R"lua(local tayori = require "tayori"
local tagger = tayori.plugin { name = "tagger", settings = { word = { type = "text", default = "x" } } }
function tagger.deliver(mail, account)
  if mail.subject == "break" then error("broken") end
  if tayori.contains(mail.subject, account.settings.word) then
    account:flag("one")
    account:flag("two")
    account:reply(mail, { text = "first", once_in_days = 7 })
  end
end
return tagger
)lua";

TEST(PluginKit, ATestFailsWhereSomethingElseIsDecided) {
    KitFolder folder;
    folder.write("tagger/plugin.lua", kTagger);
    const std::string mail = "mail from bob@example.com\n  Subject: x\n";
    const auto all = mail + "then flag one\nthen flag two\nthen reply to ...\n";
    const struct {
        std::string test;
        std::size_t passed;
        const char* expected;  // of the first failure
    } cases[] = {
        {mail + "then flag one\nthen flag two\nthen reply to bob@example.com once in 7 days\n", 1, nullptr},
        {all + "  with text \"first\"\n", 1, nullptr},
        {all + "mail again\nthen flag one\nthen flag two because \"once in 7 days\"\n", 2, nullptr},
        {all + "later 7 days\nmail again\nthen flag one\nthen flag two\nthen reply to ...\n", 2, nullptr},
        {mail + "then flag one\nthen flag two\n", 0, "nothing more than that, but also: reply to bob@example.com once in 7 days"},
        {mail + "then flag two\nthen flag one\nthen reply to ...\n", 0, "flag two"},
        {mail + "then flag one\nthen flag two\nthen reply to ... once in 8 days\n", 0, "reply to ... once in 8 days"},
        {all + "  with text \"second\"\n", 0, "with text \"second\", but there is: first\r\n"},
        {mail + "then nothing\n", 0, "nothing"},
        {"settings {\"word\": \"y\"}\n" + mail + "then nothing\n", 1, nullptr},
        {"settings {\"word\": \"y\"}\n" + mail + "then flag one\n", 0, "flag one"},
        {"settings {\"word\": \"y\"}\n" + mail + "then nothing because \"of you\"\n", 0, "nothing because \"of you\""},
        {"mail from bob@example.com\n  Subject: break\nthen nothing\n", 0, "no failure of the plugin"},
        {"mail from bob@example.com\n  Subject: break\nthen fails broken\n", 1, nullptr},
        {all + "each\n  Subject: z | nothing\n  Subject: y ; X-A: b | flag one\n", 2, "flag one"},
    };
    for (const auto& c : cases) {
        folder.write("tagger/tests/a.txt", c.test);
        const auto result = run_tests(folder.path() + "/tagger");
        ASSERT_TRUE(result) << result.error().text;
        EXPECT_EQ(result->passed, c.passed) << c.test;
        ASSERT_EQ(result->failures.empty(), c.expected == nullptr) << c.test << (result->failures.empty() ? "" : result->failures[0].got);
        if (c.expected != nullptr) {
            EXPECT_EQ(result->failures[0].expected, c.expected) << c.test;
        }
    }
}

TEST(PluginKit, WhatMakesNoSenseIsSaidWithItsLine) {
    KitFolder folder;
    folder.write("tagger/plugin.lua", kTagger);
    const struct {
        const char *test, *at, *says;
    } cases[] = {
        {"then nothing\n", ":1", "says what came of the line above"},
        {"# only this\n", ":1", "tests nothing"},
        {"mail from a@b.example\n", ":1", "tests nothing"},
        {"\nmale from a@b.example\nthen nothing\n", ":2", "`male` is nothing that can happen"},
        {"settings {\"wrod\": \"x\"}\n", ":1", "wrod"},
        {"settings {\"word\": \n\n", ":1", "no JSON"},
        {"settings\n", ":1", "settings {"},
        {"later 8 moons\nthen nothing\n", ":1", "later 8 days"},
        {"now tomorrow\nthen nothing\n", ":1", "now 2026-12-28"},
        {"mail missing.eml\nthen nothing\n", ":1", "no mail"},
        {"mail again\nthen nothing\n", ":1", "no mail above"},
        {"RCPT TO:<else@where.example>\nthen nothing\n", ":1", "not the account"},
        {"each\n  Subject: x nothing\n", ":2", "a row of a table"},
        {"each\n  Subject: x | nothing\n", ":2", "below the mail"},
        {"mail from a@b.example\neach\n  bogus | nothing\n", ":3", "`bogus` is none of"},
        {"  Subject: x\n", ":1", "not there"},
    };
    for (const auto& c : cases) {
        folder.write("tagger/tests/a.txt", c.test);
        const auto result = run_tests(folder.path() + "/tagger");
        ASSERT_TRUE(result) << result.error().text;
        ASSERT_EQ(result->failures.size(), 1U) << c.test;
        const auto& failure = result->failures[0];
        const auto said = failure.at + " " + failure.what;
        EXPECT_NE(said.find(std::string("a.txt") + c.at), std::string::npos) << said;
        EXPECT_NE(said.find(c.says), std::string::npos) << said;
    }
}

TEST(PluginKit, WordsMomentsAndMails) {
    EXPECT_EQ(split_words("mail from  a@b.example with \"two words\" \"\""),
              (std::vector<std::string>{"mail", "from", "a@b.example", "with", "two words", ""}));
    const struct {
        const char* text;
        std::int64_t unix_s;  // 0: no moment
    } moments[] = {
        {"1970-01-02", 86'400},
        {"1970-01-02 00:01", 86'460},
        {"1970-01-02 00:00:01", 86'401},
        {"1970-01-02 09:00 +0900", 86'400},
        {"1970-01-01 16:00 -0800", 86'400},
        {"1970-02-30", 0},
        {"1970-01-02 24:00", 0},
        {"1970-01-02 9", 0},
        {"noon", 0},
        {"", 0}};
    for (const auto& moment : moments) {
        std::int64_t unix_s = 0;
        int zone = 0;
        const bool is_one = parse_moment(moment.text, unix_s, zone);
        EXPECT_EQ(is_one, moment.unix_s != 0) << moment.text;
        if (is_one) {
            EXPECT_EQ(unix_s, moment.unix_s) << moment.text;
        }
    }
    EXPECT_EQ(with_crlf("a\nb\r\nc"), "a\r\nb\r\nc\r\n");
    EXPECT_EQ(with_field("A: 1\r\nB: 2\r\na: 3\r\n\r\nx", "A: 4"), "A: 4\r\nB: 2\r\n\r\nx");
    EXPECT_EQ(without_field("A: 1\r\n folded\r\nB: 2\r\n\r\nx", "a"), "B: 2\r\n\r\nx");
    EXPECT_EQ(split_changes("A: b; c ; from <>"), (std::vector<std::string>{"A: b; c", "from <>"}));
}

}  // namespace
}  // namespace tayori::admin::kit

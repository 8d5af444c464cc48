// Exit statuses and messages of command lines, without a spoold.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

struct Ran {
    int status;
    std::string out;
    std::string err;
};

Ran ran(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "adminctl");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = run(static_cast<int>(arguments.size()), arguments.data());
    Ran out{status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
    return out;
}

TEST(CommandLine, WhatIsNotUnderstoodIsUsage) {
    const std::vector<std::vector<const char*>> cases = {
        {},
        {"nonsense"},
        {"domain"},
        {"domain", "add"},
        {"domain", "add", "x.test", "y.test"},
        {"account", "add", "a@x.test", "--password-stdin", "--no-password"},
        {"account", "set", "a@x.test", "--quota-messages", "many"},
        {"log", "level", "loud"},
        {"counters", "export"},
        {"counters", "import"},
        {"counters", "export", "file", "--cnt", "/nonexistent"},
        {"backup", "restore", "--settings", "--to-store", "/nonexistent"},
        {"undelete", "restore", "a@x.test"},
        {"undelete", "restore", "a@x.test", "7", "--since", "2d"},
    };
    for (const auto& arguments : cases) {
        const auto result = ran(arguments);
        EXPECT_EQ(result.status, static_cast<int>(ExitStatus::usage)) << result.err;
        EXPECT_NE(result.err.find("--help"), std::string::npos) << result.err;
        EXPECT_EQ(result.out, "");
    }
}

TEST(CommandLine, HelpTellsTheExitStatuses) {
    const auto help = ran({"--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find("3 spoold can't be reached"), std::string::npos);
    EXPECT_EQ(help.out.find("complete "), std::string::npos) << "for scripts only";
    EXPECT_EQ(ran({"account", "add", "--help"}).status, 0);
    EXPECT_EQ(ran({"--version"}).status, 0);
}

TEST(CommandLine, SaysWhereItLookedForSpoold) {
    const auto result = ran({"--spoold", "unix:/nonexistent/spoold.sock", "domain", "list"});
    EXPECT_EQ(result.status, static_cast<int>(ExitStatus::unreachable));
    EXPECT_NE(result.err.find("unix:/nonexistent/admin.sock"), std::string::npos) << result.err;
}

TEST(CommandLine, WrongValuesAreRefusedBeforeAnythingIsAsked) {
    EXPECT_EQ(ran({"domain", "set", "x.test", "--quota", "lots"}).status, 1);
    EXPECT_EQ(ran({"account", "set", "a@x.test", "--protocols", "nntp"}).status, 1);
    EXPECT_EQ(ran({"undelete", "restore", "a@x.test", "--since", "once"}).status, 1);
}

TEST(CommandLine, ChecksSettingsWithoutSpoold) {
    std::string folder = std::filesystem::temp_directory_path() / "tayori-adminctl-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    const auto file = folder + "/tayori.toml";
    std::ofstream(file) << "[log]\nlevel = \"loud\"\n";
    const auto wrong = ran({"config", "check", file.c_str()});
    EXPECT_EQ(wrong.status, static_cast<int>(ExitStatus::settings));
    EXPECT_NE(wrong.err.find("tayori.toml:2"), std::string::npos) << wrong.err;
    EXPECT_EQ(ran({"--config", file.c_str(), "status"}).status, static_cast<int>(ExitStatus::settings));
    std::ofstream(file) << "[log]\nlevel = \"warn\"\n";
    EXPECT_EQ(ran({"config", "check", file.c_str()}).status, 0);
    const auto shown = ran({"--config", file.c_str(), "config", "show"});
    EXPECT_NE(shown.out.find("level = \"warn\""), std::string::npos) << shown.out;
    EXPECT_EQ(ran({"--json", "config", "check", file.c_str()}).out,
              cat("{\"file\": \"", file, "\", \"right\": true, \"problems\": \"\"}\n"));
    std::filesystem::remove_all(folder);
}

TEST(CommandLine, CompletesWhatCanFollow) {
    EXPECT_NE(ran({"completion", "bash"}).out.find("complete -o default"), std::string::npos);
    EXPECT_NE(ran({"completion", "zsh"}).out.find("compdef"), std::string::npos);
    const auto top = ran({"complete", "--"}).out;
    EXPECT_NE(top.find("account\n"), std::string::npos) << top;
    EXPECT_EQ(top.find("complete\n"), std::string::npos) << top;
    const auto account = ran({"complete", "--", "--json", "account"}).out;
    EXPECT_NE(account.find("undelete\n"), std::string::npos) << account;
    EXPECT_NE(ran({"complete", "--", "account", "add", "a@x.test"}).out.find("--password-stdin\n"), std::string::npos);
}

}  // namespace
}  // namespace tayori::admin

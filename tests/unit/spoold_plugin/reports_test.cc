// What daemons say of their plugins: kept declarations, and who has answered a reload.
#include <thread>

#include "site.h"

namespace tayori::spool {
namespace {

using namespace std::chrono_literals;

class PluginReportsTest : public PluginTest {
  protected:
    std::string declared(const std::string& name) {
        const auto found = plugins->declarations().find(name);
        return found == nullptr ? "" : found->declaration.version;
    }
    static std::string version(int number) { return cat(R"({"name":"filter","version":")", number, R"("})"); }
};

TEST_F(PluginReportsTest, ADeclarationOutlivesTheDaemonAndSpoold) {
    load({kFilter, version(3)});
    EXPECT_EQ(declared("filter"), "3");
    plugins->stream_closed(1);
    EXPECT_THAT(plugins->list()->daemons(), IsEmpty());
    reopen();
    EXPECT_EQ(declared("filter"), "3");
}

TEST_F(PluginReportsTest, AChangedDeclarationIsAChangeOfTheDirectory) {
    load({version(1)});
    const auto before = directory->core()->version.load();
    load({version(1)});
    load({version(1)}, 2);
    EXPECT_EQ(directory->core()->version.load(), before);
    load({version(2)});
    EXPECT_GT(directory->core()->version.load(), before);
}

TEST_F(PluginReportsTest, ReplicasOfTwoVersionsDoNotWriteAllTheTime) {
    for (int round = 0; round < 100; ++round) {
        load({version(1)}, 1);
        load({version(2)}, 2);
    }
    // Each has said it once, at its first report.
    EXPECT_EQ(declared("filter"), "2");
    const auto before = directory->core()->version.load();
    // One that always comes back with another one is bounded in time.
    for (int round = 0; round < 100; ++round) load({version(100 + round)}, 1);
    EXPECT_LE(directory->core()->version.load() - before, kDeclarationWritesAtOnce);
    EXPECT_NE(declared("filter"), "199");
    clock.advance_ms(kDeclarationWriteEveryMs);
    plugins->tick();
    settle();
    EXPECT_EQ(declared("filter"), "199");
}

TEST_F(PluginReportsTest, WhatIsOnTrialDeclaresNothingYet) {
    load({version(1)});
    v1::ReportPlugins report;
    auto& one = *report.add_plugins();
    one.set_plugin("filter");
    one.set_declaration_json(version(2));
    one.set_on_trial(true);
    plugins->report({1, "smtpd", "host"}, report);
    settle();
    EXPECT_EQ(declared("filter"), "1");
}

TEST_F(PluginReportsTest, AReloadWaitsForEachDaemonThatWasTold) {
    load({version(1)}, 1);
    load({version(1)}, 2);
    std::thread daemons;
    std::uint64_t number = 0;
    const auto tell = [&](const v1::PluginReload& reload) {
        number = reload.number();
        EXPECT_EQ(reload.action(), v1::RELOAD_ACTION_TRY);
        EXPECT_EQ(reload.percent(), 10u);
        daemons = std::thread([&] {
            load({version(2)}, 1, number);
            plugins->stream_closed(2);  // gone: nobody waits for it
        });
        return std::vector<std::uint64_t>{1, 2};
    };
    v1::ReloadPluginsRequest request;
    request.set_action(v1::RELOAD_ACTION_TRY);
    request.set_percent(10);
    const auto list = plugins->reload(request, tell, 60s);
    daemons.join();
    ASSERT_TRUE(list);
    ASSERT_EQ(list->daemons_size(), 1);
    EXPECT_EQ(list->daemons(0).report().reload(), number);

    // One that comes later and knows less is told; one that has it is not.
    EXPECT_EQ(plugins->report({3, "imapd", "host"}, v1::ReportPlugins()).number(), number);
    v1::ReportPlugins knows;
    knows.set_reload(number);
    EXPECT_EQ(plugins->report({3, "imapd", "host"}, knows).number(), 0u);
}

TEST_F(PluginReportsTest, AReloadDoesNotWaitForEver) {
    v1::ReloadPluginsRequest request;
    const auto silent = [](const v1::PluginReload&) { return std::vector<std::uint64_t>{7}; };
    EXPECT_TRUE(plugins->reload(request, silent, 1ms));
    request.set_action(v1::RELOAD_ACTION_TRY);
    EXPECT_THAT(problem_of(plugins->reload(request, silent, 1ms)), HasSubstr("between 1 and 99 percent"));
}

TEST_F(PluginReportsTest, NumbersOfReloadsRiseOverRestarts) {
    std::vector<std::uint64_t> numbers;
    const auto note = [&](const v1::PluginReload& reload) {
        numbers.push_back(reload.number());
        return std::vector<std::uint64_t>();
    };
    ASSERT_TRUE(plugins->reload({}, note, 1ms));
    ASSERT_TRUE(plugins->reload({}, note, 1ms));
    clock.advance_ms(1000);
    reopen();
    ASSERT_TRUE(plugins->reload({}, note, 1ms));
    EXPECT_LT(numbers[0], numbers[1]);
    EXPECT_LT(numbers[1], numbers[2]);
}

}  // namespace
}  // namespace tayori::spool

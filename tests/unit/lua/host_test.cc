#include "common/lua/host.h"

#include <atomic>
#include <optional>
#include <thread>

#include "common/net/loop.h"
#include "common/net/run.h"
#include "sandbox_fixture.h"

namespace tayori::lua {
namespace {

constexpr auto kHostPatience = std::chrono::seconds(20);

std::shared_ptr<const Plugin> plugin_of(const std::string& name, std::string_view body, std::string_view declared = "") {
    Sources sources{{"plugin.lua", cat("local p = require(\"tayori\").plugin { name = \"", name, "\"", declared,
        " }\nfunction p.connect(session)\n", body,
                                       "\nend\nreturn p\n")}};
    auto state = State::open(sources, name, {});
    EXPECT_TRUE(state) << (state ? "" : state.error().text);
    auto plugin = std::make_shared<Plugin>();
    if (state) plugin->declaration = plugin::parse_declaration((*state)->declaration_json()).value();
    plugin->sources = std::move(sources);
    return plugin;
}

template <class... P>
std::shared_ptr<const PluginSet> set_of(P... plugins) {
    auto set = std::make_shared<PluginSet>();
    (set->plugins.push_back(std::move(plugins)), ...);
    return set;
}

ProfilePtr profile_with(std::uint64_t id, const std::vector<std::string>& plugins) {
    auto profile = std::make_shared<Profile>();
    profile->id = id;
    for (const auto& plugin : plugins) profile->plugins.push_back({plugin, "{}"});
    return profile;
}

Job job_with(const ProfilePtr& profile, std::string id = "1") {
    Job job;
    job.id = std::move(id);
    job.session.emplace();
    job.profile = profile;
    return job;
}

constexpr const char* kRefuses = "return session:reject(550, \"5.7.1\", \"No.\")";
constexpr const char* kLoopsForEver = "while true do end";

class LuaHost : public testing::Test {
  protected:
    Decided run(Host& host, Job job) {
        auto decided = net::run_to_end(loop, host.run(std::move(job)));
        EXPECT_TRUE(decided) << (decided ? "" : decided.error().detail);
        return decided ? std::move(*decided) : Decided();
    }
    static Limits quick() {
        Limits limits;
        limits.instructions = 20'000;
        limits.failures_max = 3;
        return limits;
    }
    Async<void> follow(Host& host, Job job, std::shared_ptr<std::optional<Result<Decided>>> place) {
        auto running = host.run(std::move(job));
        auto outcome = co_await std::move(running).result();
        place->emplace(std::move(outcome));
    }
    std::shared_ptr<std::optional<Result<Decided>>> begin(Host& host, Job job) {
        auto place = std::make_shared<std::optional<Result<Decided>>>();
        tasks.spawn(follow(host, std::move(job), place));
        return place;
    }
    void turn_until(const std::function<bool()>& done) {
        net::Timer patience(loop);
        bool late = false;
        patience.start_in(kHostPatience, [&] {
            late = true;
            loop.stop();
        });
        check_ = [&] {
            if (done()) loop.stop();
            else loop.post([this] { check_(); });
        };
        loop.post([this] { check_(); });
        loop.run();
        EXPECT_FALSE(late);
    }

    ManualClock clock;
    net::Loop loop;
    Tasks tasks;

  private:
    std::function<void()> check_;
};

std::shared_ptr<const Plugin> plugin_in(const std::string& directory, const std::string& name, std::string_view body) {
    auto plugin = std::make_shared<Plugin>(*plugin_of(name, body));
    plugin->directory = cat(directory, "/", name);
    return plugin;
}

// Done before the loop has turned: it ran on its thread.
TEST_F(LuaHost, WhatCameWithTayoriRunsOnTheLoopsThreadAsLongAsItIsQuick) {
    Host host(loop, clock, {});
    host.trust({"/ours/"});
    host.use(set_of(plugin_in("/ours", "a", kRefuses), plugin_in("/site", "b", kRefuses), plugin_in("/ours/deeper", "c", kRefuses),
                    plugin_in("/ours", "long", "for i = 1, 1500000 do end return session:reject(550, '5.7.1', 'No.')")));
    const auto here = [&](const ProfilePtr& profile) {
        const auto outcome = begin(host, job_with(profile));
        const bool at_once = outcome->has_value();
        if (!at_once) turn_until([&] { return outcome->has_value(); });
        EXPECT_TRUE(*outcome && (**outcome)->refusal() != nullptr);
        return at_once;
    };
    EXPECT_TRUE(here(profile_with(1, {"a", "missing"})));
    EXPECT_FALSE(here(profile_with(2, {"a", "b"})));
    EXPECT_FALSE(here(profile_with(3, {"c"})));
    const auto slow = profile_with(4, {"long"});
    EXPECT_TRUE(here(slow));  // seems slow: from here on it is measured
    for (std::uint32_t i = 0; i < kSlowTimes; ++i) EXPECT_TRUE(here(slow)) << i;
    EXPECT_FALSE(here(slow));
    EXPECT_TRUE(here(profile_with(1, {"a", "missing"})));
    clock.advance_ms(kSlowForMs + 1);
    EXPECT_TRUE(here(slow));
    EXPECT_EQ(host.figures().front().calls, 3U);  // "a"
}

TEST_F(LuaHost, RunsWhatTheProfileHas) {
    Host host(loop, clock, {});
    host.use(set_of(plugin_of("a", ""), plugin_of("b", kRefuses, ", state = true")));
    const auto both = profile_with(1, {"a", "b", "missing"});
    const auto one = profile_with(2, {"a"});
    EXPECT_TRUE(host.has(both, Hook::connect));
    EXPECT_TRUE(host.has(one, Hook::connect));
    EXPECT_FALSE(host.has(one, Hook::deliver));
    EXPECT_FALSE(host.has(nullptr, Hook::connect));
    EXPECT_FALSE(host.has(profile_with(3, {"missing"}), Hook::connect));
    EXPECT_FALSE(host.has(profile_with(4, {}), Hook::connect));
    EXPECT_THAT(host.state_readers(both, Hook::connect), testing::ElementsAre("b"));
    EXPECT_THAT(host.state_readers(both, Hook::deliver), testing::IsEmpty());
    EXPECT_THAT(host.state_readers(one, Hook::connect), testing::IsEmpty());

    EXPECT_EQ(run(host, job_with(one)).refusal(), nullptr);
    const auto decided = run(host, job_with(both));
    ASSERT_NE(decided.refusal(), nullptr);
    EXPECT_EQ(decided.refusal()->text, "No.");
    const auto figures = host.figures();
    ASSERT_EQ(figures.size(), 2U);
    EXPECT_EQ(figures[0].plugin, "a");
    EXPECT_EQ(figures[0].calls, 2U);
    EXPECT_EQ(figures[1].calls, 1U);
    EXPECT_EQ(figures[1].actions, 1U);
}

TEST_F(LuaHost, NothingToRunTakesNoThread) {
    Host host(loop, clock, {});
    host.use(set_of(plugin_of("a", "")));
    auto task = host.run(job_with(profile_with(1, {"other"})));
    EXPECT_TRUE(task.start([](void*) {}, nullptr));
    MailJob mail;
    mail.message = job_with(profile_with(1, {"a"}));
    mail.recipients.resize(3);
    for (auto& recipient : mail.recipients) recipient.profile = profile_with(1, {"a"});
    auto whole = host.run(std::move(mail));
    EXPECT_TRUE(whole.start([](void*) {}, nullptr));
    EXPECT_EQ(whole.take().value().recipients.size(), 3U);
}

TEST_F(LuaHost, APluginThatFailsAgainAndAgainRests) {
    Host host(loop, clock, quick());
    std::vector<std::string> rested;
    host.on_rest([&](const PluginFigures& figures) { rested.push_back(figures.plugin); });
    host.use(set_of(plugin_of("bad", kLoopsForEver), plugin_of("good", "")));
    const auto profile = profile_with(1, {"bad", "good"});
    for (int i = 0; i < 3; ++i) {
        const auto decided = run(host, job_with(profile));
        ASSERT_EQ(decided.failures.size(), 1U);
        EXPECT_THAT(decided.failures[0].text, testing::StartsWith("bad/plugin.lua:3: used up its 20000 instructions"));
        EXPECT_EQ(decided.refusal(), nullptr);
    }
    turn_until([&] { return !rested.empty(); });
    auto bad = host.figures()[0];
    EXPECT_EQ(bad.failures, 3U);
    EXPECT_EQ(bad.suspended_until_s, clock.now_ms() / 1000 + 60);
    EXPECT_EQ(bad.failed_s, clock.now_ms() / 1000);
    EXPECT_THAT(bad.last_failure, testing::HasSubstr("used up"));

    // It is skipped; the other one runs.
    EXPECT_THAT(run(host, job_with(profile)).failures, testing::IsEmpty());
    EXPECT_EQ(host.figures()[0].calls, 3U);
    EXPECT_EQ(host.figures()[1].calls, 4U);

    // One more failure after the rest, and it rests twice as long. Nobody is told again.
    clock.advance_ms(60'001);
    EXPECT_EQ(host.figures()[0].suspended_until_s, 0);
    EXPECT_EQ(run(host, job_with(profile)).failures.size(), 1U);
    EXPECT_EQ(host.figures()[0].suspended_until_s, (clock.now_ms() + 120'000 + 999) / 1000);
    for (int i = 0; i < 10; ++i) {
        clock.advance_ms(3'600'001);
        run(host, job_with(profile));
    }
    EXPECT_EQ(host.figures()[0].suspended_until_s, (clock.now_ms() + 3'600'000 + 999) / 1000);
    EXPECT_THAT(rested, testing::ElementsAre("bad"));
}

TEST_F(LuaHost, APluginThatFailsForEachRecipientRestsWithinTheMail) {
    Host host(loop, clock, quick());
    auto plugin = std::make_shared<Plugin>();
    plugin->sources = {{"plugin.lua",
        "local p = require(\"tayori\").plugin { name = \"bad\" }\nfunction p.deliver() while true do end end\nreturn p\n"}};
    plugin->declaration.name = "bad";
    plugin->declaration.hooks = {"deliver"};
    host.use(set_of(std::shared_ptr<const Plugin>(plugin)));
    const auto summary = mail::make_summary("Subject: x\r\n\r\n");
    MailJob job;
    job.message = job_with(profile_with(1, {"bad"}));
    job.message.hook = Hook::message;
    job.message.mail.emplace();
    job.message.mail->bytes = "Subject: x\r\n\r\n";
    job.message.mail->summary = &summary;
    job.recipients.resize(100);
    for (auto& recipient : job.recipients) recipient.profile = profile_with(1, {"bad"});
    const auto decided = net::run_to_end(loop, host.run(std::move(job)));
    ASSERT_TRUE(decided);
    ASSERT_EQ(decided->recipients.size(), 100U);
    EXPECT_EQ(decided->recipients[2].failures.size(), 1U);
    EXPECT_EQ(decided->recipients[3].failures.size(), 0U);
    EXPECT_EQ(host.figures()[0].calls, 3U);
    EXPECT_GT(host.figures()[0].suspended_until_s, 0);
}

TEST_F(LuaHost, SuccessBetweenFailuresKeepsItAtWork) {
    Host host(loop, clock, quick());
    host.use(set_of(plugin_of("moody", "if session.helo == \"bad\" then error(\"no\") end")));
    const auto profile = profile_with(1, {"moody"});
    for (int i = 0; i < 12; ++i) {
        auto job = job_with(profile);
        if (i % 3 != 0) job.session->helo = "bad";
        EXPECT_EQ(run(host, std::move(job)).failures.size(), i % 3 != 0 ? 1U : 0U);
    }
    EXPECT_EQ(host.figures()[0].suspended_until_s, 0);
}

TEST_F(LuaHost, AResterThatMustNotBeLeftOutAnswersTempfail) {
    Host host(loop, clock, quick());
    host.use(set_of(plugin_of("strict", "error(\"no\")", ", failure = \"tempfail\"")));
    const auto profile = profile_with(1, {"strict"});
    for (int i = 0; i < 5; ++i) {
        const auto decided = run(host, job_with(profile));
        ASSERT_NE(decided.refusal(), nullptr);
        EXPECT_TRUE(decided.refusal()->is_temporary());
    }
    EXPECT_EQ(host.figures()[0].calls, 3U);
}

TEST_F(LuaHost, OnlySoManyRunAndWaitAtOnce) {
    Limits limits;
    limits.instructions = ~0ULL;
    limits.wall = std::chrono::milliseconds(50);
    limits.states = 2;
    limits.waiting_max = 3;
    Host host(loop, clock, limits);
    host.use(set_of(plugin_of("slow", kLoopsForEver)));
    const auto profile = profile_with(1, {"slow"});
    std::vector<std::shared_ptr<std::optional<Result<Decided>>>> places;
    for (int i = 0; i < 6; ++i) places.push_back(begin(host, job_with(profile, std::to_string(i))));
    ASSERT_TRUE(*places[5]);
    EXPECT_EQ((*places[5])->error().kind, Kind::busy);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(*places[static_cast<std::size_t>(i)]) << i;
    turn_until([&] {
        return std::all_of(places.begin(), places.end(), [](const auto& place) { return place->has_value(); });
    });
    for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(places[i]->value()) << i;
    EXPECT_EQ(host.figures()[0].calls, 5U);
    EXPECT_TRUE(host.run(job_with(profile_with(2, {}))).start([](void*) {}, nullptr));
}

TEST_F(LuaHost, WhoeverWaitsMayGoAtAnyTime) {
    Limits limits;
    limits.instructions = ~0ULL;
    limits.wall = std::chrono::milliseconds(30);
    limits.states = 1;
    auto host = std::make_unique<Host>(loop, clock, limits);
    host->use(set_of(plugin_of("slow", kLoopsForEver)));
    const auto profile = profile_with(1, {"slow"});
    std::string bytes = "Subject: x\r\n\r\n";
    {
        Tasks gone;
        for (int i = 0; i < 4; ++i) {
            auto job = job_with(profile);
            job.mail.emplace();
            job.mail->bytes = bytes;
            gone.spawn(follow(*host, std::move(job), std::make_shared<std::optional<Result<Decided>>>()));
        }
    }
    bytes.assign(bytes.size(), 'x');
    // The engine comes back although nobody waits for what it did.
    const auto after = begin(*host, job_with(profile));
    turn_until([&] { return after->has_value(); });
    EXPECT_TRUE(after->value());
    EXPECT_GE(host->figures()[0].calls, 1U);

    const auto last = begin(*host, job_with(profile));
    host.reset();
    turn_until([&] { return last->has_value(); });
    EXPECT_TRUE(last->value());
}

TEST_F(LuaHost, ATrialGetsItsShareByTheMailsId) {
    Host host(loop, clock, {});
    EXPECT_FALSE(host.accept_trial());
    EXPECT_FALSE(host.reject_trial());
    host.use(set_of(plugin_of("a", "")));
    host.try_out(set_of(plugin_of("a", kRefuses)), 30);
    EXPECT_EQ(host.trial_percent(), 30U);
    const auto profile = profile_with(1, {"a"});
    const auto refused = [&] {
        int count = 0;
        for (int i = 0; i < 400; ++i) count += run(host, job_with(profile, cat("mail-", i))).refusal() != nullptr ? 1 : 0;
        return count;
    };
    const int share = refused();
    EXPECT_GT(share, 80);
    EXPECT_LT(share, 160);
    EXPECT_EQ(refused(), share);  // the same ones
    const auto figures = host.figures();
    ASSERT_EQ(figures.size(), 2U);
    EXPECT_FALSE(figures[0].on_trial);
    EXPECT_TRUE(figures[1].on_trial);
    EXPECT_EQ(figures[1].calls, static_cast<std::uint64_t>(2 * share));
    EXPECT_TRUE(host.accept_trial());
    EXPECT_EQ(host.trial_percent(), 0U);
    EXPECT_EQ(refused(), 400);
    host.try_out(set_of(plugin_of("a", "")), 50);
    EXPECT_TRUE(host.reject_trial());
    EXPECT_EQ(refused(), 400);
}

TEST_F(LuaHost, WhatRunsEndsWithTheSetThatItBeganWith) {
    Limits limits;
    limits.states = 1;
    Host host(loop, clock, limits);
    host.use(set_of(plugin_of("a", kRefuses)));
    const auto profile = profile_with(1, {"a"});
    const auto first = begin(host, job_with(profile));
    const auto second = begin(host, job_with(profile));
    host.use(set_of(plugin_of("a", "")));
    const auto third = begin(host, job_with(profile));
    turn_until([&] { return first->has_value() && second->has_value() && third->has_value(); });
    EXPECT_NE(first->value()->refusal(), nullptr);
    EXPECT_NE(second->value()->refusal(), nullptr);
    EXPECT_EQ(third->value()->refusal(), nullptr);
}

}  // namespace
}  // namespace tayori::lua

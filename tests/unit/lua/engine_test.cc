// Plugins in their order, for sessions, mails and accounts; what happens where one refuses, stops or fails.
#include "engine_fixture.h"

namespace tayori::lua {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class EngineRunTest : public EngineTest {};

TEST_F(EngineRunTest, PluginsRunInTheOrderOfTheProfile) {
    for (const auto* name : {"zebra", "ant", "mouse"})
        add(name, {}, cat("function p.deliver(mail, account) account:flag('$", name, "') end"));
    EXPECT_THAT(described(deliver()), ElementsAre("flag $zebra", "flag $ant", "flag $mouse"));
    profile_->plugins.push_back({"not_installed", "{}"});
    profile_->id = ++profile_ids_;
    EXPECT_THAT(described(deliver()), ElementsAre("flag $zebra", "flag $ant", "flag $mouse"));
    profile_->plugins = {{"ant", "{}"}};
    profile_->id = ++profile_ids_;
    EXPECT_THAT(described(deliver()), ElementsAre("flag $ant"));
    profile_->plugins.clear();
    profile_->id = ++profile_ids_;
    EXPECT_THAT(described(deliver()), IsEmpty());
}

TEST_F(EngineRunTest, HooksThatHaveNothingToDoAreNotCalled) {
    constexpr auto kBody = "function p.needs(settings) calls = (calls or 0) + 1 return settings.on and { 'deliver' } or {} end\n"
                           "function p.deliver(mail, account) account:flag('$on' .. calls) end";
    add("p", "settings = { on = { type = 'boolean' } }", cat("local calls\n", kBody));
    const auto deliver_untraced = [this] {
        auto job = deliver_job(kPlainMail);
        job.trace = false;
        return engine().run(job);
    };
    EXPECT_THAT(described(deliver_untraced()), IsEmpty());
    EXPECT_EQ(engine().plugins_of(*profile_).at(0).needs.hooks(), 0u);
    set("p", "{\"on\": true}");
    EXPECT_THAT(described(deliver_untraced()), ElementsAre("flag $on2"));
    EXPECT_THAT(described(deliver_untraced()), ElementsAre("flag $on2"));  // asked once for these settings
}

TEST_F(EngineRunTest, NeedsThatFailMakeTheHooksFail) {
    const struct {
        const char* body;
        const char* said;
    } cases[] = {{"return 'deliver'", "p/plugin.lua: needs returned string; it returns names of hooks, as { \"deliver\" }, or when"},
                 {"return { 'delivre' }", "p/plugin.lua: needs returned \"delivre\"; it returns names"},
                 {"return { delivre = {} }", "p/plugin.lua: needs returned \"delivre\"; it returns names"},
                 {"return { 'rcpt' }", "needs returned \"rcpt\", which is no function of the plugin"},
                 {"return { 7 }", "needs returned a list with a number in it"},
                 {"return { deliver = 5 }", "p/plugin.lua: needs: deliver: its options must be a table { … }, not a number"},
                 {"return { deliver = { larger = 5 } }", "needs: deliver: unknown option \"larger\"; did you mean `larger_than`?"},
                 {"return { deliver = { from = 'soon' } }", "needs: deliver: option \"from\" must be an integer from -253402300799 to 253402300799, not text"},
                 {"return { quota = { larger_than = 5 } } end\nfunction p.quota(usage, account)",
                  "needs: quota: option \"larger_than\" is for hooks that are called for a mail"},
                 {"error('what settings are these?')", "what settings are these?"},
                 {"while true do end", "instructions"}};
    for (const auto& one : cases) {
        use(cat("function p.needs(settings) ", one.body, " end\nfunction p.deliver(mail, account) account:flag('$a') end"));
        const auto decided = deliver();
        EXPECT_TRUE(decided.actions.empty());
        ASSERT_EQ(decided.failures.size(), 1u) << one.body;
        EXPECT_THAT(decided.failures[0].text, HasSubstr(one.said));
    }
}

TEST_F(EngineRunTest, NeedsSayForWhichMailsAndWhen) {
    const struct {
        const char* needs;
        bool called;
    } cases[] = {{"{ 'deliver' }", true},
                 {"{ deliver = {} }", true},
                 {"{ 'rcpt', deliver = {} }", true},
                 {"{ rcpt = {} }", false},
                 {"{ deliver = { larger_than = SIZE - 1 } }", true},
                 {"{ deliver = { larger_than = SIZE } }", false},
                 {"{ deliver = { from = NOW } }", true},
                 {"{ deliver = { from = NOW + 1 } }", false},
                 {"{ deliver = { before = NOW + 1 } }", true},
                 {"{ deliver = { before = NOW } }", false},
                 {"{ deliver = { from = NOW - 1, before = NOW + 1, larger_than = 0 } }", true},
                 {"{ deliver = { from = NOW - 1, before = NOW + 1, larger_than = SIZE } }", false}};
    for (const auto& one : cases) {
        const auto body = cat("local NOW, SIZE = ", kNow, ", ", kPlainMail.size(), "\nfunction p.needs(settings) return ", one.needs, " end\n",
                              "function p.rcpt(session, account) end\nfunction p.deliver(mail, account) account:flag('$on') end");
        use(body);
        auto job = deliver_job(kPlainMail);
        job.trace = false;
        EXPECT_EQ(engine().run(job).actions.size(), one.called ? 1u : 0u) << one.needs;
    }
}

// So that tests and replays find out what needs has left out.
TEST_F(EngineRunTest, ATraceAsksAlsoWhereNeedsSayNo) {
    use("function p.needs(settings) return { deliver = { larger_than = 1000000 } } end\n"
        "function p.deliver(mail, account) if mail.subject ~= '' then account:flag('$on') end tayori.explain('it is small') end");
    EXPECT_THAT(described(deliver()), ElementsAre(HasSubstr("failed: p/plugin.lua: needs said that deliver has nothing to do here, and it "
                                                            "decided: flag $on")));
    const auto decided = deliver("Subject:\r\n\r\n");
    EXPECT_THAT(described(decided), IsEmpty());
    EXPECT_THAT(decided.trace, testing::Contains("  it is small"));
}

TEST_F(EngineRunTest, TheFirstRefusalEndsTheRest) {
    add("first", {}, "function p.deliver(mail, account) account:flag('$a') return mail:reject(550, '5.7.1', 'No.') end");
    add("second", {}, "function p.deliver(mail, account) account:flag('$b') end");
    const auto decided = deliver();
    EXPECT_THAT(described(decided), ElementsAre("flag $a", "reject 550 5.7.1 No."));
    ASSERT_NE(decided.refusal(), nullptr);
    EXPECT_EQ(decided.refusal()->code, 550);
    EXPECT_EQ(decided.actions[1].at, "first/plugin.lua:3");
}

TEST_F(EngineRunTest, StopEndsTheRestForThisAccount) {
    add("first", {}, "function p.deliver(mail, account) if account.address:find('taro', 1, true) then account:stop() end end");
    add("second", {}, "function p.deliver(mail, account) account:flag('$b') end");
    MailJob job;
    job.message = deliver_job(kPlainMail);
    job.message.hook = Hook::message;
    job.message.account.reset();
    job.message.session.emplace();
    job.recipients = {account(), account()};
    job.recipients[1].address = "jiro@ours.test";
    const auto decided = engine().run(job);
    ASSERT_EQ(decided.recipients.size(), 2u);
    EXPECT_THAT(described(decided.recipients[0]), ElementsAre("stop"));
    EXPECT_THAT(described(decided.recipients[1]), ElementsAre("flag $b"));
}

TEST_F(EngineRunTest, AMailThatIsRefusedOrDiscardedIsDeliveredToNobody) {
    const auto run = [&](std::string_view body) {
        use(cat(body, "\nfunction p.deliver(mail, account) account:flag('$d') end"));
        MailJob job;
        job.message = deliver_job(kPlainMail);
        job.message.account.reset();
        job.message.session.emplace();
        job.recipients = {account()};
        return engine().run(job);
    };
    auto decided = run("function p.headers(session, mail) mail:addheader('X-A', 'b') end\nfunction p.message(session, mail) return mail:quarantine() end");
    EXPECT_THAT(described(decided.message), ElementsAre("addheader X-A: b", "quarantine"));
    ASSERT_EQ(decided.recipients.size(), 1u);
    EXPECT_THAT(described(decided.recipients[0]), ElementsAre("flag $d"));

    decided = run("function p.headers(session, mail) return mail:discard() end");
    EXPECT_THAT(described(decided.message), ElementsAre("discard"));
    EXPECT_THAT(decided.recipients, IsEmpty());

    decided = run("function p.headers(session, mail) return mail:tempfail(451, '4.7.1', 'Later.') end\n"
                  "function p.message(session, mail) mail:addheader('X-A', 'b') end");
    EXPECT_THAT(described(decided.message), ElementsAre("tempfail 451 4.7.1 Later."));
    EXPECT_THAT(decided.recipients, IsEmpty());
}

TEST_F(EngineRunTest, WhatFailsHasDecidedNothing) {
    add("bad", {}, "function p.deliver(mail, account) account:flag('$a') tayori.log('here') local x = nil; x.y = 1 end");
    add("good", {}, "function p.deliver(mail, account) account:flag('$b') end");
    auto decided = deliver();
    EXPECT_THAT(described(decided), ElementsAre("flag $b", HasSubstr("failed: bad/plugin.lua:3: attempt to index a nil value")));
    EXPECT_THAT(decided.log, ElementsAre("bad: here"));
    EXPECT_EQ(decided.failures[0].hook, "deliver");
    EXPECT_THAT(decided.failures[0].stack, HasSubstr("bad/plugin.lua:3"));
    EXPECT_EQ(decided.refusal(), nullptr);

    use("function p.deliver(mail, account) error('no') end", "failure = 'tempfail'");
    add("behind", {}, "function p.deliver(mail, account) account:flag('$b') end");
    decided = deliver();
    ASSERT_NE(decided.refusal(), nullptr);
    EXPECT_EQ(decided.refusal()->code, 451);
    EXPECT_EQ(decided.refusal()->enhanced, "4.3.0");
    EXPECT_THAT(decided.actions, IsEmpty());
}

TEST_F(EngineRunTest, AStateThatIsExhaustedIsMadeAnew) {
    use(R"(
local calls = 0
function p.deliver(mail, account)
    calls = calls + 1
    if mail.subject == "loop" then while true do end end
    tayori.log(tostring(calls))
end)");
    EXPECT_THAT(lines(deliver()), ElementsAre("1"));
    EXPECT_THAT(lines(deliver()), ElementsAre("2"));
    EXPECT_THAT(lines(deliver("Subject: loop\r\n\r\n")), ElementsAre(HasSubstr("instructions")));
    EXPECT_THAT(lines(deliver()), ElementsAre("1"));
}

TEST_F(EngineRunTest, TheGateIsAskedAndTold) {
    add("a", {}, "function p.deliver(mail, account) account:flag('$a') end");
    add("b", "failure = 'tempfail'", "function p.deliver(mail, account) error('x') end");
    std::vector<std::string> told;
    auto permit = Engine::Permit::run;
    engine().set_gate([&](const Plugin& plugin) { return plugin.declaration.name == "a" ? permit : Engine::Permit::run; },
                      [&](const Plugin& plugin, std::chrono::nanoseconds took, std::size_t actions, const Failure* failure) {
                          EXPECT_GT(took.count(), 0);
                          told.push_back(cat(plugin.declaration.name, " ", actions, failure != nullptr ? " failed" : ""));
                      });
    deliver();
    EXPECT_THAT(told, ElementsAre("a 1", "b 0 failed"));
    told.clear();
    permit = Engine::Permit::skip;
    EXPECT_THAT(described(deliver()), ElementsAre(HasSubstr("failed")));
    EXPECT_THAT(told, ElementsAre("b 0 failed"));
    told.clear();
    permit = Engine::Permit::tempfail;
    const auto decided = deliver();
    EXPECT_THAT(told, IsEmpty());
    ASSERT_NE(decided.refusal(), nullptr);
    EXPECT_EQ(decided.refusal()->code, 451);
}

TEST_F(EngineRunTest, BoundsOfOneCall) {
    limits_.actions = 10;
    limits_.output_bytes = 10'000;
    limits_.log_lines = 3;
    const auto fails = [&](std::string_view body) {
        use(cat("function p.deliver(mail, account)\n", body, "\nend"));
        const auto decided = deliver();
        EXPECT_THAT(decided.actions, IsEmpty());
        return lines(decided).back();
    };
    EXPECT_THAT(fails("for i = 1, 11 do account:flag('$a') end"), HasSubstr("more decisions than the 10 of one call (plugins.actions)"));
    EXPECT_THAT(fails("for i = 1, 9 do account:remember('k' .. i, ('x'):rep(4000)) end"), HasSubstr("more output than the 10000 bytes of one call"));
    EXPECT_THAT(fails("account:reply(mail, { text = ('x'):rep(20000) })"), HasSubstr("more output"));
    EXPECT_THAT(fails("for i = 1, 4 do tayori.log('x') end"), HasSubstr("more than 3 lines in one call (plugins.log_lines)"));
    EXPECT_THAT(fails("tayori.log(('x'):rep(5000))"), HasSubstr("has 5000 bytes; at most 4096"));
    EXPECT_THAT(fails("for i = 1, 1000 do mail:reject(550, '5.7.1', 'x') end"), HasSubstr("more than 100 decisions made"));
    use("function p.deliver(mail, account) pcall(function() for i = 1, 11 do account:flag('$a') end end) end");
    EXPECT_EQ(deliver().actions.size(), 10u) << "an error that is caught is over, the bound is not";
}

TEST_F(EngineRunTest, Traces) {
    add("a", {}, "function p.deliver(mail, account)\n  tayori.explain('rule 1\\nfits') account:flag('$a')\n  account:keep()\nend");
    add("b", {}, "function p.deliver(mail, account) mail:reject(550, '5.7.1', 'x') end");
    add("c", {}, "function p.deliver(mail, account) error('no') end");
    const auto decided = deliver();
    ASSERT_EQ(decided.trace.size(), 5u);
    EXPECT_THAT(decided.trace[0], StartsWith("a.deliver: flag $a (a/plugin.lua:4); keep (a/plugin.lua:5), "));
    EXPECT_EQ(decided.trace[1], "  rule 1 fits");
    EXPECT_THAT(decided.trace[2], StartsWith("b.deliver: nothing, "));
    EXPECT_THAT(decided.trace[3], HasSubstr("was made and not returned"));
    EXPECT_THAT(decided.trace[4], StartsWith("c.deliver: failed: c/plugin.lua:3: no"));
    auto job = deliver_job(kPlainMail);
    job.trace = false;
    EXPECT_THAT(engine().run(job).trace, IsEmpty());
}

// ---- Every hook, with what it is given.

TEST_F(EngineRunTest, SessionHooks) {
    use(R"(
function p.connect(session)
    tayori.log(session.id .. " " .. session.protocol .. " " .. session.peer .. " " .. tostring(session.tls) .. " " .. session.helo)
    tayori.log(tostring(session.account) .. " '" .. session.sender .. "' '" .. session.recipient .. "' " .. tostring(session.outgoing)
        .. " " .. session.declared_size .. " " .. session.recipients .. " " .. session.settings.max)
    return session:tempfail(421, "4.7.0", "Too\r\nbusy.")
end
function p.helo(session) session:announce_size(1000) end
function p.mail(session) session:limit { key = session.peer, max = 5, period = 60 } end
function p.rcpt(session, account)
    tayori.log(account.address .. " " .. tostring(session.account))
    if session.outgoing then return session:reject(550, "5.7.1", "Not there.") end
end
function p.auth(session, account) tayori.log(session.account.address .. account.address) end
function p.login(session, account) session:limit { key = "k", max = 1, period = 1, text = "Slow." } end
function p.message(session, mail) tayori.log(table.concat(session.accepted, ",")) end
)", "settings = { max = { type = 'integer', default = 3 } }");
    auto decided = engine().run(session_job(Hook::connect));
    EXPECT_THAT(lines(decided), ElementsAre("s1 smtp 192.0.2.1 false mx.a.test", "nil '' '' false 0 0 3"));
    EXPECT_THAT(described(decided), ElementsAre("tempfail 421 4.7.0 Too  busy."));
    EXPECT_THAT(described(engine().run(session_job(Hook::helo))), ElementsAre("announce SIZE 1000"));
    EXPECT_THAT(described(engine().run(session_job(Hook::mail))), ElementsAre("limit (at most 5 in minute for limit/192.0.2.1)"));

    auto job = session_job(Hook::rcpt);
    job.account = account();
    EXPECT_THAT(lines(engine().run(job)), ElementsAre("taro@ours.test nil"));
    job.session->outgoing = true;
    decided = engine().run(job);
    EXPECT_THAT(lines(decided), ElementsAre("taro@ours.test account"));
    EXPECT_THAT(described(decided), ElementsAre("reject 550 5.7.1 Not there."));
    job.hook = Hook::auth;
    EXPECT_THAT(lines(engine().run(job)), ElementsAre("taro@ours.testtaro@ours.test"));
    job.hook = Hook::login;
    EXPECT_THAT(described(engine().run(job)), ElementsAre("limit (at most 1 in second for limit/k)"));
    job.hook = Hook::message;
    job.session->accepted = {"a@ours.test", "b@ours.test"};
    job.mail = *deliver_job(kPlainMail).mail;
    EXPECT_THAT(lines(engine().run(job)), ElementsAre("a@ours.test,b@ours.test"));
}

TEST_F(EngineRunTest, MailboxHooks) {
    use(R"(
function p.append(mail, account) tayori.log(account.folder) account:flag("\\Seen") return mail:reject(550, "5.7.1", "No.") end
function p.store(change, account)
    tayori.log(change.protocol .. " " .. change.folder .. " " .. change.messages .. " " .. table.concat(change.add, ",") .. " " .. #change.remove)
    return change:refuse("Not here.")
end
function p.expunge(change, account)
    if change.protocol == "pop3" and change.messages > 1 then return change:move("trash") end
    return change:keep("$Pop3Deleted")
end
function p.quota(usage, account)
    tayori.log(usage.percent .. " " .. usage.used_bytes .. " " .. usage.quota_bytes .. " " .. usage.used_messages .. " " .. usage.quota_messages
        .. " " .. usage.full_at)
end
function p.daily(account)
    account:expire { folder = "Trash*", older_than = 86400, seen = true, flagged = false, keyword = "$Old", move_to = "Archive" }
    account:expire { folder = "Junk", older_than = 3600 }
    account:expire { folder = "Junk", older_than = 7200 }
end
function p.sent(report, account) tayori.log(report.recipient .. " " .. report.host .. " " .. report.reply .. " " .. report.tries) end
function p.bounce(report, account) account:notify { subject = report.subject, text = report.reply } end
)");
    auto job = deliver_job(kPlainMail);
    job.hook = Hook::append;
    job.account->folder = "Sent";
    auto decided = engine().run(job);
    EXPECT_THAT(lines(decided), ElementsAre("Sent"));
    EXPECT_THAT(described(decided), ElementsAre("flag \\Seen", "reject 550 5.7.1 No."));
    job.hook = Hook::store;
    job.change = {"imap", "INBOX", 2, {"\\Seen", "$x"}, {}};
    decided = engine().run(job);
    EXPECT_THAT(lines(decided), ElementsAre("imap INBOX 2 \\Seen,$x 0"));
    EXPECT_THAT(described(decided), ElementsAre("refuse: Not here."));
    job.hook = Hook::expunge;
    EXPECT_THAT(described(engine().run(job)), ElementsAre(HasSubstr("change:keep: works for POP3 only, this is imap")));
    job.change->protocol = "pop3";
    EXPECT_THAT(described(engine().run(job)), ElementsAre("move to trash"));
    job.change->messages = 1;
    EXPECT_THAT(described(engine().run(job)), ElementsAre("keep, marked with $Pop3Deleted"));
    job.hook = Hook::quota;
    job.usage = {850, 1000, 5, 10, 1'800'000'000};
    EXPECT_THAT(lines(engine().run(job)), ElementsAre("85 850 1000 5 10 1800000000"));
    job.hook = Hook::daily;
    decided = engine().run(job);
    EXPECT_THAT(described(decided), ElementsAre(HasSubstr("folder \"Junk\" has been given already; one call for each folder")));
    job.hook = Hook::sent;
    job.report = {"x@b.test", "mx.b.test", "250 ok", "会議", 2};
    EXPECT_THAT(lines(engine().run(job)), ElementsAre("x@b.test mx.b.test 250 ok 2"));
    job.hook = Hook::bounce;
    EXPECT_THAT(described(engine().run(job)), ElementsAre("mail to taro@ours.test"));
}

TEST_F(EngineRunTest, Expiry) {
    use("function p.daily(account) account:expire { folder = '*', older_than = 86400, seen = true, flagged = false, keyword = '$Old', move_to = 'A' } end");
    auto job = deliver_job(kPlainMail);
    job.hook = Hook::daily;
    EXPECT_THAT(described(engine().run(job)), ElementsAre("move mail of \"*\" older than day to \"A\", with $Old, seen, not flagged"));
}

TEST_F(EngineRunTest, AJobThatLacksSomethingIsNoCrash) {
    use("function p.deliver(mail, account) end\nfunction p.quota(usage, account) end\nfunction p.message(session, mail) end");
    for (const auto hook : {Hook::deliver, Hook::quota, Hook::message})
        EXPECT_THAT(described(engine().run(job(hook))), ElementsAre(HasSubstr("the job lacks what the hook is given")));
}

}  // namespace
}  // namespace tayori::lua

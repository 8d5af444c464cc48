// What plugins decide becomes part of the plan. Each row: what was decided, and the plan as text.
#include "smtpd/plugin_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

namespace v1 = rpc::v1;

template <class What>
lua::Action act(What what) {
    lua::Action action;
    action.plugin = "p";
    action.at = "p/plugin.lua:7";
    action.what = std::move(what);
    return action;
}

template <class... What>
lua::Decided decided(What... what) {
    lua::Decided out;
    (out.actions.push_back(act(std::move(what))), ...);
    return out;
}

lua::FileInto into(std::string folder) {
    lua::FileInto to;
    to.folder = std::move(folder);
    return to;
}
lua::FileInto special(std::string use) {
    lua::FileInto to;
    to.special_use = std::move(use);
    return to;
}
lua::FileInto into_and_keep(std::string folder) {
    auto to = into(std::move(folder));
    to.keep = true;
    return to;
}
lua::Refusal refusal(int code, std::string text = "No.") {
    return {code, code < 500 ? "4.7.1" : "5.7.1", std::move(text)};
}
lua::Forward forward(std::vector<std::string> to, std::string content = {}) {
    lua::Forward out;
    out.to = std::move(to);
    out.content = std::move(content);
    return out;
}
lua::Compose letter(std::string to) {
    lua::Compose out;
    out.to = std::move(to);
    out.content = "Subject: Away\r\n\r\nAway.\r\n";
    out.conditions.push_back({"to:x", 1, 604'800});
    return out;
}
lua::Copy copy(std::string to) {
    lua::Copy out;
    out.to.push_back(std::move(to));
    return out;
}

// Two accounts of example.test, and where `outside` one recipient elsewhere.
struct Mail {
    v1::CommitPlan plan;
    PluginMail mail;
    std::vector<PlanAccount> accounts;

    explicit Mail(int count = 1, bool outside = false) {
        const char* names[] = {"anna@example.test", "bob@example.test"};
        for (int i = 0; i < count; ++i) {
            accounts.push_back({static_cast<std::uint64_t>(i + 1), names[i], names[i], true});
            auto& delivery = *plan.add_deliveries();
            delivery.set_account_id(static_cast<std::uint64_t>(i + 1));
            delivery.set_prefix("Return-Path: <s@far.example>\r\n");
        }
        if (outside) plan.add_outbound()->add_recipients()->set_address("x@other.example");
        mail.hostname = "mx.example.test";
        mail.received = "Received: here\r\n";
        mail.sender = "s@far.example";
    }
    PluginVerdict apply(lua::MailDecided what) { return PluginPlan(plan, mail).apply(what, accounts); }
    PluginVerdict apply(lua::Decided one) {
        lua::MailDecided what;
        what.recipients.push_back(std::move(one));
        return apply(std::move(what));
    }
};

// "1 INBOX; 1 Work +4 $Label".
std::string deliveries(const v1::CommitPlan& plan) {
    std::string out;
    for (const auto& delivery : plan.deliveries()) {
        append(out, out.empty() ? "" : "; ", delivery.account_id(), " ");
        if (delivery.special_use() != 0) append(out, v1::SpecialUse_Name(delivery.special_use()).substr(12));
        else append(out, delivery.folder().empty() ? "INBOX" : delivery.folder());
        if (delivery.create()) out += "*";
        if (delivery.flags() != 0) append(out, " +", delivery.flags());
        for (const auto& keyword : delivery.keywords()) append(out, " ", keyword);
    }
    return out;
}

TEST(PluginPlan, PutsAMailWhereItsPluginsSay) {
    struct Case {
        const char* what;
        lua::Decided decided;
        const char* expected;
    };
    const Case cases[] = {
        {"nothing", decided(), "1 INBOX"},
        {"a folder takes the place of INBOX", decided(into("Work")), "1 Work*"},
        {"twice: both", decided(into("Work"), into("Boss")), "1 Work*; 1 Boss*"},
        {"the same twice: once", decided(into("Work"), into("Work")), "1 Work*"},
        {"a folder that keeps", decided(into_and_keep("Work")), "1 INBOX; 1 Work*"},
        {"keep beside a folder", decided(into("Work"), lua::Keep{}), "1 INBOX; 1 Work*"},
        {"by its use", decided(special("archive")), "1 ARCHIVE*"},
        {"discard", decided(lua::Discard{}), ""},
        {"discard beside a folder: the folder has it", decided(lua::Discard{}, into("Work")), "1 Work*"},
        {"discard beside keep: kept", decided(lua::Discard{}, lua::Keep{}), "1 INBOX"},
        {"quarantine", decided(lua::Quarantine{}), "1 JUNK*"},
        {"quarantine wins over a folder", decided(into("Work"), lua::Quarantine{}), "1 JUNK*"},
        {"quarantine wins over discard", decided(lua::Discard{}, lua::Quarantine{}), "1 JUNK*"},
        {"flags", decided(lua::Flag{"\\Seen"}, lua::Flag{"\\flagged"}, lua::Flag{"$Label1"}, lua::Flag{"$Label1"}), "1 INBOX +10 $Label1"},
        {"a system flag that there is not", decided(lua::Flag{"\\Recent"}), "1 INBOX"},
        {"flags in each folder", decided(into_and_keep("Work"), lua::Flag{"\\Seen"}), "1 INBOX +8; 1 Work* +8"},
    };
    for (const auto& c : cases) {
        Mail mail;
        const auto verdict = mail.apply(c.decided);
        EXPECT_FALSE(verdict.refusal) << c.what;
        EXPECT_EQ(deliveries(mail.plan), c.expected) << c.what;
    }
}

TEST(PluginPlan, AnswersOnceForAllRecipients) {
    struct Case {
        const char* what;
        lua::Decided message, anna, bob;
        bool outside = false;
        std::uint64_t sender_account = 0;
        int code = 0;  // 0: accepted
        const char* stored;
        std::size_t told = 0;
    };
    const Case cases[] = {
        {"message refuses", decided(refusal(550)), decided(), decided(), false, 0, 550, "1 INBOX; 2 INBOX", 0},
        {"message wants it later", decided(refusal(451)), decided(), decided(), false, 0, 451, "1 INBOX; 2 INBOX", 0},
        {"all refuse", decided(), decided(refusal(552)), decided(refusal(550)), false, 0, 552, "1 INBOX; 2 INBOX", 0},
        {"one wants it later: all wait", decided(), decided(refusal(550)), decided(refusal(451)), false, 0, 451, "1 INBOX; 2 INBOX", 0},
        {"some refuse a stranger", decided(), decided(refusal(550)), decided(), false, 0, 0, "1 JUNK*; 2 INBOX", 0},
        {"some refuse one of ours", decided(), decided(refusal(550)), decided(), false, 9, 0, "2 INBOX", 1},
        {"all here refuse, but it goes elsewhere, too", decided(), decided(refusal(550)), decided(refusal(550)), true, 9, 0, "", 2},
        {"discarded for all", decided(lua::Discard{}), decided(), decided(), true, 0, 0, "", 0},
        {"quarantined for all", decided(lua::Quarantine{}), decided(into("Work")), decided(), false, 0, 0, "1 JUNK*; 2 JUNK*", 0},
    };
    for (const auto& c : cases) {
        Mail mail(2, c.outside);
        mail.mail.account_id = c.sender_account;
        const auto verdict = mail.apply({c.message, {c.anna, c.bob}});
        EXPECT_EQ(verdict.refusal ? verdict.refusal->code : 0, c.code) << c.what;
        if (!verdict.refusal) {
            EXPECT_EQ(deliveries(mail.plan), c.stored) << c.what;
        }
        EXPECT_EQ(verdict.refused.size(), c.told) << c.what;
    }
}

TEST(PluginPlan, WhoWantsNoNotificationGetsTheRefusedMailIntoJunk) {
    for (const bool null_path : {false, true}) {
        Mail mail(2);
        mail.mail.account_id = 9;
        if (null_path) mail.mail.sender.clear();
        else mail.accounts[0].may_tell = false;
        const auto verdict = mail.apply({{}, {decided(refusal(550)), decided()}});
        EXPECT_EQ(deliveries(mail.plan), "1 JUNK*; 2 INBOX");
        EXPECT_TRUE(verdict.refused.empty());
    }
}

TEST(PluginPlan, DiscardingSendsNothingElsewhere) {
    Mail mail(1, true);
    const auto verdict = mail.apply({decided(lua::Discard{}, copy("archive@example.test")), {}});
    EXPECT_TRUE(verdict.discarded);
    ASSERT_EQ(mail.plan.outbound_size(), 1);
    EXPECT_EQ(mail.plan.outbound(0).recipients(0).address(), "archive@example.test");
}

TEST(PluginPlan, ForwardsWithTheMarkOfTheAccount) {
    Mail mail;
    auto to = forward({"a@far.example", "b@far.example"});
    to.conditions.push_back({"per_day", 100, 86'400});
    mail.apply(decided(to));
    ASSERT_EQ(mail.plan.outbound_size(), 1);
    const auto& out = mail.plan.outbound(0);
    EXPECT_TRUE(out.forward());
    EXPECT_EQ(out.forward_domain(), "example.test");
    EXPECT_EQ(out.reverse_path(), "s@far.example");
    EXPECT_EQ(out.account_id(), 1u);
    EXPECT_EQ(out.prefix(), "Delivered-To: anna@example.test\r\nReceived: here\r\n");
    EXPECT_TRUE(out.content().empty());
    EXPECT_EQ(out.recipients_size(), 2);
    EXPECT_EQ(out.recipients(0).notify(), 0u);
    ASSERT_EQ(out.conditions_size(), 1);
    EXPECT_EQ(out.conditions(0).account_id(), 1u);
    EXPECT_EQ(out.conditions(0).key(), "per_day");
    EXPECT_EQ(deliveries(mail.plan), "1 INBOX");
    EXPECT_EQ(mail.plan.notes_size(), 1);
}

TEST(PluginPlan, ForwardsWhatTakesItsPlaceUnlessThatIsTooLong) {
    Mail mail;
    mail.apply(decided(forward({"a@far.example"}, "Subject: notice\r\n\r\n"),
                       forward({"b@far.example"}, std::string(kPlanContentBytesMax + 1, 'x'))));
    ASSERT_EQ(mail.plan.outbound_size(), 2);
    EXPECT_EQ(mail.plan.outbound(0).content(), "Subject: notice\r\n\r\n");
    EXPECT_EQ(mail.plan.outbound(1).content(), "");
}

TEST(PluginPlan, AForwardWithoutRoomKeepsTheMail) {
    Mail mail;
    for (int i = 0; i < kPlanOutboundMax; ++i) mail.plan.add_outbound();
    mail.apply(decided(forward({"a@far.example"}), lua::Discard{}));
    EXPECT_EQ(mail.plan.outbound_size(), kPlanOutboundMax);
    EXPECT_EQ(deliveries(mail.plan), "1 INBOX");
}

TEST(PluginPlan, WritesByTheNullPathAndTellsNobody) {
    Mail mail;
    mail.apply(decided(letter("s@far.example")));
    ASSERT_EQ(mail.plan.outbound_size(), 1);
    const auto& out = mail.plan.outbound(0);
    EXPECT_EQ(out.reverse_path(), "");
    EXPECT_FALSE(out.forward());
    EXPECT_EQ(out.account_id(), 1u);
    EXPECT_EQ(out.recipients(0).notify(), static_cast<std::uint32_t>(v1::DSN_NOTIFY_NEVER));
    EXPECT_EQ(out.conditions(0).period_s(), 604'800u);
    EXPECT_EQ(out.content(), "Subject: Away\r\n\r\nAway.\r\n");
}

TEST(PluginPlan, WhatIsKnownNotToBeSentIsANoteOnly) {
    Mail mail;
    auto unwritten = letter("s@far.example");
    unwritten.content.clear();
    mail.apply(decided(unwritten));
    EXPECT_EQ(mail.plan.outbound_size(), 0);
    ASSERT_EQ(mail.plan.notes_size(), 1);
    EXPECT_THAT(mail.plan.notes(0), testing::HasSubstr("mail to s@far.example"));
    EXPECT_THAT(mail.plan.notes(0), testing::HasSubstr("not sent: no more within this period"));
}

TEST(PluginPlan, WritesNothingBecauseOfWhatAProgramHasWritten) {
    Mail mail;
    mail.mail.automatic = true;
    mail.apply(decided(letter("s@far.example"), forward({"a@far.example"})));
    ASSERT_EQ(mail.plan.outbound_size(), 1) << "what is forwarded is not written by us";
    EXPECT_TRUE(mail.plan.outbound(0).forward());
    EXPECT_THAT(mail.plan.notes(0), testing::HasSubstr("written by a program"));
}

TEST(PluginPlan, AddedFieldsStandBehindOursAndAreBounded) {
    Mail mail(2, true);
    const lua::AddHeader all{"X-All: 1\r\n"};
    const lua::AddHeader big{cat("X-Big: ", std::string(kPlanPrefixBytesMax, 'x'), "\r\n")};
    mail.apply({decided(all), {decided(lua::AddHeader{"X-Anna: 1\r\n"}, big), decided()}});
    EXPECT_EQ(mail.plan.deliveries(0).prefix(), "Return-Path: <s@far.example>\r\nX-All: 1\r\nX-Anna: 1\r\n");
    EXPECT_EQ(mail.plan.deliveries(1).prefix(), "Return-Path: <s@far.example>\r\nX-All: 1\r\n");
    EXPECT_EQ(mail.plan.outbound(0).prefix(), "X-All: 1\r\n");
    EXPECT_THAT(mail.plan.notes(), testing::Contains(testing::HasSubstr("left out")));
}

TEST(PluginPlan, CountsAndRemembersWithTheCommit) {
    Mail mail;
    PluginPlan effects(mail.plan, mail.mail);
    effects.add({0, "", act(lua::Limit{{"rate:192.0.2.1", 10, 60}, ""})});
    effects.add({1, "anna@example.test", act(lua::Limit{{"rate", 5, 3600}, "Slower, please."})});
    effects.add({1, "anna@example.test", act(lua::Remember{"seen", "1", 60})});
    effects.add({1, "anna@example.test", act(lua::Remember{"gone", std::nullopt, 0})});
    ASSERT_EQ(mail.plan.limits_size(), 2);
    EXPECT_EQ(mail.plan.limits(0).condition().account_id(), 0u);
    EXPECT_EQ(mail.plan.limits(0).condition().max(), 10u);
    EXPECT_EQ(mail.plan.limits(0).refused().kind(), v1::ERROR_KIND_BUSY);
    EXPECT_EQ(mail.plan.limits(1).refused().text(), "Slower, please.");
    ASSERT_EQ(mail.plan.state_size(), 2);
    EXPECT_EQ(mail.plan.state(0).value(), "1");
    EXPECT_FALSE(mail.plan.state(0).erase());
    EXPECT_TRUE(mail.plan.state(1).erase());
    EXPECT_EQ(mail.plan.notes_size(), 4);
}

TEST(PluginPlan, ACopyOfAStrangersMailIsSentOnAsOurs) {
    for (const std::uint64_t account : {0u, 9u}) {
        Mail mail;
        mail.mail.account_id = account;
        mail.apply({decided(copy("journal@example.test")), {}});
        ASSERT_EQ(mail.plan.outbound_size(), 1);
        EXPECT_EQ(mail.plan.outbound(0).forward(), account == 0);
        EXPECT_EQ(mail.plan.outbound(0).reverse_path(), "s@far.example");
        EXPECT_EQ(mail.plan.outbound(0).recipients(0).notify(), static_cast<std::uint32_t>(v1::DSN_NOTIFY_NEVER));
    }
}

TEST(PluginPlan, EverybodyGetsItOnceBeforeAnybodyGetsItTwice) {
    Mail mail(0);
    std::vector<lua::Decided> all;
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(kPlanDeliveriesMax); ++i) {
        mail.accounts.push_back({i + 1, "a@example.test", "a@example.test", true});
        mail.plan.add_deliveries()->set_account_id(i + 1);
        all.push_back(decided(into("A"), into("B")));
    }
    mail.apply({{}, std::move(all)});
    ASSERT_EQ(mail.plan.deliveries_size(), kPlanDeliveriesMax);
    for (int i = 0; i < mail.plan.deliveries_size(); ++i) EXPECT_EQ(mail.plan.deliveries(i).folder(), "A");
}

TEST(PluginPlan, RepliesAreOneCleanLine) {
    struct Case {
        lua::Refusal refusal;
        const char* expected;
    };
    const Case cases[] = {
        {{550, "5.7.1", "No."}, "550 5.7.1 No.\r\n"},
        {{451, "4.7.1", "Later."}, "451 4.7.1 Later.\r\n"},
        {{550, "5.7.1", "a\r\n250 ok"}, "550 5.7.1 a  250 ok\r\n"},
        {{250, "2.0.0", "Fine."}, "554 5.7.1 Fine.\r\n"},
        {{451, "5.7.1", "Later."}, "451 4.7.1 Later.\r\n"},
        {{550, "", ""}, "550 5.7.1 Not accepted here.\r\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(refusal_reply(c.refusal), c.expected);
    EXPECT_LT(refusal_reply({550, "5.7.1", std::string(5000, 'x')}).size(), 512u);
}

}  // namespace
}  // namespace tayori::smtp

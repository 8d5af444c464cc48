#include "common/daemon/plugin_effects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tayori::daemon {
namespace {

namespace v1 = rpc::v1;

lua::Action of(decltype(lua::Action::what) what) {
    lua::Action action;
    action.plugin = "quotawarn";
    action.what = std::move(what);
    return action;
}

lua::AccountView anna() {
    lua::AccountView view;
    view.account_id = 7;
    view.address = "anna@example.test";
    return view;
}

TEST(PluginEffects, NothingIsNothing) {
    EXPECT_FALSE(has_effects(plugin_effects(anna(), {})));
    lua::Decided decided;
    decided.actions.push_back(of(lua::Expire{"INBOX", 60, "", {}, {}, ""}));
    EXPECT_FALSE(has_effects(plugin_effects(anna(), decided))) << "expiry goes through the mailbox's own calls";
}

TEST(PluginEffects, AreOfTheAccountAndThePlugin) {
    lua::Decided decided;
    lua::Compose letter;
    letter.to = "anna@example.test";
    letter.content = "Subject: full\r\n\r\n";
    letter.conditions.push_back({"95", 1, 86'400});
    decided.actions.push_back(of(letter));
    decided.actions.push_back(of(lua::Remember{"told", "95", 60}));
    decided.actions.push_back(of(lua::Limit{{"logins", 10, 60}, ""}));
    const auto work = plugin_effects(anna(), decided);
    ASSERT_TRUE(has_effects(work));
    ASSERT_EQ(work.mails_size(), 1);
    EXPECT_EQ(work.mails(0).recipients(0), "anna@example.test");
    EXPECT_EQ(work.mails(0).reverse_path(), "");
    ASSERT_EQ(work.mails(0).conditions_size(), 1);
    EXPECT_EQ(work.mails(0).conditions(0).account_id(), 7u);
    EXPECT_EQ(work.mails(0).conditions(0).plugin(), "quotawarn");
    ASSERT_EQ(work.state_size(), 1);
    EXPECT_EQ(work.state(0).key(), "told");
    EXPECT_EQ(work.state(0).ttl_s(), 60u);
    ASSERT_EQ(work.limits_size(), 1);
    EXPECT_EQ(work.limits(0).refused().kind(), v1::ERROR_KIND_BUSY);
    EXPECT_FALSE(work.limits(0).refused().text().empty());
}

TEST(PluginEffects, WhatIsTooLongIsNotSent) {
    lua::Decided decided;
    lua::Compose letter;
    letter.to = "anna@example.test";
    letter.content.assign(kEffectContentBytesMax + 1, 'x');
    decided.actions.push_back(of(letter));
    letter.content = "x";
    for (int i = 0; i < kEffectMailsMax + 5; ++i) decided.actions.push_back(of(letter));
    EXPECT_EQ(plugin_effects(anna(), decided).mails_size(), kEffectMailsMax);
}

}  // namespace
}  // namespace tayori::daemon

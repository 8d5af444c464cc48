// Settings at three scopes, what follows from them, and imports that wait for approval.
#include "site.h"

namespace tayori::spool {
namespace {

class PluginSettingsTest : public PluginTest {};

TEST_F(PluginSettingsTest, TheNearestScopeSaysWhetherAPluginIsEnabled) {
    const auto anna = add("anna@x.test");
    load({kFilter});
    EXPECT_EQ(profile(anna), "");
    EXPECT_EQ(profile_id(anna), 0u);
    struct Step {
        std::string scope;
        v1::PluginChoice choice;
        bool enabled;
    };
    const Step steps[] = {
        {"", v1::PLUGIN_CHOICE_ENABLED, true},
        {"x.test", v1::PLUGIN_CHOICE_DISABLED, false},
        {"anna@x.test", v1::PLUGIN_CHOICE_ENABLED, true},
        {"anna@x.test", v1::PLUGIN_CHOICE_UNSPECIFIED, false},
        {"x.test", v1::PLUGIN_CHOICE_UNSPECIFIED, true},
        {"", v1::PLUGIN_CHOICE_UNSPECIFIED, false},
    };
    for (const auto& step : steps) {
        ASSERT_TRUE(choose("filter", step.choice, step.scope));
        EXPECT_EQ(profile(anna), step.enabled ? "filter{}" : "") << step.scope;
    }
}

TEST_F(PluginSettingsTest, NearerSettingsWinMemberByMember) {
    const auto anna = add("anna@x.test");
    const auto bob = add("bob@x.test");
    load({kFilter});
    ASSERT_TRUE(enable("filter"));
    ASSERT_TRUE(set("filter", R"({"max":"20M","words":"site"})"));
    ASSERT_TRUE(set("filter", R"({"words":"domain","days":3})", "x.test"));
    const auto view = set("filter", R"({"days":30,"to":["a@b.test"]})", "anna@x.test");
    ASSERT_TRUE(view) << problem_of(view);
    EXPECT_EQ(profile(anna), R"(filter{"days":30,"max":20971520,"to":["a@b.test"],"words":"domain"})");
    EXPECT_EQ(profile(bob), R"(filter{"days":3,"max":20971520,"words":"domain"})");
    EXPECT_EQ(view->own_json(), R"({"days":30,"to":["a@b.test"]})");
    EXPECT_EQ(view->effective_json(), R"({"days":30,"max":20971520,"to":["a@b.test"],"words":"domain"})");
    EXPECT_EQ(view->order(), 40u);

    v1::SetPluginRequest request;
    *request.mutable_at() = at("filter", "anna@x.test");
    request.add_unset("days");
    ASSERT_TRUE(set(request));
    EXPECT_EQ(profile(anna), R"(filter{"days":3,"max":20971520,"to":["a@b.test"],"words":"domain"})");
}

TEST_F(PluginSettingsTest, WhatIsWrongIsRefusedAsAWholeWithWhatWouldBeRight) {
    add("anna@x.test");
    load({kFilter});
    struct Case {
        std::string json, scope, problem;
    };
    const Case cases[] = {
        {R"({"days":3,"dys":3})", "anna@x.test", "did you mean `days`"},
        {R"({"days":0})", "", "days"},
        {R"({"max":"1M"})", "anna@x.test", "the site only"},
        {R"({"days":3})", "y.test", "There is no domain y.test."},
        {R"({"days":3})", "eve@x.test", "There is no account eve@x.test."},
    };
    for (const auto& one : cases) EXPECT_THAT(problem_of(set("filter", one.json, one.scope)), HasSubstr(one.problem)) << one.json;
    EXPECT_EQ(plugins->get(at("filter", "anna@x.test"))->own_json(), "");
    EXPECT_THAT(problem_of(set("filtr", "{}")), HasSubstr("did you mean `filter`"));
    EXPECT_THAT(problem_of(enable("nothing_like_it")), HasSubstr("No daemon has loaded a plugin \"nothing_like_it\" yet"));
    v1::SetPluginRequest request;
    *request.mutable_at() = at("filter");
    request.add_unset("word");
    EXPECT_THAT(problem_of(set(request)), HasSubstr("did you mean `words`"));
    request.clear_unset();
    request.set_order(101);
    EXPECT_THAT(problem_of(set(request)), HasSubstr("between 1 and 100"));
    EXPECT_EQ(plugins->get(at("other")).error().kind, Kind::not_found);
}

TEST_F(PluginSettingsTest, PluginsRunInTheSitesOrderThenTheDeclaredThenByName) {
    load({kFilter, kReply, R"({"name":"aaa"})"});
    for (const auto* name : {"filter", "autoreply", "aaa"}) ASSERT_TRUE(enable(name));
    EXPECT_EQ(profile(0), "filter{} aaa{} autoreply{}");
    v1::SetPluginRequest request;
    *request.mutable_at() = at("autoreply");
    request.set_order(1);
    ASSERT_TRUE(set(request));
    EXPECT_EQ(profile(0), "autoreply{} filter{} aaa{}");
    request.set_order(0);
    ASSERT_TRUE(set(request));
    EXPECT_EQ(profile(0), "filter{} aaa{} autoreply{}");
    EXPECT_EQ(plugins->get(at("autoreply"))->choice(), v1::PLUGIN_CHOICE_ENABLED);
}

TEST_F(PluginSettingsTest, TheSameContentHasTheSameProfileAlsoAfterARestart) {
    const auto anna = add("anna@x.test");
    const auto bob = add("bob@x.test");
    load({kFilter});
    ASSERT_TRUE(enable("filter"));
    const auto of_site = profile_id(0);
    EXPECT_NE(of_site, 0u);
    EXPECT_EQ(profile_id(anna), of_site);
    ASSERT_TRUE(set("filter", R"({"days":3})", "anna@x.test"));
    ASSERT_TRUE(set("filter", R"({ "days" : 3 })", "bob@x.test"));
    const auto with_days = profile_id(anna);
    EXPECT_NE(with_days, of_site);
    EXPECT_EQ(profile_id(bob), with_days);
    reopen();
    EXPECT_EQ(profile_id(anna), with_days);
    EXPECT_EQ(profile_id(0), of_site);
}

TEST_F(PluginSettingsTest, ResolveTellsProfileAndAliasesWhereAPluginIsEnabled) {
    add("anna@x.test");
    const auto bob = add("bob@x.test");
    alias("info@x.test", "anna@x.test");
    alias("sales@x.test", "info@x.test");
    load({kFilter});
    v1::Resolve request;
    request.add_recipients("anna@x.test");
    EXPECT_EQ(directory->resolve(request, {})->recipients(0).targets(0).plugin_profile(), 0u);
    ASSERT_TRUE(enable("filter", "anna@x.test"));
    request.add_recipients("bob@x.test");
    const auto reply = directory->resolve(request, {});
    ASSERT_TRUE(reply);
    const auto& target = reply->recipients(0).targets(0);
    EXPECT_EQ(target.plugin_profile(), profile_id(target.account_id()));
    EXPECT_THAT(target.aliases(), ElementsAre("info@x.test", "sales@x.test"));
    EXPECT_EQ(reply->recipients(1).targets(0).account_id(), bob);
    EXPECT_EQ(reply->recipients(1).targets(0).plugin_profile(), 0u);
    const auto asked = plugins->profile(target.account_id());
    EXPECT_EQ(asked->address(), "anna@x.test");
    EXPECT_THAT(asked->aliases(), ElementsAre("info@x.test", "sales@x.test"));
}

TEST_F(PluginSettingsTest, AnImportWaitsForApprovalWhichNeedsTheDeclaration) {
    const auto anna = add("anna@x.test");
    import(anna, "autoreply", "b/IMS.CTL", R"({"enabled":true,"text":"from b"})");
    import(anna, "autoreply", "a/IMS.CTL", R"({"text":"from a","noreply":[]})");
    EXPECT_EQ(profile(anna), "");
    EXPECT_THAT(problem_of(enable("autoreply", "anna@x.test")), HasSubstr("adminctl plugin reload"));
    load({kReply});
    EXPECT_EQ(profile(anna), "");
    const auto view = enable("autoreply", "anna@x.test");
    ASSERT_TRUE(view) << problem_of(view);
    EXPECT_TRUE(view->imported(0).approved());
    // In the order of their files, and without what the plugin does not declare.
    EXPECT_EQ(profile(anna), R"(autoreply{"text":"from b"})");
    ASSERT_TRUE(set("autoreply", R"({"text":"own"})", "anna@x.test"));
    EXPECT_EQ(profile(anna), R"(autoreply{"text":"own"})");
    // Disabled keeps the approval, and saying nothing ends it.
    ASSERT_TRUE(choose("autoreply", v1::PLUGIN_CHOICE_DISABLED, "anna@x.test"));
    EXPECT_EQ(profile(anna), "");
    EXPECT_TRUE(plugins->get(at("autoreply", "anna@x.test"))->imported(0).approved());
    ASSERT_TRUE(choose("autoreply", v1::PLUGIN_CHOICE_UNSPECIFIED, "anna@x.test"));
    EXPECT_FALSE(plugins->get(at("autoreply", "anna@x.test"))->imported(0).approved());
    EXPECT_EQ(profile(anna), "");
}

TEST_F(PluginSettingsTest, AnImportThatIsNotWhatThePluginTakesIsNotApproved) {
    const auto anna = add("anna@x.test");
    load({kReply});
    import(anna, "autoreply", "IMS.CTL", R"({"text":7})");
    EXPECT_THAT(problem_of(enable("autoreply", "anna@x.test")), HasSubstr("IMS.CTL"));
    EXPECT_EQ(profile(anna), "");
}

TEST_F(PluginSettingsTest, AnImportMayBringItsApprovalBeforeThePluginIsThere) {
    const auto anna = add("anna@x.test");
    import(anna, "autoreply", "IMS.CTL", R"({"text":"away"})", true);
    EXPECT_EQ(profile(anna), "");
    load({kReply});
    EXPECT_EQ(profile(anna), R"(autoreply{"text":"away"})");
}

TEST_F(PluginSettingsTest, TheListCountsWhereAPluginIsEnabled) {
    const auto anna = add("anna@x.test");
    add("bob@x.test");
    load({kFilter, kReply});
    ASSERT_TRUE(enable("filter"));
    ASSERT_TRUE(enable("filter", "x.test"));
    ASSERT_TRUE(enable("filter", "bob@x.test"));
    import(anna, "autoreply", "IMS.CTL", R"({"text":"away"})", true);
    const auto list = plugins->list();
    ASSERT_TRUE(list);
    ASSERT_EQ(list->plugins_size(), 2);
    EXPECT_EQ(list->plugins(0).plugin(), "autoreply");
    EXPECT_EQ(list->plugins(0).accounts(), 1u);
    EXPECT_EQ(list->plugins(0).site(), v1::PLUGIN_CHOICE_UNSPECIFIED);
    EXPECT_EQ(list->plugins(1).site(), v1::PLUGIN_CHOICE_ENABLED);
    EXPECT_EQ(list->plugins(1).domains(), 1u);
    EXPECT_EQ(list->plugins(1).accounts(), 1u);
    EXPECT_EQ(list->plugins(1).order(), 40u);
    ASSERT_EQ(list->daemons_size(), 1);
    EXPECT_EQ(list->daemons(0).program(), "smtpd");
}

TEST_F(PluginSettingsTest, ADomainTakesItsSettingsAlong) {
    load({kFilter});
    ASSERT_TRUE(enable("filter", "x.test"));
    v1::DeleteDomainRequest remove;
    remove.set_name("x.test");
    ASSERT_TRUE(answer_of<v1::DeleteDomainResponse>([&](auto done) { directory->delete_domain(remove, done); }));
    v1::AddDomainRequest again;
    again.set_name("x.test");
    ASSERT_TRUE(answer_of<v1::Domain>([&](auto done) { directory->add_domain(again, done); }));
    EXPECT_FALSE(plugins->get(at("filter", "x.test"))->enabled());
}

}  // namespace
}  // namespace tayori::spool

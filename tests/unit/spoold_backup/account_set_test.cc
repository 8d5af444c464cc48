// One account in a set of its own, and an account's settings brought back.
#include "site.h"
#include "spoold/backup/account_settings.h"
#include "spoold/backup/backups.h"
#include "spoold/backup/restore_site.h"
#include "spoold/directory/imported.h"
#include "spoold/store/commit.h"

namespace tayori::spool {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class AccountSetTest : public ImportTest {
  protected:
    void SetUp() override {
        ImportTest::SetUp();
        backups = std::make_unique<Backups>(
            Backups::Parts{*store, *directory, *mailboxes},
            BackupOptions{make_directory_place(path_ + "-sets"), path_, path_ + "-past", "test"});
        add(kAnna, "secret of anna");
        add("ben@x.test", "secret of ben");
        alias("info@x.test", {kAnna, "ben@x.test"});
        alias("anna.a@x.test", {kAnna});
    }
    void TearDown() override {
        backups.reset();
        ImportTest::TearDown();
        std::filesystem::remove_all(path_ + "-sets");
    }

    std::uint64_t add(const std::string& address, const std::string& password) {
        v1::AddAccountRequest request;
        request.set_address(address);
        request.set_password(password);
        const auto made = wait_for_answer<v1::Account>([&](auto done) { directory->add_account(request, done); });
        EXPECT_TRUE(made) << made.error().text;
        return made ? made->account_id() : 0;
    }
    void alias(const std::string& address, const std::vector<std::string>& targets) {
        v1::AddAliasRequest request;
        request.mutable_alias()->set_address(address);
        for (const auto& target : targets) request.mutable_alias()->add_targets(target);
        const auto made = wait_for_answer<v1::Alias>([&](auto done) { directory->add_alias(request, done); });
        ASSERT_TRUE(made) << made.error().text;
    }
    void remove_alias(const std::string& address) {
        v1::DeleteAliasRequest request;
        request.set_address(address);
        ASSERT_TRUE(wait_for_answer<v1::DeleteAliasResponse>([&](auto done) { directory->delete_alias(request, done); }));
    }
    void set_quota(std::uint64_t bytes, const std::vector<v1::Protocol>& protocols) {
        v1::SetAccountRequest request;
        request.set_address(kAnna);
        request.set_quota_bytes(bytes);
        request.set_display_name(cat("Anna of ", bytes));
        for (const auto protocol : protocols) request.mutable_protocols()->add_protocols(protocol);
        const auto done = wait_for_answer<v1::Account>([&](auto answer) { directory->set_account(request, answer); });
        ASSERT_TRUE(done) << done.error().text;
    }
    void set_password(const std::string& password) {
        v1::SetPasswordRequest request;
        request.set_address(kAnna);
        request.set_password(password);
        ASSERT_TRUE(wait_for_answer<v1::Account>([&](auto done) { directory->set_password(request, done); }));
    }
    std::string add_app_password(const std::string& name) {
        v1::AddAppPasswordRequest request;
        request.set_address(kAnna);
        request.set_name(name);
        const auto made = wait_for_answer<v1::AddAppPasswordResponse>([&](auto done) { directory->add_app_password(request, done); });
        EXPECT_TRUE(made);
        return made ? made->password() : std::string();
    }
    void put_plugin(const std::string& json) {
        const auto id = get_account()->account_id();
        v1::PluginSettings wanted;
        wanted.set_plugin("forward");
        wanted.set_json(json);
        ASSERT_TRUE(store::commit_and_wait(*store, id, store::Effect::grows, [&](store::Transaction& transaction) {
            transaction.erase(row_key::plugin_settings(id));
            return put_plugin_settings(transaction, id, {{wanted}, true, 0});
        }));
    }

    void deliver_large(const std::string& text, std::uint64_t account_id) {
        const auto upload = store->staging().begin();
        ASSERT_TRUE(upload);
        ASSERT_TRUE(store->staging().append(*upload, text));
        ASSERT_TRUE(store->staging().finish(*upload));
        v1::CommitPlan plan;
        plan.set_upload_id(static_cast<std::uint64_t>(*upload));
        plan.mutable_summary()->set_header("x\r\n\r\n");
        plan.add_deliveries()->set_account_id(account_id);
        ASSERT_TRUE(wait_for_answer<v1::CommitPlanReply>(
            [&](auto answer) { intake->commit_plan(std::make_shared<const v1::CommitPlan>(plan), answer); }));
    }

    Result<v1::BackupProgress> create(const std::string& address, const std::string& set = {}) {
        clock.advance_ms(1000);
        v1::CreateBackupRequest request;
        request.set_address(address);
        request.set_set(set);
        v1::BackupProgress last;
        auto made = backups->create(request, [&](const v1::BackupProgress& progress) {
            last = progress;
            return true;
        });
        clock.advance_ms(1000);
        if (!made) return fail(std::move(made.error()));
        return last;
    }
    struct Restored {
        v1::RestoredFolder first;
        std::uint64_t added = 0;
        std::vector<std::string> settings;
    };
    Result<Restored> restore(const std::string& set, bool with_settings, bool apply = true) {
        v1::RestoreAccountRequest request;
        request.set_address(kAnna);
        request.set_set(set);
        request.set_mode(v1::RestoreAccountRequest::MODE_MERGE);
        request.set_settings(with_settings);
        request.set_apply(apply);
        Restored out;
        bool first = true;
        auto done = backups->restore_account(request, [&](const v1::RestoredFolder& folder) {
            if (std::exchange(first, false)) out.first = folder;
            out.added += folder.added();
            return true;
        });
        if (!done) return fail(std::move(done.error()));
        for (const auto& one : out.first.settings())
            out.settings.push_back(cat(one.name(), ": ", one.now(), " -> ", one.then()));
        return out;
    }
    v1::BackupReport verify(const std::string& set) {
        v1::VerifyBackupRequest request;
        request.set_set(set);
        v1::BackupProgress last;
        const auto read = backups->verify(request, [&](const v1::BackupProgress& progress) {
            last = progress;
            return true;
        });
        EXPECT_TRUE(read) << read.error().text;
        return last.report();
    }
    // Everything of anna's goes for good, and an account of her name is made anew.
    void lose_anna() {
        v1::AccountRequest request;
        request.set_address(kAnna);
        ASSERT_TRUE(wait_for_answer<v1::Account>([&](auto done) { directory->delete_account(request, done); }));
        add(kAnna, "another secret");
    }

    std::unique_ptr<Backups> backups;
};

TEST_F(AccountSetTest, HoldsTheAccountAloneAndBringsItBack) {
    const auto anna = get_account()->account_id();
    deliver("one", anna);
    deliver_large(std::string(600'000, 'x'), anna);
    deliver("of ben", anna + 1);
    const auto made = create(kAnna);
    ASSERT_TRUE(made) << made.error().text << made.error().detail;
    EXPECT_EQ(made->step().account(), kAnna);
    EXPECT_EQ(made->step().base(), made->step().number());
    const auto set = set_of_account(kAnna);
    EXPECT_THAT(made->note(), HasSubstr(set));
    const auto report = verify(set);
    EXPECT_THAT(std::vector<std::string>(report.problems().begin(), report.problems().end()), IsEmpty());
    EXPECT_EQ(report.references(), 2u);
    EXPECT_EQ(report.bodies(), 2u);
    EXPECT_FALSE(std::filesystem::exists(path_ + "-past-account")) << "the copy is removed";

    lose_anna();
    const auto back = restore(set, true);
    ASSERT_TRUE(back) << back.error().text << back.error().detail;
    EXPECT_EQ(back->added, 2u);
    account.set_account_id(get_account()->account_id());
    EXPECT_EQ(references("INBOX").size(), 2u);
    EXPECT_TRUE(login("secret of anna")) << "the password of the backup";
    EXPECT_EQ(restore(set, false)->added, 0u) << "again: nothing is missing";
}

TEST_F(AccountSetTest, AStepFollowsTheOther) {
    deliver("one", get_account()->account_id());
    ASSERT_TRUE(create(kAnna));
    deliver("two", get_account()->account_id());
    const auto second = create(kAnna);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->step().number(), 2u);
    EXPECT_EQ(verify(set_of_account(kAnna)).chains(), 2u);
    lose_anna();
    EXPECT_EQ(restore(set_of_account(kAnna), false)->added, 2u);
}

TEST_F(AccountSetTest, ASetIsOfOneThing) {
    ASSERT_TRUE(create(kAnna));
    ASSERT_TRUE(create("", "main"));
    const auto set = set_of_account(kAnna);
    EXPECT_THAT(create("ben@x.test", set).error().text, HasSubstr("backups of anna@x.test, not of ben@x.test"));
    EXPECT_THAT(create("", set).error().text, HasSubstr("backups of anna@x.test, not of the whole site"));
    EXPECT_THAT(create(kAnna, "main").error().text, HasSubstr("backups of the whole site, not of anna@x.test"));
    EXPECT_EQ(create("nobody@x.test").error().kind, Kind::not_found);
    EXPECT_NE(set_of_account("a.b@x.test"), set_of_account("a_b@x.test"));

    auto target = make_directory_target(store::posix_files(), path_ + "-sets/" + set);
    SiteWish wish;
    wish.options.directory = path_ + "-sets/new";
    const auto refused = restore_site(*target, wish, [](const Progress&) { return true; });
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("This set has anna@x.test alone"));
}

TEST_F(AccountSetTest, SettingsComeBackAsTheyWere) {
    set_quota(1000, {v1::PROTOCOL_IMAP, v1::PROTOCOL_POP3});
    put_plugin(R"({"to":["x@y.test"]})");
    const auto device = add_app_password("phone");
    ASSERT_TRUE(create("", "main"));
    set_quota(5, {v1::PROTOCOL_IMAP});
    put_plugin("{}");
    set_password("forgotten");
    remove_alias("anna.a@x.test");
    remove_alias("info@x.test");
    alias("info@x.test", {"ben@x.test"});  // leads elsewhere by now
    v1::DeleteAppPasswordRequest gone;
    gone.set_address(kAnna);
    gone.set_name("phone");
    ASSERT_TRUE(wait_for_answer<v1::Account>([&](auto done) { directory->delete_app_password(gone, done); }));
    const auto ticket = login("forgotten");
    ASSERT_TRUE(ticket);

    const auto plan = restore("main", true, false);
    ASSERT_TRUE(plan) << plan.error().text;
    EXPECT_EQ(get_account()->quota_bytes(), 5u) << "a dry run changes nothing";
    const auto done = restore("main", true);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->settings, plan->settings);
    EXPECT_THAT(done->settings,
                UnorderedElementsAre("display name: Anna of 5 -> Anna of 1000", "quota in bytes: 5 -> 1000",
                                     "protocols: imap -> imap,pop3", "password: set -> set, another one",
                                     "app password phone: none -> set", "plugin forward: on, 2 bytes -> on, 19 bytes, another one",
                                     "alias anna.a@x.test: none -> anna@x.test"));
    EXPECT_THAT(std::vector<std::string>(done->first.notes().begin(), done->first.notes().end()),
                Contains(HasSubstr("The alias info@x.test does not come back")));
    const auto shown = get_account();
    EXPECT_EQ(shown->quota_bytes(), 1000u);
    EXPECT_EQ(shown->plugin_settings(0).json(), R"({"to":["x@y.test"]})");
    EXPECT_EQ(shown->aliases_size(), 1);
    EXPECT_TRUE(login("secret of anna"));
    EXPECT_TRUE(login(device));
    EXPECT_FALSE(login("forgotten"));
    EXPECT_FALSE(tickets->verify(ticket->ticket())) << "who came with the younger password has to come again";
    EXPECT_THAT(restore("main", true)->settings, IsEmpty()) << "again: all is as it was";
}

TEST_F(AccountSetTest, WithoutTheWishSettingsStay) {
    ASSERT_TRUE(create("", "main"));
    set_password("new");
    const auto done = restore("main", false);
    ASSERT_TRUE(done);
    EXPECT_THAT(done->settings, IsEmpty());
    EXPECT_TRUE(login("new"));
}

}  // namespace
}  // namespace tayori::spool

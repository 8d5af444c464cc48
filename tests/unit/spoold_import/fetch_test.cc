// Sources over the real store, and the mail that comes from them.
#include "site.h"

#include "spoold/fetch/fetches.h"
#include "spoold/fetch/limits.h"

namespace tayori::spool {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kSecondMs = 1'000;
constexpr std::uint32_t kLeaseS = 60;

class FetchTest : public ImportTest {
  protected:
    void SetUp() override {
        ImportTest::SetUp();
        v1::AddAccountRequest request;
        request.set_address(kAnna);
        request.set_quota_bytes(10'000);
        auto made = wait_for_answer<v1::Account>([&](auto done) { directory->add_account(request, done); });
        ASSERT_TRUE(made) << made.error().text;
        account_id = made->account_id();
        open_fetches();
    }
    void TearDown() override {
        fetches->stop();
        ImportTest::TearDown();  // the store's last callbacks reach it
        fetches.reset();
    }
    void open_fetches() {
        sealer = std::make_unique<crypto::Sealer>(path_ + "/secrets.key");
        auto opened = Fetches::open({*mailboxes, *directory, *imports, clock, *sealer, kLeaseS});
        ASSERT_TRUE(opened) << opened.error().text;
        fetches = std::move(*opened);
    }
    void start_anew() {
        fetches->stop();
        close_site();
        fetches.reset();
        open_site();
        open_fetches();
    }

    static v1::FetchSettings settings_of(const std::string& user = "anna") {
        v1::FetchSettings out;
        out.set_address(kAnna);
        out.set_protocol(v1::FETCH_PROTOCOL_POP3);
        out.set_host("old.example");
        out.set_user(user);
        out.set_secret("very secret");
        return out;
    }
    Result<v1::FetchSource> add(const v1::FetchSettings& wanted) {
        return wait_for_answer<v1::FetchSource>([&](auto done) { fetches->add(wanted, done); });
    }
    Result<v1::FetchSource> set(std::uint64_t id, const v1::FetchSettings& wanted) {
        v1::SetFetchSourceRequest request;
        request.set_source_id(id);
        *request.mutable_settings() = wanted;
        return wait_for_answer<v1::FetchSource>([&](auto done) { fetches->set(request, done); });
    }
    Result<v1::FetchLease> lease(std::uint64_t source_id = 0) {
        v1::LeaseFetchSourceRequest request;
        request.set_source_id(source_id);
        return wait_for_answer<v1::FetchLease>([&](auto done) { fetches->lease(request, [] { return false; }, done); });
    }
    Result<v1::FetchSource> report(const v1::FetchLease& lease, v1::FetchProblem problem, std::uint64_t fetched = 0) {
        v1::FetchReport request;
        request.set_lease_id(lease.lease_id());
        request.mutable_outcome()->set_problem(problem);
        request.mutable_outcome()->set_text("said so");
        request.mutable_outcome()->set_fetched(fetched);
        return wait_for_answer<v1::FetchSource>([&](auto done) { fetches->report(request, done); });
    }
    std::vector<v1::FetchSource> sources() {
        std::vector<v1::FetchSource> all;
        EXPECT_TRUE(fetches->list({}, [&](const v1::FetchSource& source) {
            all.push_back(source);
            return true;
        }));
        return all;
    }
    std::int64_t now_s() const { return clock.now_ms() / kSecondMs; }

    // What a worker does with its lease.
    void open_by(const v1::FetchLease& lease, std::vector<v1::ImportFolder> folders) {
        import.set_import_id(lease.import_id());
        auto opened = open_account(account_request(std::move(folders)));
        ASSERT_TRUE(opened) << opened.error().text;
    }

    std::uint64_t account_id = 0;
    std::unique_ptr<crypto::Sealer> sealer;
    std::unique_ptr<Fetches> fetches;
};

TEST_F(FetchTest, ASourceIsDueAtOnceAndThenByItsInterval) {
    const auto added = add(settings_of());
    ASSERT_TRUE(added) << added.error().text;
    EXPECT_EQ(added->settings().address(), kAnna);
    EXPECT_FALSE(added->settings().has_secret());
    const auto first = lease();
    ASSERT_TRUE(first) << first.error().text;
    EXPECT_EQ(first->source_id(), added->source_id());
    EXPECT_EQ(first->settings().secret(), "very secret");
    EXPECT_EQ(first->account_id(), account_id);
    EXPECT_EQ(first->room_bytes(), 10'000U);
    EXPECT_FALSE(first->has_room_messages());
    EXPECT_EQ(lease()->lease_id(), 0U);
    EXPECT_EQ(lease(added->source_id()).error().kind, Kind::in_use);
    EXPECT_TRUE(sources()[0].running());
    const auto reported = report(*first, v1::FETCH_PROBLEM_UNSPECIFIED, 3);
    ASSERT_TRUE(reported) << reported.error().text;
    EXPECT_EQ(reported->due_s(), now_s() + kFetchIntervalDefaultS);
    EXPECT_EQ(reported->fetched(), 3U);
    EXPECT_EQ(report(*first, v1::FETCH_PROBLEM_UNSPECIFIED).error().kind, Kind::not_found);
    clock.advance_ms((kFetchIntervalDefaultS - 1) * kSecondMs);
    EXPECT_EQ(lease()->lease_id(), 0U);
    EXPECT_NE(lease(added->source_id())->lease_id(), 0U);  // by name it need not be due
}

TEST_F(FetchTest, WhatIsAddedOutlivesARestartAndItsSecretIsOnNoDisk) {
    const auto added = add(settings_of());
    ASSERT_TRUE(added);
    auto taken = lease();
    ASSERT_TRUE(report(*taken, v1::FETCH_PROBLEM_LOGIN_REFUSED));
    start_anew();
    ASSERT_EQ(sources().size(), 1U);
    EXPECT_EQ(sources()[0].failures(), 1U);
    EXPECT_EQ(sources()[0].last().text(), "said so");
    EXPECT_EQ(sources()[0].due_s(), now_s() + kFetchLoginBackoffMinS);
    EXPECT_EQ(lease(added->source_id())->settings().secret(), "very secret");
    const auto row = store->get(keys::fetch_source(AccountId{account_id}, FetchId{added->source_id()}));
    ASSERT_TRUE(row && *row);
    EXPECT_THAT(**row, Not(HasSubstr("very secret")));
    EXPECT_EQ(std::filesystem::status(path_ + "/secrets.key").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(FetchTest, WithoutItsKeyASecretIsAskedForAnew) {
    const auto added = add(settings_of());
    ASSERT_TRUE(added);
    std::filesystem::remove(path_ + "/secrets.key");
    start_anew();
    EXPECT_EQ(lease()->lease_id(), 0U);
    start_anew();  // what could not be leased was kept on the committer's thread
    ASSERT_EQ(sources()[0].last().problem(), v1::FETCH_PROBLEM_SECRET);
    EXPECT_EQ(lease(added->source_id()).error().kind, Kind::denied);
    v1::FetchSettings anew;
    anew.set_secret("another");
    ASSERT_TRUE(set(added->source_id(), anew));
    EXPECT_EQ(lease()->settings().secret(), "another");
}

TEST_F(FetchTest, FailuresInARowWaitLongerUntilSomebodyChangesSomething) {
    const auto id = add(settings_of())->source_id();
    for (std::uint32_t failures = 1; failures <= 3; ++failures) {
        const auto reported = report(*lease(id), v1::FETCH_PROBLEM_UNREACHABLE);
        ASSERT_TRUE(reported);
        EXPECT_EQ(reported->failures(), failures);
        EXPECT_EQ(reported->due_s(), now_s() + (std::int64_t{kFetchIntervalDefaultS} << (failures - 1)));
    }
    EXPECT_EQ(fetches->counts().failing, 1U);
    v1::FetchSettings anew;
    anew.set_secret("right");
    const auto changed = set(id, anew);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->failures(), 0U);
    EXPECT_EQ(lease()->source_id(), id);
    EXPECT_EQ(fetches->counts().failing, 0U);
}

TEST_F(FetchTest, ALeaseThatNobodyRenewsEnds) {
    const auto id = add(settings_of())->source_id();
    const auto first = lease();
    clock.advance_ms(kLeaseS * kSecondMs - 1);
    ASSERT_TRUE(fetches->renew(first->lease_id()));
    EXPECT_TRUE(fetches->covers(AccountId{account_id}, ImportId{first->import_id()}));
    clock.advance_ms(kLeaseS * kSecondMs);
    EXPECT_EQ(fetches->renew(first->lease_id()).error().kind, Kind::not_found);
    EXPECT_FALSE(fetches->covers(AccountId{account_id}, ImportId{first->import_id()}));
    const auto second = lease();
    EXPECT_EQ(second->source_id(), id);
    EXPECT_EQ(sources()[0].lapses(), 1U);
    EXPECT_EQ(report(*first, v1::FETCH_PROBLEM_UNSPECIFIED).error().kind, Kind::not_found);
    EXPECT_TRUE(report(*second, v1::FETCH_PROBLEM_UNSPECIFIED));
    EXPECT_EQ(sources()[0].lapses(), 0U);
}

TEST_F(FetchTest, TheSameSourceTwiceIsRefusedAndAnAccountHasABound) {
    ASSERT_TRUE(add(settings_of()));
    EXPECT_EQ(add(settings_of()).error().kind, Kind::exists);
    auto of_nobody = settings_of();
    of_nobody.set_address("nobody@x.test");
    EXPECT_EQ(add(of_nobody).error().kind, Kind::not_found);
    for (std::uint32_t i = 1; i < kFetchSourcesPerAccountMax; ++i) ASSERT_TRUE(add(settings_of(cat("user", i))));
    EXPECT_EQ(add(settings_of("one more")).error().kind, Kind::over_quota);
}

TEST_F(FetchTest, ADeletedAccountsSourcesRestAndComeBack) {
    ASSERT_TRUE(add(settings_of()));
    v1::AccountRequest request;
    request.set_address(kAnna);
    ASSERT_TRUE(wait_for_answer<v1::Account>([&](auto done) { directory->delete_account(request, done); }));
    EXPECT_EQ(lease()->lease_id(), 0U);
    EXPECT_EQ(sources()[0].settings().address(), "");
    ASSERT_TRUE(wait_for_answer<v1::Account>([&](auto done) { directory->undelete_account(request, done); }));
    clock.advance_ms(kFetchAbsentAgainS * kSecondMs);
    EXPECT_NE(lease()->lease_id(), 0U);
}

TEST_F(FetchTest, RemovedIsRemovedAndAddedAgainItIsTheSameImport) {
    const auto added = add(settings_of());
    const auto import_id = lease()->import_id();
    ASSERT_TRUE(wait_for_answer<v1::FetchSource>(
        [&](auto done) { fetches->remove(FetchId{added->source_id()}, done); }));
    EXPECT_THAT(sources(), IsEmpty());
    EXPECT_EQ(wait_for_answer<v1::FetchSource>([&](auto done) { fetches->remove(FetchId{added->source_id()}, done); })
                  .error()
                  .kind,
              Kind::not_found);
    ASSERT_TRUE(add(settings_of()));
    EXPECT_EQ(lease()->import_id(), import_id);
}

TEST_F(FetchTest, MailArrivesWithNumbersOfItsOwnAndOnce) {
    ASSERT_TRUE(add(settings_of()));
    deliver("Subject: before\r\n\r\nx\r\n", account_id);
    auto taken = lease();
    open_by(*taken, {folder("INBOX", 5)});
    EXPECT_FALSE(account.created());
    ASSERT_EQ(send({{"a", 0, "", 0, 0, {}, {}}, {"b", 0, "", 0, v1::SYSTEM_FLAG_SEEN, {}, {}}})->imported(), 2U);
    EXPECT_THAT(uids("INBOX"), ElementsAre(1U, 2U, 3U));
    EXPECT_EQ(references("INBOX")[1].flags, 0);
    EXPECT_EQ(references("INBOX")[2].flags, v1::SYSTEM_FLAG_SEEN);
    EXPECT_EQ(references("INBOX")[2].pop3_order, references("INBOX")[0].pop3_order + 2);
    // The worker is killed, and another one comes: the old one is shut out, and nothing comes twice.
    const auto old_batch = next_batch;
    open_by(*taken, {folder("INBOX", 5)});
    EXPECT_GT(next_batch, old_batch);
    EXPECT_EQ(send({{"a", 0, "", 0, 0, {}, {}}, {"c", 0, "", 0, 0, {}, {}}})->known(), 1U);
    EXPECT_THAT(uids("INBOX"), ElementsAre(1U, 2U, 3U, 4U));
    next_batch = old_batch;
    EXPECT_EQ(send({{"d", 0, "", 0, 0, {}, {}}}).error().kind, Kind::in_use);
}

TEST_F(FetchTest, WhatHasNoRoomIsNotKeptAndComesWhenThereIsSome) {
    ASSERT_TRUE(add(settings_of()));
    open_by(*lease(), {folder("INBOX", 5)});
    const std::string large = cat("Subject: large\r\n\r\n", std::string(6'000, 'x'), "\r\n");
    auto reply = send({{"a", 0, "", 0, 0, {}, large}, {"b", 0, "", 0, 0, {}, large}, {"c", 0, "", 0, 0, {}, {}}});
    ASSERT_TRUE(reply) << reply.error().text;
    EXPECT_EQ(reply->imported(), 2U);  // the small one behind it fits
    EXPECT_EQ(reply->over_quota(), 1U);
    v1::SetAccountRequest more;
    more.set_address(kAnna);
    more.set_quota_bytes(100'000);
    ASSERT_TRUE(wait_for_answer<v1::Account>([&](auto done) { directory->set_account(more, done); }));
    reply = send({{"a", 0, "", 0, 0, {}, large}, {"b", 0, "", 0, 0, {}, large}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->imported(), 1U);
    EXPECT_EQ(reply->known(), 1U);
}

TEST_F(FetchTest, OnlyWhatHasBeenHereLongEnoughIsOld) {
    ASSERT_TRUE(add(settings_of()));
    open_by(*lease(), {folder("INBOX", 5)});
    ASSERT_TRUE(send({{"a", 0, "", 0, 0, {}, {}}}));
    clock.advance_ms(100 * kSecondMs);
    ASSERT_TRUE(send({{"b", 0, "", 0, 0, {}, {}}}));
    v1::FilterImportedRequest request;
    request.set_import_id(import.import_id());
    request.set_account_id(account_id);
    request.set_identities(identity("a") + identity("b") + identity("never came"));
    const auto old_places = [&](std::uint32_t seconds) {
        request.set_older_than_s(seconds);
        std::vector<std::uint32_t> out;
        const auto reply = imports->filter(request).value();
        for (const auto& range : reply.older())
            for (auto i = range.first(); i <= range.last(); ++i) out.push_back(i);
        return out;
    };
    EXPECT_THAT(old_places(0), ElementsAre(0U, 1U));
    EXPECT_THAT(old_places(1), ElementsAre(0U));
    EXPECT_THAT(old_places(100), ElementsAre(0U));
    EXPECT_THAT(old_places(101), IsEmpty());
    request.clear_older_than_s();
    EXPECT_EQ(imports->filter(request)->older_size(), 0);
}

TEST_F(FetchTest, ARenumberedFolderIsToldUntilItIsAccepted) {
    ASSERT_TRUE(add(settings_of()));
    const auto taken = lease();
    open_by(*taken, {folder("INBOX", 5)});
    open_by(*taken, {folder("INBOX", 6)});
    EXPECT_EQ(account.folders(0).source_uid_validity(), 5U);
    auto accepted = folder("INBOX", 6);
    accepted.set_accept_renumbered(true);
    open_by(*taken, {accepted});
    EXPECT_EQ(account.folders(0).source_uid_validity(), 6U);
    open_by(*taken, {folder("INBOX", 6)});
    EXPECT_EQ(account.folders(0).source_uid_validity(), 6U);
}

TEST_F(FetchTest, FetchingMakesNoAccountAndIsNoImportOfPeople) {
    ASSERT_TRUE(add(settings_of()));
    import.set_import_id(lease()->import_id());
    const auto opened = open_account(account_request({folder("INBOX", 5)}, 0, "ghost@x.test"));
    EXPECT_EQ(opened.error().kind, Kind::not_found);
    std::size_t listed = 0;
    EXPECT_TRUE(imports->list([&](const v1::Import&) { return ++listed, true; }));
    EXPECT_EQ(listed, 0U);
    v1::OpenImportRequest request;
    request.set_kind("fetch");
    request.set_origin("pop3:anna@old.example");
    EXPECT_EQ(wait_for_answer<v1::Import>([&](auto done) { imports->open(request, done); }).error().kind, Kind::denied);
}

TEST_F(FetchTest, AMigrationFromTheSameHostIsNamed) {
    v1::OpenImportRequest request;
    request.set_kind("live");
    request.set_origin("imap+pop3:old.example");
    import = wait_for_answer<v1::Import>([&](auto done) { imports->open(request, done); }).value();
    ASSERT_TRUE(open_account(account_request({folder("INBOX")})));
    const auto migration = import.import_id();
    ASSERT_TRUE(add(settings_of()));
    const auto taken = lease();
    ASSERT_EQ(taken->also_known_by_size(), 1);
    EXPECT_EQ(taken->also_known_by(0), migration);
}

}  // namespace
}  // namespace tayori::spool

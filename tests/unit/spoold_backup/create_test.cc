// Making, listing and verifying backups, and restoring the site.
#include "backup_fixture.h"

namespace tayori::spool {
namespace {

TEST_F(BackupTest, TheFirstIsABaseAndTheOthersAreWhatChanged) {
    for (int i = 0; i < 50; ++i) append("INBOX", std::string(10'000, 'a'));
    const auto base = backup();
    EXPECT_TRUE(base.manifest.is_base());
    EXPECT_NE(base.why, "");
    append("INBOX", "one more");
    const auto increment = backup();
    EXPECT_FALSE(increment.manifest.is_base());
    EXPECT_EQ(increment.why, "");
    EXPECT_EQ(increment.manifest.base, base.manifest.number);
    EXPECT_LT(increment.manifest.bytes(), 5'000u);
    EXPECT_GT(base.manifest.bytes(), 500'000u);
    const auto report = verified();
    EXPECT_THAT(report.problems, IsEmpty());
    EXPECT_EQ(report.steps, 2u);
    EXPECT_EQ(report.bodies, 51u);
    EXPECT_EQ(report.references, 51u);
}

TEST_F(BackupTest, EveryDamagedFileIsFound) {
    for (int i = 0; i < 5; ++i) append("INBOX", std::string(1000, 'a'));
    backup();
    append("INBOX", "x");
    backup();
    auto steps = read_steps(*target);
    ASSERT_TRUE(steps);
    for (const auto& step : *steps) {
        for (const auto& file : step.manifest.files) {
            const auto place = place_of(step.manifest.number, file.piece.name);
            const auto middle = static_cast<std::streamoff>((file.piece.to - file.piece.from) / 2);
            damage(place, middle);
            target = make_directory_target(store::posix_files(), sets.path + "/not/yet/main");
            EXPECT_THAT(verified().problems, Contains(HasSubstr(place))) << place;
            damage(place, middle);  // and back
        }
        const auto manifest = place_of(step.manifest.number, kManifestName);
        damage(manifest, 30);
        EXPECT_THAT(verified().problems, Contains(HasSubstr(cat("Step ", step.manifest.number)))) << manifest;
        damage(manifest, 30);
    }
    EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(BackupTest, AMissingStepBreaksTheChainBehindIt) {
    append("INBOX", "a");
    backup();
    append("INBOX", "b");
    backup();
    append("INBOX", "c");
    backup();
    std::filesystem::remove_all(sets.path + "/not/yet/main/000002");
    auto steps = read_steps(*target);
    ASSERT_EQ(steps->size(), 2u);
    EXPECT_EQ((*steps)[0].problem, "");
    EXPECT_NE((*steps)[1].problem, "");
    EXPECT_FALSE(verified().problems.empty());
    // The next one does not build on sand.
    EXPECT_TRUE(backup().manifest.is_base());
}

TEST_F(BackupTest, WhatHasNoManifestIsNotBelievedAndGoes) {
    append("INBOX", "a");
    backup();
    append("INBOX", "b");
    std::uint64_t asked = 0;
    auto given_up = make_backup(*spool.store, *target, {"main", {}, "test", ""}, [&](const Progress&) { return ++asked < 2; });
    ASSERT_FALSE(given_up);
    EXPECT_EQ(given_up.error().kind, Kind::closed);
    EXPECT_TRUE(std::filesystem::exists(sets.path + "/not/yet/main/000002"));
    spool.reopen();
    const auto made = backup();
    EXPECT_EQ(made.manifest.number, 2u);
    EXPECT_FALSE(made.manifest.is_base()) << made.why;
    EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(BackupTest, ATargetThatCantBeWrittenLeavesTheFormerSteps) {
    append("INBOX", "a");
    backup();
    append("INBOX", "b");
    std::ofstream(sets.path + "/not/yet/main/000002") << "where the next step should go";
    EXPECT_FALSE(make_backup(*spool.store, *target, {"main", {}, "test", ""}, go_on));
    std::filesystem::remove_all(sets.path + "/not/yet/main/000002");
    const auto made = backup();
    EXPECT_FALSE(made.manifest.is_base()) << made.why;
    EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(BackupTest, OldChainsGo) {
    for (int i = 0; i < 3; ++i) {
        append("INBOX", "a");
        backup(BackupWish::Kind::base);
        append("INBOX", "b");
        backup();
    }
    auto dropped = drop_old_chains(*target, 2);
    ASSERT_TRUE(dropped);
    EXPECT_EQ(*dropped, 2u);
    EXPECT_EQ(verified().chains, 2u);
    EXPECT_THAT(verified().problems, IsEmpty());
    EXPECT_FALSE(backup().manifest.is_base());
}

class SiteRestoreTest : public BackupTest {
  protected:
    Result<RestoredSite> restore_to(const std::string& directory, std::optional<std::int64_t> at = std::nullopt,
                                    bool with_living = false) {
        SiteWish wish;
        wish.moment_ms = at;
        wish.options.directory = directory;
        wish.options.clock = &spool.clock;
        wish.options.free_min_bytes = 0;
        wish.options.segment_bytes = 4 << 20;
        if (with_living) {
            wish.living = wish.options;
            wish.living->directory = spool.directory.path;
            wish.living->background = false;
            wish.living_must_open = true;
        }
        return restore_site(*target, wish, go_on);
    }
};

TEST_F(SiteRestoreTest, TheSiteIsAsItWasAndItsNumbersAreAbove) {
    append("INBOX", "one", v1::SYSTEM_FLAG_SEEN, {"$Work"});
    append("INBOX", "two");
    append("Sent", "three");
    expunge("INBOX", 2, 2);
    append("INBOX", "four");
    backup();
    append("INBOX", "five");
    const auto made = backup();
    const auto inbox = mails("INBOX");
    const auto sent = mails("Sent");
    const auto before = spool.folder(anna, "INBOX");
    append("INBOX", "lost");

    const auto place = sets.path + "/restored";
    auto done = restore_to(place);
    ASSERT_TRUE(done) << done.error().text << done.error().detail;
    EXPECT_THAT(done->problems, IsEmpty());
    EXPECT_EQ(done->last_step, made.manifest.number);
    EXPECT_EQ(done->raised.references, 4u);

    spool.close();
    std::filesystem::remove_all(spool.directory.path);
    std::filesystem::rename(place, spool.directory.path);
    spool.open();
    EXPECT_EQ(texts(mails("INBOX")), texts(inbox));
    EXPECT_EQ(uidls(mails("INBOX")), uidls(inbox));
    EXPECT_EQ(texts(mails("Sent")), texts(sent));
    const auto after = spool.folder(anna, "INBOX");
    EXPECT_EQ(after.uid_validity(), before.uid_validity());
    EXPECT_GE(after.uid_next(), before.uid_next() + kRestoreGap);
    EXPECT_GE(after.highest_modseq(), before.highest_modseq() + kRestoreGap);
    EXPECT_GE(append("INBOX", "new"), before.uid_next() + kRestoreGap);
    // A client that knows a later modseq than the backup's is told of everything.
    auto changed = spool.open_folder(anna, after.folder_id(), before.highest_modseq() + 1, before.uid_validity());
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->references().uid_size(), 4);
    EXPECT_THAT(spool.problems(), IsEmpty());
}

TEST_F(SiteRestoreTest, AnyMomentBetweenTwoSteps) {
    append("INBOX", "one");
    backup();
    append("INBOX", "two");
    const auto moment = spool.clock.now_ms();
    spool.clock.advance_ms(1);
    append("INBOX", "three");
    expunge("INBOX", 1, 1);
    backup();
    append("INBOX", "four");
    backup();
    auto done = restore_to(sets.path + "/restored", moment);
    ASSERT_TRUE(done) << done.error().text << done.error().detail;
    EXPECT_EQ(done->as_of_ms, moment);
    EXPECT_EQ(done->last_step, 2u);
    spool.close();
    std::filesystem::remove_all(spool.directory.path);
    std::filesystem::rename(sets.path + "/restored", spool.directory.path);
    spool.open();
    EXPECT_THAT(texts(mails("INBOX")), ElementsAre("one", "two"));
    EXPECT_THAT(spool.problems(), IsEmpty());
    // Another life has begun: nothing goes on where the other one was.
    EXPECT_TRUE(backup().manifest.is_base());
    EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(SiteRestoreTest, TheLivingStoresCountersCountToo) {
    append("INBOX", "one");
    backup();
    for (int i = 0; i < 30; ++i) append("INBOX", "later");
    const auto living = spool.folder(anna, "INBOX");
    auto busy = restore_to(sets.path + "/restored", std::nullopt, true);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().kind, Kind::in_use);
    spool.close();
    auto done = restore_to(sets.path + "/restored", std::nullopt, true);
    ASSERT_TRUE(done) << done.error().text << done.error().detail;
    std::filesystem::remove_all(spool.directory.path);
    std::filesystem::rename(sets.path + "/restored", spool.directory.path);
    spool.open();
    EXPECT_GE(spool.folder(anna, "INBOX").uid_next(), living.uid_next() + kRestoreGap);
    EXPECT_GE(spool.folder(anna, "INBOX").highest_modseq(), living.highest_modseq() + kRestoreGap);
}

TEST_F(SiteRestoreTest, RefusesWhatWouldDoHarm) {
    append("INBOX", "one");
    backup();
    std::filesystem::create_directories(sets.path + "/full");
    std::ofstream(sets.path + "/full/file") << "x";
    auto full = restore_to(sets.path + "/full");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, Kind::exists);
    auto old = restore_to(sets.path + "/old", 1000);
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().kind, Kind::not_found);
    auto steps = read_steps(*target);
    const auto& file = (*steps)[0].manifest.files.front();
    damage(place_of(1, file.piece.name), 1);
    target = make_directory_target(store::posix_files(), sets.path + "/not/yet/main");
    auto damaged = restore_to(sets.path + "/damaged");
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().kind, Kind::corrupt);
    EXPECT_FALSE(std::filesystem::exists(sets.path + "/damaged"));
}

}  // namespace
}  // namespace tayori::spool

// Counters: never below what is in use, whoever raises them and whatever goes on meanwhile.
#include <thread>

#include "mailboxes_fixture.h"
#include "spoold/counters/floors.h"
#include "spoold/keys.h"

namespace tayori::spool {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

class CountersTest : public MailboxesTest {
  protected:
    // As if an older program, or a damaged disk, had written it.
    void set_uid_next(const std::string& folder, Uid uid_next) {
        const FolderId id{spool.folder(anna, folder).folder_id()};
        ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
            auto record = FolderRecord::decode(*t.get(keys::folder(anna, id))).value();
            record.uid_next = uid_next;
            t.put(keys::folder(anna, id), record.encode());
            return {};
        }));
    }
    v1::FolderCounters counters_of(const std::string& folder) {
        const auto shown = spool.counters->show(anna);
        for (const auto& one : shown->folders()) if (one.folder() == folder) return one;
        ADD_FAILURE() << folder;
        return {};
    }
    std::vector<std::string> raised_by(const Result<v1::CountersRaised>& result) {
        EXPECT_TRUE(result) << result.error().text;
        std::vector<std::string> out;
        if (result) for (const auto& one : result->raised()) out.push_back(sentence_of(one));
        return out;
    }
};

TEST_F(CountersTest, ARepairRaisesWhatIsTooLowAndSaysSo) {
    ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    EXPECT_THAT(raised_by(spool.counters->repair()), IsEmpty());
    ASSERT_TRUE(spool.commit([](store::Transaction& t) -> Result<void> {
        t.erase("Cm");
        t.erase("Cf");
        return {};
    }));
    EXPECT_THAT(spool.problems(), Contains(HasSubstr("`adminctl counters repair` raises it to 7")));
    EXPECT_THAT(raised_by(spool.counters->repair()),
                ElementsAre("next message id: 1 -> 2", "next folder id: 1 -> 7"));
    EXPECT_EQ(spool.mailboxes->parts().raised.value(), 2u);
    const auto shown = spool.counters->show(anna);
    EXPECT_EQ(shown->next_message_id(), 2u);
    EXPECT_EQ(shown->next_folder_id(), 7u);
    EXPECT_EQ(shown->folders_size(), 6);
}

TEST_F(CountersTest, AFolderWhoseUidsRunLowIsToldOfOnceAnHour) {
    EXPECT_FALSE(spool.counters->least_headroom());
    spool.counters->note_headroom();
    EXPECT_FALSE(spool.counters->headroom_warning());
    const auto end = counters_of("INBOX").uid_end();
    set_uid_next("INBOX", end - end / 20);
    spool.counters->note_headroom();
    EXPECT_FALSE(spool.counters->headroom_warning()) << "looked again within the hour";
    spool.clock.advance_ms(kHourMs);
    spool.counters->note_headroom();
    EXPECT_THAT(spool.counters->headroom_warning().value_or(""), HasSubstr("The UIDs of INBOX of account 1 run low: 5.0 %"));
    EXPECT_EQ(spool.counters->least_headroom()->folder(), "INBOX");
}

TEST_F(CountersTest, ARepairRaisesUidnextAboveTheMailThatIsThere) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    set_uid_next("INBOX", 2);
    EXPECT_THAT(spool.problems(), Contains(HasSubstr("UIDNEXT")));
    EXPECT_THAT(raised_by(spool.counters->repair()), ElementsAre("UIDNEXT of INBOX of account 1: 2 -> 4"));
    EXPECT_EQ(spool.append(anna, "INBOX", "m")->uid(), 4u);
}

TEST_F(CountersTest, ARepairRaisesTheAccountAboveItsFolders) {
    ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    const auto right = AccountState::decode(**spool.store->get(keys::account_state(anna))).value();
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
        auto state = right;
        state.modseq = 1;
        state.next_uid_validity = 1;
        t.put(keys::account_state(anna), state.encode());
        return {};
    }));
    EXPECT_THAT(raised_by(spool.counters->repair()),
                ElementsAre(HasSubstr("UIDVALIDITY of account 1: 1 -> "),
                            cat("modseq of account 1: 2 -> ", right.modseq + 1)));
    ASSERT_TRUE(create("later"));
    EXPECT_GT(counters_of("later").uid_validity(), counters_of("INBOX").uid_validity());
}

TEST_F(CountersTest, RepairsAndMailDoNotDisturbEachOther) {
    constexpr int kMails = 200;
    std::thread mail([&] {
        for (int i = 0; i < kMails; ++i) EXPECT_TRUE(spool.append(anna, "INBOX", "m"));
    });
    std::uint64_t last = 0;
    for (int i = 0; i < 50; ++i) {
        EXPECT_THAT(raised_by(spool.counters->repair()), IsEmpty());
        const auto next = spool.counters->show(AccountId{0})->next_message_id();
        EXPECT_GE(next, last);
        last = next;
    }
    mail.join();
    EXPECT_EQ(counters_of("INBOX").uid_next(), kMails + 1u);
}

TEST_F(CountersTest, AnOldFloorNeverLowersACounter) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    const auto before = counters_of("INBOX");
    AccountFloor floor{anna, 1, 1, {{FolderId{before.folder_id()}, before.uid_validity(), 3}}};
    v1::CountersRaised raised;
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
        raise_site(t, {.message = 2, .folder = 2}, Raising::real, raised);
        return raise_account(t, floor, "anna", Raising::real, raised);
    }));
    EXPECT_EQ(raised.raised_size(), 0);
    EXPECT_EQ(counters_of("INBOX").uid_next(), before.uid_next());
    EXPECT_EQ(counters_of("INBOX").highest_modseq(), before.highest_modseq());
}

TEST_F(CountersTest, RaisedToWhatAFileSays) {
    ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    v1::RaiseCountersRequest request;
    request.set_next_message_id(1000);
    request.set_next_folder_id(3);  // below: stays
    request.set_next_queue_id(50);
    auto& by_id = *request.add_folders() = counters_of("INBOX");
    by_id.set_folder("another name by now");
    by_id.set_uid_next(4711);
    auto& by_name = *request.add_folders() = counters_of("Sent");
    by_name.set_folder_id(999);
    by_name.set_uid_next(10);
    auto& other = *request.add_folders() = counters_of("Junk");
    other.set_uid_validity(other.uid_validity() + 1000);
    other.set_uid_next(5000);
    *request.add_folders() = counters_of("Trash");
    request.mutable_folders(3)->set_folder_id(998);
    request.mutable_folders(3)->set_folder("gone");
    request.add_folders()->set_address("nobody@example.jp");

    request.set_dry_run(true);
    const auto said = raised_by(spool.counters->raise(request));
    EXPECT_EQ(counters_of("INBOX").uid_next(), 2u) << "a dry run changes nothing";
    request.set_dry_run(false);
    const auto raised = spool.counters->raise(request);
    EXPECT_EQ(raised_by(raised), said);
    EXPECT_THAT(said, ElementsAre("next message id: 2 -> 1000", "next queue id: 1 -> 50",
                                  HasSubstr("UIDVALIDITY of account 1: "), "UIDNEXT of INBOX of account 1: 2 -> 4711",
                                  "UIDNEXT of Sent of account 1: 1 -> 10"));
    EXPECT_THAT(raised->notes(), ElementsAre(HasSubstr("Junk of account 1 has another UIDVALIDITY here"),
                                             "account 1 has no folder gone here.",
                                             "There is no account nobody@example.jp here."));
    EXPECT_EQ(spool.append(anna, "INBOX", "m")->uid(), 4711u);
    EXPECT_EQ(counters_of("Junk").uid_next(), 1u);
    ASSERT_TRUE(create("later"));
    EXPECT_GT(counters_of("later").uid_validity(), counters_of("Junk").uid_validity() + 1000);
    EXPECT_THAT(raised_by(spool.counters->raise(request)), IsEmpty()) << "again: nothing is lower any more";
}

TEST_F(CountersTest, WhatNoCounterMayBeIsRefused) {
    const auto refused = [&](const std::function<void(v1::RaiseCountersRequest&, v1::FolderCounters&)>& spoil) {
        v1::RaiseCountersRequest request;
        request.set_next_message_id(500);
        auto& folder = *request.add_folders() = counters_of("INBOX");
        spoil(request, folder);
        const auto raised = spool.counters->raise(request);
        EXPECT_EQ(raised ? Kind::internal : raised.error().kind, Kind::invalid);
        return raised ? std::string() : raised.error().text;
    };
    EXPECT_THAT(refused([](auto&, auto& folder) { folder.set_uid_next(UINT32_MAX); }),
                HasSubstr("UIDNEXT 4294967295 of INBOX of account 1 is above 4294967000"));
    EXPECT_THAT(refused([](auto&, auto& folder) { folder.set_uid_validity(UINT32_MAX); }), HasSubstr("UIDVALIDITY"));
    EXPECT_THAT(refused([](auto&, auto& folder) { folder.set_highest_modseq(UINT64_MAX); }), HasSubstr("modseq"));
    EXPECT_THAT(refused([](auto& request, auto&) { request.set_next_folder_id(UINT64_MAX); }), HasSubstr("folder id"));
    EXPECT_EQ(spool.counters->show(AccountId{0})->next_message_id(), 1u) << "then nothing at all is raised";
}

TEST_F(CountersTest, HeadroomLastsAsLongAsThePaceSays) {
    EXPECT_FALSE(counters_of("INBOX").has_uids_a_day());
    ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    spool.clock.advance_ms(23 * kHourMs);
    EXPECT_FALSE(counters_of("INBOX").has_uids_a_day()) << "less than a day tells nothing";
    for (int i = 0; i < 19; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    spool.clock.advance_ms(kHourMs + kDayMs);
    const auto shown = counters_of("INBOX");
    EXPECT_DOUBLE_EQ(shown.uids_a_day(), 10.0);
    EXPECT_NEAR(shown.years_left(), (2147483648.0 - 20) / 10 / 365.25, 1);
    EXPECT_NEAR(shown.headroom_percent(), 100.0, 0.001);
    EXPECT_EQ(shown.uid_end(), 1u << 31);

    v1::RaiseCountersRequest request;
    *request.add_folders() = shown;
    request.mutable_folders(0)->set_uid_next(1u << 30);
    ASSERT_TRUE(spool.counters->raise(request));
    EXPECT_DOUBLE_EQ(counters_of("INBOX").uids_a_day(), 10.0) << "what is jumped over was not given out";
    EXPECT_NEAR(counters_of("INBOX").headroom_percent(), 50.0, 0.001);
}

TEST_F(CountersTest, TheSiteHasAPaceToo) {
    spool.counters->note_pace();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    spool.clock.advance_ms(3 * kDayMs);
    spool.counters->note_pace();
    auto shown = spool.counters->show(AccountId{0});
    EXPECT_DOUBLE_EQ(shown->message_ids_a_day(), 10.0);
    EXPECT_DOUBLE_EQ(shown->folder_ids_a_day(), 0.0);
    v1::RaiseCountersRequest request;
    request.set_next_message_id(1'000'000);
    ASSERT_TRUE(spool.counters->raise(request));
    EXPECT_DOUBLE_EQ(spool.counters->show(AccountId{0})->message_ids_a_day(), 10.0);
}

TEST(Pace, LooksBackThirtyToSixtyDays) {
    Pace pace;
    std::int64_t now = 1'700'000'000'000;
    EXPECT_TRUE(pace.note(now, 1));
    EXPECT_FALSE(pace.note(now + 29 * kDayMs, 100));
    EXPECT_TRUE(pace.note(now + 30 * kDayMs, 301));
    EXPECT_DOUBLE_EQ(*pace.a_day(now + 30 * kDayMs, 301), 10.0);
    EXPECT_TRUE(pace.note(now + 60 * kDayMs, 601));
    EXPECT_DOUBLE_EQ(*pace.a_day(now + 90 * kDayMs, 301 + 60 * 5), 5.0) << "the first month counts no more";
    EXPECT_FALSE(pace.a_day(now, 700)) << "the clock was put back";
    std::string bytes;
    pace.encode(bytes);
    Reader in(bytes);
    EXPECT_EQ(Pace::decode(in), pace);
    EXPECT_TRUE(in.at_end());
}

TEST_F(CountersTest, RecordsFromBeforeThereWasAPaceAreRead) {
    const auto bytes = FolderRecord().encode();
    const auto old = FolderRecord::decode(std::string_view(bytes).substr(0, bytes.size() - 4));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->pace, Pace());
}

TEST_F(CountersTest, EveryFolderIsListed) {
    spool.add_account();
    std::vector<std::string> seen;
    ASSERT_TRUE(spool.counters->list_folders([&](const v1::FolderCounters& folder) {
        seen.push_back(cat(folder.address(), ' ', folder.folder()));
        return seen.size() < 8;
    }));
    EXPECT_EQ(seen.size(), 8u);
    EXPECT_THAT(seen, Contains("account 1 INBOX"));
}

}  // namespace
}  // namespace tayori::spool

#include "spoold/changes/hub.h"

#include <gmock/gmock.h>

namespace tayori::spool {
namespace {

constexpr AccountId kAnna{1};
constexpr FolderId kInbox{10};
constexpr FolderId kSent{11};

ChangeSet change(FolderId folder, Modseq modseq, std::size_t messages = 1) {
    Change one;
    one.account = kAnna;
    one.folder = folder;
    one.modseq = modseq;
    one.changed.resize(messages);
    ChangeSet set;
    set.push_back(std::move(one));
    return set;
}

std::vector<Modseq> take(Subscriber& subscriber, std::size_t max_bytes = 1 << 20) {
    std::vector<Modseq> modseqs;
    for (const auto& event : subscriber.take(max_bytes)) modseqs.push_back(event->resync() ? 0 : event->modseq());
    return modseqs;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HubTest, WhatTheSnapshotHasIsNotToldAgain) {
    Hub hub;
    int woken = 0;
    const auto subscriber = hub.subscribe([&] { ++woken; });
    hub.publish(change(kInbox, 4));
    subscriber->watch(kAnna, kInbox);
    hub.publish(change(kInbox, 5));
    hub.publish(change(kSent, 6));
    subscriber->set_snapshot(kInbox, 5);
    hub.publish(change(kInbox, 7));
    EXPECT_EQ(woken, 0);
    EXPECT_THAT(take(*subscriber), IsEmpty());
    subscriber->start(kInbox);
    EXPECT_EQ(woken, 1);
    hub.publish(change(kInbox, 5));  // late: the snapshot was taken between commit and publication
    hub.publish(change(kInbox, 8));
    EXPECT_THAT(take(*subscriber), ElementsAre(7, 8));
    hub.publish(change(kInbox, 9));
    EXPECT_EQ(woken, 2);
    subscriber->unwatch(kInbox);
    EXPECT_THAT(take(*subscriber), IsEmpty());
    hub.publish(change(kInbox, 10));
    EXPECT_EQ(woken, 2);
}

TEST(HubTest, ASlowSubscriberGetsOneResyncMarker) {
    Hub hub;
    const auto subscriber = hub.subscribe([] {});
    for (const auto folder : {kInbox, kSent}) {
        subscriber->watch(kAnna, folder);
        subscriber->set_snapshot(folder, 1);
        subscriber->start(folder);
    }
    for (Modseq modseq = 2; modseq < 5000; ++modseq) hub.publish(change(kInbox, modseq));
    hub.publish(change(kSent, 7));
    EXPECT_THAT(take(*subscriber), ElementsAre(0, 7));
    hub.publish(change(kInbox, 5001));
    EXPECT_THAT(take(*subscriber), IsEmpty());
    subscriber->watch(kAnna, kInbox);
    subscriber->set_snapshot(kInbox, 5001);
    subscriber->start(kInbox);
    hub.publish(change(kInbox, 5002));
    EXPECT_THAT(take(*subscriber), ElementsAre(5002));
}

TEST(HubTest, MemoryOfWaitingEventsIsBounded) {
    Hub hub;
    const auto subscriber = hub.subscribe([] {});
    subscriber->watch(kAnna, kInbox);
    subscriber->set_snapshot(kInbox, 1);
    subscriber->start(kInbox);
    for (Modseq modseq = 2; modseq < 200; ++modseq) hub.publish(change(kInbox, modseq, 20'000));
    EXPECT_THAT(take(*subscriber, 1 << 30), ElementsAre(0));
}

TEST(HubTest, AnEventThatIsTooLongBecomesAMarker) {
    Hub hub;
    const auto subscriber = hub.subscribe([] {});
    subscriber->watch(kAnna, kInbox);
    subscriber->start(kInbox);
    hub.publish(change(kInbox, 1, 500'000));
    EXPECT_THAT(take(*subscriber), ElementsAre(0));
}

TEST(HubTest, EventsComeInPortions) {
    Hub hub;
    const auto subscriber = hub.subscribe([] {});
    subscriber->watch(kAnna, kInbox);
    subscriber->start(kInbox);
    for (Modseq modseq = 1; modseq <= 3; ++modseq) hub.publish(change(kInbox, modseq, 100));
    EXPECT_THAT(take(*subscriber, 1), ElementsAre(1));
    EXPECT_THAT(take(*subscriber, 1), ElementsAre(2));
    EXPECT_THAT(take(*subscriber, 1), ElementsAre(3));
    EXPECT_THAT(take(*subscriber, 1), IsEmpty());
}

TEST(HubTest, OpeningAnewWhileEventsWaitKeepsOnlyTheNewOnes) {
    Hub hub;
    const auto subscriber = hub.subscribe([] {});
    subscriber->watch(kAnna, kInbox);
    subscriber->start(kInbox);
    hub.publish(change(kInbox, 1));
    subscriber->watch(kAnna, kInbox);
    hub.publish(change(kInbox, 2));
    EXPECT_THAT(take(*subscriber), IsEmpty());
    subscriber->set_snapshot(kInbox, 1);
    subscriber->start(kInbox);
    EXPECT_THAT(take(*subscriber), ElementsAre(2));
}

TEST(HubTest, ADestroyedSubscriberIsForgotten) {
    Hub hub;
    auto subscriber = hub.subscribe([] {});
    subscriber->watch(kAnna, kInbox);
    subscriber.reset();
    hub.publish(change(kInbox, 1));
}

}  // namespace
}  // namespace tayori::spool

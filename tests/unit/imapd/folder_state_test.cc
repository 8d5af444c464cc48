// The mirror's columns under snapshots and events.
#include "imapd/mirror/folder_state.h"

#include <gtest/gtest.h>

#include "imapd/grammar/flags.h"

namespace tayori::imap {
namespace {

v1::OpenFolderReply snapshot_of(std::initializer_list<Uid> uids, std::uint64_t modseq) {
    v1::OpenFolderReply reply;
    reply.mutable_folder()->set_folder_id(7);
    reply.mutable_folder()->set_uid_validity(5);
    reply.mutable_folder()->set_highest_modseq(modseq);
    auto& keyword = *reply.add_keywords();
    keyword.set_keyword_id(3);
    keyword.set_name("$Junk");
    for (const auto uid : uids) {
        auto& refs = *reply.mutable_references();
        refs.add_uid(uid);
        refs.add_message_id(1000 + uid);
        refs.add_flags(0);
        refs.add_modseq(modseq);
        refs.add_bytes(100);
    }
    return reply;
}

v1::FolderEvent flags_event(Uid uid, std::uint32_t flags, std::uint64_t modseq) {
    v1::FolderEvent event;
    event.set_modseq(modseq);
    event.mutable_changed()->add_uid(uid);
    event.mutable_changed()->add_flags(flags);
    event.mutable_changed()->add_modseq(modseq);
    return event;
}

v1::FolderEvent expunge_event(Uid first, Uid last, std::uint64_t modseq) {
    v1::FolderEvent event;
    event.set_modseq(modseq);
    auto& range = *event.add_expunged();
    range.set_first(first);
    range.set_last(last);
    return event;
}

TEST(FolderState, FollowsEvents) {
    FolderState state;
    state.snapshot(snapshot_of({1, 2, 4}, 10));
    EXPECT_EQ(state.rows().size(), 3u);
    state.apply(flags_event(2, kSeen, 11));
    EXPECT_EQ(state.find(2)->flags, kSeen);
    EXPECT_EQ(state.changed_modseq(), 11u);
    state.apply(flags_event(2, 0, 11));  // heard already
    EXPECT_EQ(state.find(2)->flags, kSeen);
    v1::FolderEvent appended;
    appended.set_modseq(12);
    appended.mutable_appended()->add_uid(9);
    appended.mutable_appended()->add_modseq(12);
    state.apply(appended);
    EXPECT_EQ(state.uid_next(), 10u);
    EXPECT_EQ(state.changed_modseq(), 11u);  // new messages are no changes
    EXPECT_EQ(state.modseq(), 12u);
}

TEST(FolderState, KeepsGhostsUntilAllAreTold) {
    FolderState state;
    state.snapshot(snapshot_of({1, 2, 3}, 10));
    state.apply(expunge_event(2, 2, 11));
    state.apply(expunge_event(3, 9, 12));
    EXPECT_EQ(state.rows().size(), 1u);
    EXPECT_EQ(state.find(2), nullptr);
    ASSERT_NE(state.find_ghost(2), nullptr);
    EXPECT_EQ(state.find_ghost(2)->message_id, 1002u);
    EXPECT_EQ(state.first_expunge_after(10), 11u);
    EXPECT_EQ(state.first_expunge_after(11), 12u);
    state.drop_ghosts(11);
    EXPECT_EQ(state.find_ghost(2), nullptr);
    EXPECT_NE(state.find_ghost(3), nullptr);
}

TEST(FolderState, CatchesUpAfterAReconnect) {
    FolderState state;
    state.snapshot(snapshot_of({1, 2, 3}, 10));
    auto later = snapshot_of({2, 5}, 20);
    auto& gone = *later.add_vanished();
    gone.set_first(3);
    gone.set_last(4);
    later.mutable_references()->set_flags(0, kFlagged);
    state.catch_up(later);
    ASSERT_EQ(state.rows().size(), 3u);
    EXPECT_EQ(state.find(2)->flags, kFlagged);
    EXPECT_NE(state.find(5), nullptr);
    EXPECT_EQ(state.expunged_modseq(), 20u);
    EXPECT_EQ(state.changed_modseq(), 20u);
}

TEST(FolderState, Keywords) {
    FolderState state;
    auto reply = snapshot_of({1, 2}, 10);
    auto& at = *reply.mutable_references()->add_keywords();
    at.set_index(1);
    at.add_keyword_id(3);
    state.snapshot(reply);
    EXPECT_TRUE(state.keywords(state.find(1)->keywords).empty());
    EXPECT_EQ(state.keywords(state.find(2)->keywords), std::vector<std::uint32_t>{3});
    std::uint32_t id = 0;
    EXPECT_TRUE(state.find_keyword("$junk", id));
    EXPECT_EQ(id, 3u);
    state.apply(flags_event(2, 0, 11));
    EXPECT_TRUE(state.keywords(state.find(2)->keywords).empty());
}

}  // namespace
}  // namespace tayori::imap

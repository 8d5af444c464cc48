// One folder, mirrored for all sessions of this process that have it selected: a FolderState that
// spoold's change stream keeps true, through reconnects too (OpenFolder with since_modseq).
//
// Sessions never see a half-applied event, nor anything else than what spoold has made durable.
// When the folder is deleted, renumbered or replaced, gone() turns true for ever and sessions end
// with BYE.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "common/base/sync.h"
#include "common/net/loop.h"
#include "common/rpc/spool.h"
#include "imapd/mirror/folder_state.h"

namespace tayori::imap {

class FolderView;

class FolderMirror : public std::enable_shared_from_this<FolderMirror> {
  public:
    FolderMirror(net::Loop& loop, rpc::Spool& spool, std::uint64_t folder_id);
    FolderMirror(const FolderMirror&) = delete;
    FolderMirror& operator=(const FolderMirror&) = delete;

    // Returns when the mirror is complete; several sessions may wait for it. The ticket is kept for
    // reopening.
    Async<void> open(rpc::Ticket ticket);
    // Returns when the mirror has seen this modseq: what a write has done can then be told (design:
    // a write's tagged OK waits for it). Gives up after kMirrorWait; the write is durable all the
    // same.
    Async<void> wait_for(std::uint64_t modseq);

    // Claims what no session has claimed as \Recent: [first, second) of UIDs for this caller alone.
    Async<NumberSet> claim_recent();

    const FolderState& state() const { return state_; }
    FolderState& state() { return state_; }
    std::uint64_t folder_id() const { return folder_id_; }
    bool gone() const { return gone_; }
    bool usable() const { return complete_ && !gone_; }
    // Notified after changes, once a turn of the loop.
    Event& changed() { return changed_; }
    const rpc::Ticket& ticket() const { return ticket_; }

    void attach(FolderView& view) { views_.push_back(&view); }
    void detach(FolderView& view);
    void forget_told_ghosts();
    std::size_t views() const { return views_.size(); }

  private:
    Async<void> load();
    Async<void> read_snapshot();
    void on_event(const v1::FolderEvent& event);
    void apply(const v1::FolderEvent& event);
    void start_load();
    void announce();

    net::Loop& loop_;
    rpc::Spool& spool_;
    const std::uint64_t folder_id_;
    rpc::Ticket ticket_;
    std::string server_id_;
    FolderState state_;
    bool complete_ = false;  // the first snapshot is in
    bool loading_ = false;
    bool again_ = false;  // a resync came while loading
    bool gone_ = false;
    bool announced_ = false;
    Error failure_;                     // of the first load
    std::deque<v1::FolderEvent> held_;  // came while loading
    Uid claimed_next_ = 0;              // below it everything is claimed
    Event changed_;
    Event loaded_;
    std::vector<FolderView*> views_;
    rpc::Subscription subscription_;
    Tasks tasks_;  // last: cancelled first
};

// The mirrors of this process. Those that nobody has selected stay a while, oldest out, for the
// next SELECT.
class Mirrors {
  public:
    Mirrors(net::Loop& loop, rpc::Spool& spool) : loop_(loop), spool_(spool) {}
    Async<std::shared_ptr<FolderMirror>> open(std::uint64_t folder_id, rpc::Ticket ticket);
    void wake_all();  // so that every waiting session looks whether it has to stop
    std::size_t size() const { return mirrors_.size(); }

  private:
    void tidy();
    net::Loop& loop_;
    rpc::Spool& spool_;
    std::vector<std::shared_ptr<FolderMirror>> mirrors_;  // last used last
};

}  // namespace tayori::imap

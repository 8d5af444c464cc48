#include "imapd/mirror/folder_mirror.h"

#include <algorithm>

#include "common/base/log.h"
#include "imapd/limits.h"
#include "imapd/mirror/folder_view.h"

namespace tayori::imap {

FolderMirror::FolderMirror(net::Loop& loop, rpc::Spool& spool, std::uint64_t folder_id)
    : loop_(loop), spool_(spool), folder_id_(folder_id) {}

Async<void> FolderMirror::open(rpc::Ticket ticket) {
    ticket_ = std::move(ticket);
    if (!complete_ && !loading_) start_load();
    while (loading_ && !complete_) co_await loaded_.wait();
    if (gone_) co_await fail(Kind::not_found, "No such mailbox.");
    if (!complete_) co_await fail(failure_);
}

void FolderMirror::start_load() {
    loading_ = true;
    // A task of its own: the session that asked may go away, others may wait too.
    tasks_.spawn(load());
}

Async<void> FolderMirror::load() {
    if (!complete_) {
        subscription_ =
            spool_.on_folder(folder_id_, [this](const v1::FolderEvent& event) { on_event(event); });
    }
    auto pause = std::chrono::milliseconds(100);
    for (;;) {
        again_ = false;
        held_.clear();
        auto read = co_await read_snapshot().result();
        if (read && !again_) break;
        if (!read &&
            (!complete_ || read.error().kind == Kind::not_found ||
             read.error().kind == Kind::auth_failed || read.error().kind == Kind::unsupported)) {
            failure_ = std::move(read.error());
            gone_ = complete_;
            if (!complete_) subscription_.reset();
            loading_ = false;
            loaded_.notify();
            announce();
            co_return;
        }
        if (!read) {
            co_await loop_.sleep(pause);
            pause = std::min(pause * 2, std::chrono::milliseconds(2000));
        }
    }
    complete_ = true;
    loading_ = false;
    for (const auto& event : held_) apply(event);
    held_.clear();
    loaded_.notify();
    announce();
}

// The whole folder at first, later what happened since the modseq that we have.
Async<void> FolderMirror::read_snapshot() {
    v1::OpenFolder request;
    request.set_folder_id(folder_id_);
    request.set_subscribe(true);
    if (complete_) {
        request.set_since_modseq(state_.modseq());
        request.set_uid_validity(state_.uid_validity());
    } else {
        state_.clear();
    }
    auto replies = spool_.stream(std::move(request), ticket_);
    bool first = true;
    for (;;) {
        auto reply = co_await replies.next();
        if (!reply) break;
        if (first && complete_) {
            // Another store under the same name, or renumbered meanwhile: what sessions know is
            // void.
            const bool same = reply->folder().uid_validity() == state_.uid_validity() &&
                              spool_.server_id() == server_id_;
            if (!same) co_await fail(Kind::not_found, "The mailbox was replaced.");
        }
        if (complete_)
            state_.catch_up(*reply);
        else
            state_.snapshot(*reply);
        first = false;
    }
    server_id_ = spool_.server_id();
}

void FolderMirror::on_event(const v1::FolderEvent& event) {
    if (event.gone()) {
        gone_ = true;
        announce();
        return;
    }
    if (event.resync()) {
        if (loading_)
            again_ = true;
        else
            start_load();
        return;
    }
    if (loading_)
        held_.push_back(event);
    else
        apply(event);
}

void FolderMirror::apply(const v1::FolderEvent& event) {
    state_.apply(event);
    if (views_.empty()) state_.drop_ghosts(UINT64_MAX);
    state_.tidy_keywords();
    announce();
}

// Once a turn: a frame may bring many events for one folder.
void FolderMirror::announce() {
    if (announced_) return;
    announced_ = true;
    loop_.post([weak = weak_from_this()] {
        auto self = weak.lock();
        if (!self) return;
        self->announced_ = false;
        self->changed_.notify();
    });
}

Async<void> FolderMirror::wait_for(std::uint64_t modseq) {
    const auto deadline = loop_.in(kMirrorWait);
    while (state_.modseq() < modseq && !gone_) {
        const bool notified = co_await loop_.wait(changed_, deadline);
        if (!notified) co_return;
    }
}

Async<NumberSet> FolderMirror::claim_recent() {
    NumberSet claimed;
    if (claimed_next_ >= state_.uid_next()) co_return claimed;
    // From here on others need not ask for the same messages.
    const auto before = claimed_next_;
    claimed_next_ = state_.uid_next();
    v1::ClaimRecent request;
    request.set_folder_id(folder_id_);
    auto reply = co_await spool_.call(std::move(request), ticket_).result();
    if (!reply) {
        claimed_next_ = before;
        co_return claimed;
    }
    claimed_next_ = std::max(claimed_next_, reply->uid_next());
    if (reply->first_uid() < reply->uid_next())
        claimed.push_back({reply->first_uid(), reply->uid_next() - 1});
    co_return claimed;
}

void FolderMirror::detach(FolderView& view) {
    std::erase(views_, &view);
    forget_told_ghosts();
}

void FolderMirror::forget_told_ghosts() {
    if (!state_.has_ghosts()) return;
    auto told = UINT64_MAX;
    for (const auto* view : views_) told = std::min(told, view->told_expunges());
    state_.drop_ghosts(told);
}

Async<std::shared_ptr<FolderMirror>> Mirrors::open(std::uint64_t folder_id, rpc::Ticket ticket) {
    std::erase_if(mirrors_, [](const auto& mirror) { return mirror->gone(); });
    auto found = std::find_if(mirrors_.begin(), mirrors_.end(),
                              [&](const auto& mirror) { return mirror->folder_id() == folder_id; });
    std::shared_ptr<FolderMirror> mirror;
    if (found != mirrors_.end()) {
        mirror = *found;
        mirrors_.erase(found);
    } else {
        mirror = std::make_shared<FolderMirror>(loop_, spool_, folder_id);
    }
    mirrors_.push_back(mirror);
    tidy();
    auto opened = co_await mirror->open(std::move(ticket)).result();
    if (!opened) {
        std::erase(mirrors_, mirror);
        co_await fail(std::move(opened.error()));
    }
    co_return mirror;
}

void Mirrors::tidy() {
    std::size_t idle = 0;
    std::size_t rows = 0;
    for (auto at = mirrors_.size(); at-- > 0;) {
        auto& mirror = mirrors_[at];
        if (mirror.use_count() > 1) continue;  // a session has it
        rows += mirror->state().rows().size();
        if (++idle > kIdleMirrorsMax || rows > kIdleMirrorRowsMax)
            mirrors_.erase(mirrors_.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

void Mirrors::wake_all() {
    const auto all = mirrors_;
    for (const auto& mirror : all) mirror->changed().notify();
}

}  // namespace tayori::imap

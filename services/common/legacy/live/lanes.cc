#include "common/legacy/live/lanes.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/legacy/live/limits.h"

namespace tayori::legacy {
namespace {

constexpr const char* kGone = "The mail is gone from the source since it was listed.";

}  // namespace

Result<std::unique_ptr<Link>> connect_patiently(const LinkMaker& make_link, LiveProtocol protocol,
                                                const Patience& patience) {
    auto wait = kLiveBackoffFirst;
    for (unsigned tried = 0;; ++tried) {
        auto link = make_link(protocol);
        if (link || link.error().kind != Kind::closed || tried >= patience.retries) return link;
        patience.pause(wait);
        wait = std::min(wait * 2, kLiveBackoffMax);
    }
}

ImapLane::~ImapLane() {
    if (session_) session_->goodbye();
}

Result<ImapSession*> ImapLane::session() {
    if (session_) return session_.get();
    auto link = connect_patiently(make_link_, LiveProtocol::imap, patience_);
    if (!link) return fail(std::move(link.error()));
    auto session = std::make_unique<ImapSession>(std::move(*link), message_bytes_max_);
    if (auto started = session->start(); !started) return fail(std::move(started.error()));
    session_ = std::move(session);
    examined_.clear();
    return session_.get();
}

Result<ExaminedFolder> ImapLane::examine(const std::string& raw_folder) {
    auto open = session();
    if (!open) return fail(std::move(open.error()));
    examined_.clear();
    auto folder = (*open)->examine(raw_folder);
    if (folder) examined_ = raw_folder;
    return folder;
}

Result<void> ImapLane::open(const LivePlace& place) {
    auto folder = examine(place.raw_folder);
    if (!folder) return fail(std::move(folder.error()));
    if (folder->uid_validity == place.uid_validity) return {};
    examined_.clear();
    return fail(Kind::not_found, "The folder was numbered anew at the source since it was listed.");
}

std::size_t ImapLane::window() const { return kLiveWindowMails; }

Result<void> ImapLane::ask(const LivePlace& place) { return session_->ask(place.uid); }

Result<std::string> ImapLane::take() {
    auto body = session_->take();
    if (!body) return fail(std::move(body.error()));
    if (body->bytes) return std::move(*body->bytes);
    if (body->refusal.empty()) return fail(Kind::not_found, kGone);
    return fail(Kind::denied, cat("The server says: ", body->refusal));
}

void ImapLane::lose() {
    session_.reset();
    examined_.clear();
}

Result<Pop3Session*> Pop3Lane::session() {
    if (session_) return session_.get();
    auto link = connect_patiently(make_link_, LiveProtocol::pop3, patience_);
    if (!link) return fail(std::move(link.error()));
    auto session = std::make_unique<Pop3Session>(std::move(*link), message_bytes_max_);
    if (auto started = session->start(); !started) return fail(std::move(started.error()));
    auto drop = session->drop();
    if (!drop) return fail(std::move(drop.error()));
    drop_ = std::move(*drop);
    numbers_.clear();
    for (const auto& line : drop_) numbers_.emplace(line.key, line.number);
    session_ = std::move(session);
    return session_.get();
}

void Pop3Lane::close() {
    if (session_) session_->goodbye();
    session_.reset();
}

Result<void> Pop3Lane::open(const LivePlace& place) {
    auto open = session();
    if (!open) return fail(std::move(open.error()));
    if (!numbers_.contains(place.uidl)) return fail(Kind::not_found, kGone);
    return {};
}

Result<void> Pop3Lane::ask(const LivePlace& place) { return session_->ask(numbers_.at(place.uidl)); }

Result<std::string> Pop3Lane::take() { return session_->take(); }

}  // namespace tayori::legacy

#include "common/legacy/live/bodies.h"

#include <utility>

#include "common/base/text.h"
#include "common/legacy/live/limits.h"

namespace tayori::legacy {
std::string Bodies::key_of(const LivePlace& place) { return cat(place.raw_folder, '\n', place.uid, '\n', place.uidl); }

void Bodies::expect(std::vector<LivePlace> places) {
    expected_ = std::move(places);
    at_.clear();
    for (std::size_t i = 0; i < expected_.size(); ++i) at_.emplace(key_of(expected_[i]), i);
    next_ = expected_.size();  // aim() finds where it begins
}

bool Bodies::is_asked(const std::string& key) const {
    for (const auto& place : asked_)
        if (key_of(place) == key) return true;
    return false;
}

void Bodies::lose() {
    lane_.lose();
    asked_.clear();
    asked_bytes_ = 0;
}

// What is on its way is not what is wanted: it has to be read all the same.
Result<void> Bodies::drain() {
    early_.clear();
    while (!asked_.empty()) {
        asked_.pop_front();
        auto body = lane_.take();
        if (!body && ends_session(body.error())) return fail(std::move(body.error()));
    }
    asked_bytes_ = 0;
    return {};
}

Result<void> Bodies::ask_ahead() {
    while (next_ < expected_.size() && asked_.size() < lane_.window() && lane_.is_open(expected_[next_])) {
        const auto& place = expected_[next_];
        if (!asked_.empty() && asked_bytes_ + place.octets > kLiveWindowBytes) break;
        if (auto sent = lane_.ask(place); !sent) return sent;
        asked_.push_back(place);
        asked_bytes_ += place.octets;
        ++next_;
    }
    return {};
}

// Afterwards the place is among those that are asked for.
Result<void> Bodies::aim(const LivePlace& place) {
    if (is_asked(key_of(place))) return ask_ahead();
    if (auto drained = drain(); !drained) return drained;
    if (!lane_.is_open(place)) {
        opening_ = true;
        if (auto opened = lane_.open(place); !opened) return opened;
        opening_ = false;
    }
    const auto known = at_.find(key_of(place));
    if (known != at_.end()) {
        next_ = known->second;
        return ask_ahead();
    }
    next_ = expected_.size();
    if (auto sent = lane_.ask(place); !sent) return sent;
    asked_.push_back(place);
    asked_bytes_ += place.octets;
    return {};
}

Result<std::string> Bodies::attempt(const LivePlace& place) {
    opening_ = false;
    const auto key = key_of(place);
    if (const auto early = early_.find(key); early != early_.end()) {
        auto body = std::move(early->second);
        early_.erase(early);
        return body;
    }
    if (auto aimed = aim(place); !aimed) return fail(std::move(aimed.error()));
    for (;;) {
        const auto front = std::move(asked_.front());
        asked_.pop_front();
        asked_bytes_ -= front.octets;
        auto body = lane_.take();
        if (key_of(front) == key) return body;
        if (!body && ends_session(body.error())) return body;
        early_.emplace(key_of(front), std::move(body));
    }
}

Result<std::string> Bodies::read(const LivePlace& place) {
    for (unsigned tries = 0; tries < kLiveTriesOfOneMail; ++tries) {
        auto body = attempt(place);
        if (body || !ends_session(body.error())) return body;
        lose();
        if (body.error().kind == Kind::too_big) return body;
        if (opening_ && tries + 1 == kLiveTriesOfOneMail) return fail(Kind::closed, std::move(body.error().text));
    }
    return fail(Kind::denied, "The connection is lost whenever this mail is read.");
}

}  // namespace tayori::legacy

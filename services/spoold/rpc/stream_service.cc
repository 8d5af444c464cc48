#include "spoold/rpc/stream_service.h"

#include <algorithm>
#include <thread>

#include "common/base/log.h"

namespace tayori::spool {

namespace {

inline constexpr std::chrono::milliseconds kDrainLook{5};

// A stream that is refused before it says anything.
class Refusal final : public grpc::ServerBidiReactor<v1::ClientFrame, v1::ServerFrame> {
  public:
    Refusal() { Finish({grpc::StatusCode::UNAVAILABLE, "too many streams, or spoold stops"}); }
    void OnDone() override { delete this; }
};

}  // namespace

std::uint64_t Streams::add() {
    std::lock_guard lock(mutex_);
    if (stopping_ || entries_.size() >= kStreamsMax) return 0;
    const auto id = next_++;
    entries_.emplace(id, Entry());
    return id;
}

void Streams::set_session(std::uint64_t id, std::weak_ptr<Session> session) {
    const auto living = session.lock();
    if (living == nullptr) return;
    bool late = false;
    std::string level;
    {
        std::lock_guard lock(mutex_);
        auto found = entries_.find(id);
        if (found == entries_.end()) return;
        found->second.session = std::move(session);
        late = stopping_;
        level = log_level_;
    }
    if (late) living->refuse_new_calls();
    if (!level.empty()) living->tell_log_level(std::move(level));
}

void Streams::set_log_level(const std::string& name) {
    {
        std::lock_guard lock(mutex_);
        log_level_ = name;
    }
    for (auto& session : sessions()) session->tell_log_level(name);
}

void Streams::tell_directory_version(std::uint64_t version) {
    for (auto& session : sessions()) session->tell_directory_version(version);
}

std::vector<std::uint64_t> Streams::tell_plugin_reload(const v1::PluginReload& reload) {
    std::vector<std::uint64_t> told;
    for (auto& session : sessions()) {
        if (session->tell_plugin_reload(reload)) told.push_back(session->id());
    }
    return told;
}

void Streams::set_info(std::uint64_t id, SessionInfo info) {
    std::lock_guard lock(mutex_);
    auto found = entries_.find(id);
    if (found != entries_.end()) found->second.info = std::move(info);
}

void Streams::remove(std::uint64_t id) {
    std::lock_guard lock(mutex_);
    entries_.erase(id);
}

std::size_t Streams::size() const {
    std::lock_guard lock(mutex_);
    return entries_.size();
}

std::vector<v1::DaemonStatus> Streams::daemons() const {
    std::vector<v1::DaemonStatus> daemons;
    std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : entries_) {
        if (entry.info.kind != v1::STREAM_KIND_CONTROL) continue;
        auto& daemon = daemons.emplace_back();
        daemon.set_program(entry.info.program);
        daemon.set_instance(entry.info.instance);
        daemon.set_connected_s(entry.info.opened_ms / 1000);
        daemon.set_version(entry.info.version);
    }
    return daemons;
}

std::vector<std::shared_ptr<Session>> Streams::sessions() const {
    std::vector<std::shared_ptr<Session>> sessions;
    std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : entries_) {
        if (auto session = entry.session.lock()) sessions.push_back(std::move(session));
    }
    return sessions;
}

void Streams::drain(std::chrono::system_clock::time_point deadline) {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    for (auto& session : sessions()) session->refuse_new_calls();
    while (std::chrono::system_clock::now() < deadline) {
        const auto all = sessions();
        if (std::all_of(all.begin(), all.end(),
                        [](const auto& session) { return session->is_idle(); }))
            break;
        std::this_thread::sleep_for(kDrainLook);
    }
    for (auto& session : sessions()) session->finish();
}

grpc::ServerBidiReactor<v1::ClientFrame, v1::ServerFrame>* StreamService::Open(
    grpc::CallbackServerContext* context) {
    const auto id = streams_.add();
    if (id == 0) return new Refusal();
    auto admit = [this, context, id](const v1::Hello& hello) {
        SessionInfo info;
        info.program = hello.program().substr(0, kNameBytesMax);
        info.instance = hello.instance().substr(0, kNameBytesMax);
        info.kind = hello.kind();
        info.version = std::min(hello.version(), rpc::kVersion);
        info.role = gate_.role(*context, hello.program());
        info.opened_ms = streams_.clock().now_ms();
        if (info.role.daemon) {
            log_info("a daemon's stream opened", {{"program", info.program},
                                                  {"instance", info.instance},
                                                  {"kind", v1::StreamKind_Name(info.kind)}});
            streams_.set_info(id, info);
        }
        return info;
    };
    auto parts = std::make_shared<Session::Parts>(
        Session::Parts{handler_, writer_, std::move(admit), counts_, server_id_,
                       [this, id](const Session&) { streams_.remove(id); }});
    auto session = Session::open(std::move(parts));
    streams_.set_session(id, session);
    return session.get();
}

}  // namespace tayori::spool

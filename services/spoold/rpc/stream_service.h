// The service SpoolStream: admits daemons, keeps the list of their streams.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/session.h"
#include "tayori/spool/v1/admin.pb.h"
#include "tayori/spool/v1/stream.grpc.pb.h"

namespace tayori::spool {

// The open streams of all doors. Thread-safe.
class Streams {
  public:
    explicit Streams(const Clock& clock) : clock_(clock) {}
    // 0: there are kStreamsMax already, or spoold stops.
    std::uint64_t add();
    void set_session(std::uint64_t id, std::weak_ptr<Session> session);
    void set_info(std::uint64_t id, SessionInfo info);
    void remove(std::uint64_t id);

    std::size_t size() const;
    // One entry for each daemon's control stream.
    std::vector<v1::DaemonStatus> daemons() const;
    // Told to every daemon, also to those that come later.
    void set_log_level(const std::string& name);
    void tell_directory_version(std::uint64_t version);
    // To every daemon that is connected; the ids of their control sessions.
    std::vector<std::uint64_t> tell_plugin_reload(const v1::PluginReload& reload);
    // No more are added, and new calls are refused as busy. Waits until those that run are answered, or the deadline;
    // then ends all streams. Only then, since a daemon takes the end of one for the end of both.
    void drain(std::chrono::system_clock::time_point deadline);
    const Clock& clock() const { return clock_; }

  private:
    std::vector<std::shared_ptr<Session>> sessions() const;

    struct Entry {
        std::weak_ptr<Session> session;
        SessionInfo info;
    };
    const Clock& clock_;
    mutable std::mutex mutex_;
    absl::flat_hash_map<std::uint64_t, Entry> entries_;
    std::uint64_t next_ = 1;
    std::string log_level_;  // empty: what each daemon's settings say
    bool stopping_ = false;
};

class StreamService final : public v1::SpoolStream::CallbackService {
  public:
    StreamService(Gate gate, Streams& streams, Handler& handler, Workers& writer,
                  CallCounts& counts, std::string server_id)
        : gate_(gate),
          streams_(streams),
          handler_(handler),
          writer_(writer),
          counts_(counts),
          server_id_(std::move(server_id)) {}

    grpc::ServerBidiReactor<v1::ClientFrame, v1::ServerFrame>* Open(
        grpc::CallbackServerContext* context) override;

  private:
    Gate gate_;
    Streams& streams_;
    Handler& handler_;
    Workers& writer_;
    CallCounts& counts_;
    std::string server_id_;
};

}  // namespace tayori::spool

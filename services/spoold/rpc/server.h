// spoold's doors: gRPC servers over the services. One for each kind of door, since a unix socket
// stands for a role.
//
// Order of the end: stop() refuses new calls as busy, lets the running ones be answered, at most until
// the deadline, then cuts off. Afterwards no thread of gRPC is in our code any more, and the store may
// be closed.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "spoold/backup/backups.h"
#include "spoold/fetch/fetches.h"
#include "spoold/legacy/imports.h"
#include "spoold/queue/outgoing.h"
#include "spoold/rpc/admin_service.h"
#include "spoold/rpc/dispatch.h"
#include "spoold/rpc/job_service.h"
#include "spoold/rpc/pki.h"
#include "spoold/rpc/stream_service.h"
#include "spoold/srs/forwarding.h"

namespace grpc {
class Server;
}

namespace tayori::spool {

struct ServerOptions {
    // "unix:/path" for the daemons (administrators get admin.sock beside it) or "host:port" for all
    // with certificates.
    std::vector<std::string> listen;
    ServerPems pems;  // needed for host:port
    std::string server_id;
    std::size_t reader_threads = 2;
};

struct ServerParts {
    Directory& directory;
    Auth& auth;
    Tickets& tickets;
    Mailboxes& mailboxes;
    Intake& intake;
    Hub& hub;
    store::Store& store;
    Counters& counters;
    Undelete& undelete;
    Queue& queue;
    Outgoing& outgoing;
    Jobs& jobs;
    Forms& forms;
    Imports& imports;
    Fetches& fetches;
    Backups& backups;
    Dkim& dkim;
    Forwarding& forwarding;
    Plugins& plugins;
    PluginWork& plugin_work;
    const Clock& clock;
    Metrics& metrics;  // outlives the server
    std::vector<std::string> warnings;
};

class Server {
  public:
    static Result<std::unique_ptr<Server>> start(ServerOptions options, ServerParts parts);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Ports of the host:port entries of `listen`, in their order.
    const std::vector<int>& ports() const { return ports_; }
    const Streams& streams() const { return streams_; }

    void stop(std::chrono::milliseconds grace);

  private:
    struct Door;
    Server(ServerOptions options, const ServerParts& parts);
    struct Services {  // what the administrators' services are made of
        AdminService::Parts admin;
        JobService::Parts jobs;
        Imports& imports;
        Fetches& fetches;
        Backups& backups;
        Outgoing& outgoing;
        Dkim& dkim;
        Forwarding& forwarding;
        Plugins& plugins;
    };
    Result<void> open(const Services& services);
    Result<void> open_door(const std::string& address, Entry entry, const Services& services);

    static constexpr std::size_t kTransferThreads = 2;

    ServerOptions options_;
    Workers readers_;
    Workers writer_;
    Workers administration_;
    Workers transfers_;  // imports and exports: they take long
    Workers bulk_;
    Workers backup_;
    Workers reloads_;    // a reload of plugins waits for the daemons
    Streams streams_;
    CallCounts counts_;
    std::unique_ptr<Dispatcher> dispatcher_;
    std::vector<std::unique_ptr<Door>> doors_;
    std::vector<int> ports_;
    bool stopped_ = false;
};

}  // namespace tayori::spool

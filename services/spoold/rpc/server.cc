#include "spoold/rpc/server.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/grpcpp.h>
#include <sys/stat.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/rpc/address.h"
#include "common/rpc/runtime.h"
#include "spoold/rpc/backup_service.h"
#include "spoold/rpc/bulk_service.h"
#include "spoold/rpc/directory_service.h"
#include "spoold/rpc/dkim_service.h"
#include "spoold/rpc/fetch_service.h"
#include "spoold/rpc/import_service.h"
#include "spoold/rpc/plugin_service.h"
#include "spoold/rpc/queue_service.h"

namespace tayori::spool {

namespace {

inline constexpr std::string_view kUnixPrefix = "unix:";
inline constexpr mode_t kDaemonSocketMode = 0660;

bool is_unix(std::string_view address) { return address.starts_with(kUnixPrefix); }

std::shared_ptr<grpc::ServerCredentials> tls_credentials(const ServerPems& pems) {
    grpc::SslServerCredentialsOptions tls(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = pems.ca;
    tls.pem_key_cert_pairs.push_back({pems.key, pems.certificate});
    return grpc::SslServerCredentials(tls);
}

void set_limits(grpc::ServerBuilder& builder) {
    grpc::ResourceQuota quota("spoold");
    quota.SetMaxThreads(kGrpcThreadsMax);
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(static_cast<int>(rpc::kMessageBytesMax));
    builder.SetMaxSendMessageSize(static_cast<int>(rpc::kMessageBytesMax));
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, rpc::kStreamWindowBytes);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, rpc::kHttp2FrameMax);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveIntervalMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                               kPingIntervalMinMs);
}

}  // namespace

// One gRPC server with what may be asked of it.
struct Server::Door {
    std::unique_ptr<StreamService> streams;
    std::unique_ptr<DirectoryService> directory;
    std::unique_ptr<BulkService> bulk;
    std::unique_ptr<AdminService> admin;
    std::unique_ptr<JobService> jobs;
    std::unique_ptr<ImportService> imports;
    std::unique_ptr<FetchService> fetch;
    std::unique_ptr<ExportService> exports;
    std::unique_ptr<BackupService> backup;
    std::unique_ptr<QueueService> queue;
    std::unique_ptr<DkimService> dkim;
    std::unique_ptr<SrsService> srs;
    std::unique_ptr<PluginService> plugins;
    std::unique_ptr<grpc::Server> server;
};

Server::Server(ServerOptions options, const ServerParts& parts)
    : options_(std::move(options)),
      readers_(options_.reader_threads),
      writer_(1),
      administration_(1),
      transfers_(kTransferThreads),
      bulk_(1),
      backup_(1),
      reloads_(1),
      streams_(parts.clock),
      counts_(parts.metrics) {}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, ServerParts parts) {
    std::unique_ptr<Server> server(new Server(std::move(options), parts));
    server->dispatcher_ = std::make_unique<Dispatcher>(
        Dispatcher::Parts{parts.directory, parts.auth, parts.tickets, parts.mailboxes, parts.intake,
                          parts.hub, parts.jobs, parts.forms, parts.outgoing, parts.dkim, parts.plugins,
                          parts.plugin_work, server->readers_});
    Services services{{parts.store, parts.directory, parts.mailboxes, parts.counters, parts.undelete, parts.queue, parts.outgoing,
                       server->streams_, server->administration_, server->options_.server_id,
                       parts.clock.now_ms() / 1000, std::move(parts.warnings)},
                      {parts.jobs, parts.forms, server->administration_, server->writer_},
                      parts.imports, parts.fetches, parts.backups, parts.outgoing, parts.dkim, parts.forwarding,
                      parts.plugins};
    parts.directory.on_change(
        [&streams = server->streams_](std::uint64_t version) { streams.tell_directory_version(version); });
    auto started = parts.outgoing.start([&readers = server->readers_](std::function<void()> job) { readers.post(std::move(job)); });
    if (!started) return fail(std::move(started.error()));
    auto opened = server->open(services);
    if (!opened) return fail(std::move(opened.error()));
    return server;
}

Result<void> Server::open(const Services& services) {
    rpc::keep_grpc();
    grpc::EnableDefaultHealthCheckService(true);
    for (const auto& address : options_.listen) {
        auto opened =
            open_door(address, is_unix(address) ? Entry::daemons : Entry::certificates, services);
        if (opened && is_unix(address)) {
            opened = open_door(rpc::admin_address(address), Entry::administration, services);
        }
        if (!opened) return opened;
    }
    return {};
}

Result<void> Server::open_door(const std::string& address, Entry entry, const Services& services) {
    auto door = std::make_unique<Door>();
    grpc::ServerBuilder builder;
    set_limits(builder);
    const Gate gate(entry);
    if (entry != Entry::administration) {
        door->streams = std::make_unique<StreamService>(gate, streams_, *dispatcher_, writer_, counts_,
                                                        options_.server_id);
        builder.RegisterService(door->streams.get());
    }
    if (entry != Entry::daemons) {
        door->directory =
            std::make_unique<DirectoryService>(gate, services.admin.directory, administration_);
        door->bulk = std::make_unique<BulkService>(gate, Bulk(services.admin.directory.core()), bulk_);
        door->admin = std::make_unique<AdminService>(gate, services.admin);
        door->jobs = std::make_unique<JobService>(gate, services.jobs);
        builder.RegisterService(door->directory.get());
        builder.RegisterService(door->bulk.get());
        builder.RegisterService(door->admin.get());
        builder.RegisterService(door->jobs.get());
        door->imports = std::make_unique<ImportService>(gate, services.imports, services.admin.mailboxes, services.fetches,
                                                        transfers_);
        door->fetch = std::make_unique<FetchService>(gate, services.fetches, administration_);
        door->exports = std::make_unique<ExportService>(gate, services.admin.mailboxes, services.admin.directory, transfers_);
        builder.RegisterService(door->imports.get());
        builder.RegisterService(door->fetch.get());
        builder.RegisterService(door->exports.get());
        door->backup = std::make_unique<BackupService>(gate, services.backups, backup_, administration_);
        builder.RegisterService(door->backup.get());
        door->queue = std::make_unique<QueueService>(gate, services.outgoing, administration_);
        builder.RegisterService(door->queue.get());
        door->dkim = std::make_unique<DkimService>(gate, services.dkim, administration_);
        door->srs = std::make_unique<SrsService>(gate, services.forwarding);
        door->plugins = std::make_unique<PluginService>(gate, services.plugins, streams_, administration_, reloads_);
        builder.RegisterService(door->plugins.get());
        builder.RegisterService(door->dkim.get());
        builder.RegisterService(door->srs.get());
    }
    int port = 0;
    const bool local = is_unix(address);
    builder.AddListeningPort(
        address, local ? grpc::InsecureServerCredentials() : tls_credentials(options_.pems), &port);
    // The socket is made with the narrowest mode and opened up afterwards, never the other way
    // round.
    const auto mask = ::umask(0177);
    door->server = builder.BuildAndStart();
    ::umask(mask);
    if (door->server == nullptr || port == 0)
        return fail(Kind::busy, cat("Can't listen on ", address, "."));
    if (local && entry == Entry::daemons)
        ::chmod(address.c_str() + kUnixPrefix.size(), kDaemonSocketMode);
    if (!local) ports_.push_back(port);
    log_info("listening", {{"address", address}, {"port", port}});
    doors_.push_back(std::move(door));
    return {};
}

void Server::stop(std::chrono::milliseconds grace) {
    if (std::exchange(stopped_, true)) return;
    const auto deadline = std::chrono::system_clock::now() + grace;
    for (auto& door : doors_) {
        if (auto* health = door->server->GetHealthCheckService()) health->SetServingStatus(false);
    }
    streams_.drain(deadline);
    for (auto& door : doors_) door->server->Shutdown(deadline);
    for (auto& door : doors_) door->server->Wait();
    doors_.clear();
}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

}  // namespace tayori::spool

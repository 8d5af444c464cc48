// All of spoold, built by hand from the store up, and taken down in the one order that is safe.
//
// data_dir/ store/ (the store's own), run/ (sockets), pki/ (certificates for TCP), secrets.key (common/crypto/sealed.h)
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/metrics.h"
#include "common/settings/settings.h"
#include "spoold/rpc/server.h"
#include "spoold/store/engine.h"

namespace tayori::spool {

// What the settings say about the store, and where it lies.
store::Options store_options(const settings::Settings& settings, const Clock& clock);

// data_dir and what must lie in it.
Result<void> make_folders(const settings::Settings& settings);

class Site {
  public:
    // Opens the store, checks the counters, and serves. `on_fatal`: the disk failed; stop soon and
    // start anew.
    static Result<std::unique_ptr<Site>> start(const settings::Settings& settings,
                                               const Clock& clock, store::Files* files,
                                               std::function<void(const std::string&)> on_fatal);
    // Answers what runs, at most for `grace`, then closes the store.
    void stop(std::chrono::milliseconds grace);
    ~Site();
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    const std::vector<int>& ports() const { return server_->ports(); }

  private:
    Site(const settings::Settings& settings, const Clock& clock)
        : settings_(settings), clock_(clock) {}
    Result<void> open(store::Files* files, std::function<void(const std::string&)> on_fatal);
    Result<void> open_directory();
    Result<void> open_queue();
    Result<void> serve();
    Result<std::string> server_id();
    JobHooks job_hooks();
    void declare_metrics();
    void declare_queue_metrics();
    void declare_plugin_metrics();
    void open_plugin_work();
    void keep_house();

    const settings::Settings settings_;
    const Clock& clock_;
    std::vector<std::string> warnings_;

    // In the order of building. The store's last callbacks may reach everything that stands after
    // it, so stop() closes it before they go.
    std::unique_ptr<store::CopyableStore> store_;
    Hub hub_;
    std::unique_ptr<Mailboxes> mailboxes_;
    std::unique_ptr<Directory> directory_;
    std::unique_ptr<Tickets> tickets_;
    std::unique_ptr<Auth> auth_;
    std::unique_ptr<crypto::Sealer> sealer_;
    std::unique_ptr<Dkim> dkim_;
    std::unique_ptr<Forwarding> forwarding_;
    std::unique_ptr<Plugins> plugins_;
    std::unique_ptr<Intake> intake_;
    std::unique_ptr<Counters> counters_;
    std::unique_ptr<Undelete> undelete_;
    std::unique_ptr<Queue> queue_;
    std::unique_ptr<Routes> routes_;
    std::unique_ptr<Outgoing> outgoing_;
    std::unique_ptr<PluginWork> plugin_work_;
    std::unique_ptr<Imports> imports_;
    std::unique_ptr<Fetches> fetches_;
    std::unique_ptr<Janitor> janitor_;
    std::unique_ptr<Backups> backups_;
    std::unique_ptr<Forms> forms_;
    std::unique_ptr<Jobs> jobs_;
    std::unique_ptr<Metrics> metrics_;
    std::unique_ptr<Server> server_;

    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread housekeeper_;
};

}  // namespace tayori::spool

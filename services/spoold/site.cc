#include "spoold/site.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"
#include "spoold/outbound_parts.h"
#include "spoold/places.h"
#include "spoold/store/commit.h"

namespace tayori::spool {

namespace {

inline constexpr std::chrono::seconds kHousekeeping{60};
inline constexpr std::size_t kServerIdBytes = 12;

Result<void> make_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail(Kind::busy, cat("Can't make ", path, ": ", error.message(), "."));
    return {};
}

}  // namespace

Result<void> make_folders(const settings::Settings& settings) {
    for (const auto& folder :
         {settings.site.data_dir, settings.path("store"), settings.path("run")}) {
        auto made = make_folder(folder);
        if (!made) return made;
    }
    return {};
}

store::Options store_options(const settings::Settings& settings, const Clock& clock) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const auto& from = settings.store;
    store::Options options;
    options.directory = settings.path("store");
    options.clock = &clock;
    options.segment_bytes = from.segment_bytes;
    options.group_bytes_max = from.group_bytes_max;
    options.queue_requests_max = settings.spoold.pending_max;
    options.unflushed_bytes_max = from.flush_bytes;
    options.block_cache_bytes = from.cache_bytes;
    options.free_min_bytes = from.free_min;
    options.checkpoint_every_bytes = from.checkpoint_bytes;
    options.compact_dead_percent = from.compact_dead_percent;
    options.upload_expires_ms = duration_cast<milliseconds>(from.staging_hours).count();
    options.hold_bytes_max = settings.backup.log_bytes_max;
    return options;
}

Result<std::unique_ptr<Site>> Site::start(const settings::Settings& settings, const Clock& clock,
                                          store::Files* files,
                                          std::function<void(const std::string&)> on_fatal) {
    std::unique_ptr<Site> site(new Site(settings, clock));
    auto started = site->open(files, std::move(on_fatal));
    if (started) started = site->open_directory();
    if (started) started = site->serve();
    if (!started) return fail(std::move(started.error()));
    return site;
}

Result<void> Site::open(store::Files* files, std::function<void(const std::string&)> on_fatal) {
    auto made = make_folders(settings_);
    if (!made) return made;
    auto options = store_options(settings_, clock_);
    options.files = files;
    options.on_fatal = std::move(on_fatal);
    options.answers_begin = Session::gather_begin;
    options.answers_end = Session::gather_end;
    auto opened = store::open_embedded(std::move(options));
    if (!opened) return fail(std::move(opened.error()));
    store_ = std::move(*opened);
    return {};
}

Result<void> Site::open_directory() {
    MailboxSettings mailbox;
    mailbox.undelete_days = settings_.store.undelete_days;
    mailbox.reserve_bytes_min = settings_.accounts.reserve_bytes;
    mailbox.uid_renumber_at = settings_.imap4.uid_renumber_at;
    mailbox.convert_at_login = settings_.imap4.convert_at_login;
    if (settings_.imap4.enabled != settings::Imap4Use::switched)
        mailbox.imap4_pinned = settings_.imap4.enabled == settings::Imap4Use::yes;
    mailboxes_ = std::make_unique<Mailboxes>(*store_, hub_, clock_,
                                             LimitsSource::of_directory(*store_), mailbox);

    DirectoryOptions options;
    options.postmaster = settings_.accounts.postmaster;
    options.default_domain = settings_.auth.default_domain;
    options.tag_separator = settings_.accounts.tag_separator;
    options.quota_bytes = settings_.accounts.quota_bytes;
    options.quota_messages = settings_.accounts.quota_messages;
    options.undelete_days = settings_.accounts.undelete_days;
    options.retire_days = settings_.accounts.retire_days;
    options.scram_iterations = settings_.auth.scram_iterations;
    options.verifications_max = settings_.auth.verifications_max;
    options.login_cache_ms = std::chrono::milliseconds(settings_.auth.cache_s).count();
    options.failures_max = settings_.auth.failures_max;
    options.failure_window_ms = std::chrono::milliseconds(settings_.auth.failure_window_s).count();
    auto directory = Directory::open(*store_, clock_, mailboxes_->hooks(), options);
    if (!directory) return fail(std::move(directory.error()));
    directory_ = std::move(*directory);
    tickets_ = std::make_unique<Tickets>(directory_->core());
    auth_ = std::make_unique<Auth>(*directory_, *tickets_);
    undelete_ = std::make_unique<Undelete>(*mailboxes_);
    if (auto opened = open_queue(); !opened) return opened;
    imports_ = std::make_unique<Imports>(*mailboxes_, *directory_);
    auto fetches = Fetches::open({*mailboxes_, *directory_, *imports_, clock_, *sealer_,
                                  static_cast<std::uint32_t>(settings_.fetch.lease_s.count())});
    if (!fetches) return fail(std::move(fetches.error()));
    fetches_ = std::move(*fetches);
    janitor_ = std::make_unique<Janitor>(*mailboxes_);
    forms_ = std::make_unique<Forms>(*mailboxes_);
    jobs_ = std::make_unique<Jobs>(*mailboxes_, *store_, clock_, job_hooks());
    auto place = backup_place(settings_);
    if (!place) return fail(std::move(place.error()));
    backups_ = std::make_unique<Backups>(
        Backups::Parts{*store_, *directory_, *mailboxes_},
        BackupOptions{std::move(*place), settings_.path("store"), settings_.path("past"), TAYORI_VERSION});
    const auto address_of = [this](AccountId account) {
        return directory_->address_of(raw(account)).value_or(cat("account ", raw(account)));
    };
    counters_ = std::make_unique<Counters>(Counters::Parts{*store_, clock_, address_of, job_hooks().account_of,
                                                           mailboxes_->parts().raised, mailbox.uid_renumber_at});
    auto repaired = counters_->repair();
    if (!repaired) return fail(std::move(repaired.error()));
    for (const auto& raised : repaired->raised()) warnings_.push_back(cat("A counter was raised: ", sentence_of(raised), "."));
    return {};
}

// What goes out: keys that sign it, reverse paths of what is forwarded, the queue, and intake, which fills it.
Result<void> Site::open_queue() {
    queue_ = std::make_unique<Queue>(*store_);
    sealer_ = std::make_unique<crypto::Sealer>(settings_.path(settings_.spoold.secrets_key));
    dkim_ = std::make_unique<Dkim>(*store_, clock_, *directory_, *sealer_);
    auto forwarding = Forwarding::open(*store_, clock_, forwarding_options(settings_));
    if (!forwarding) return fail(std::move(forwarding.error()));
    forwarding_ = std::move(*forwarding);
    directory_->on_return_path([this](const std::string& recipient) { return forwarding_->behind(recipient); });
    auto plugins = Plugins::open(*directory_);
    if (!plugins) return fail(std::move(plugins.error()));
    plugins_ = std::move(*plugins);
    auto hooks = outgoing_hooks(*store_, *directory_, *dkim_);
    routes_ = std::make_unique<Routes>(*store_, *sealer_, hooks.is_ours);
    if (auto loaded = routes_->load(); !loaded) return loaded;
    outgoing_ = std::make_unique<Outgoing>(*store_, clock_, *routes_, outgoing_options(settings_), std::move(hooks));
    auto options = intake_options(settings_);
    options.queued = [this](const std::vector<QueuedMail>& mails) { outgoing_->queued(mails); };
    options.dropped = [this](const std::vector<DroppedState>& dropped) { plugins_->dropped(dropped); };
    options.rewrite = [this](const std::string& sender, const std::string& domain) { return forwarding_->reverse_path(sender, domain); };
    intake_ = std::make_unique<Intake>(*mailboxes_, std::move(options));
    open_plugin_work();
    return {};
}

void Site::open_plugin_work() {
    PluginWork::Parts parts{*directory_, *tickets_, *mailboxes_, *plugins_,
                            [this](const std::vector<QueuedMail>& mails) { outgoing_->queued(mails); }};
    plugin_work_ = std::make_unique<PluginWork>(std::move(parts));
    mailboxes_->parts().watch = [this](const ChangeSet& changes) { plugin_work_->touched(changes); };
}

// Made with the store, so another store has another one: daemons then forget what they have cached.
Result<std::string> Site::server_id() {
    auto known = store_->get(keys::kServerId);
    if (!known) return fail(std::move(known.error()));
    if (*known) return **known;
    const auto fresh = hex_encode(crypto::random_bytes(kServerIdBytes));
    auto outcome = store::commit_and_wait(*store_, 0, store::Effect::shrinks, [&fresh](store::Transaction& transaction) -> Result<void> {
        transaction.put(keys::kServerId, fresh);
        return {};
    });
    if (!outcome) return fail(std::move(outcome.error()));
    return fresh;
}

JobHooks Site::job_hooks() {
    JobHooks hooks;
    hooks.address_of = [this](AccountId account) { return directory_->address_of(raw(account)); };
    hooks.account_of = [this](const std::string& address) {
        return directory_->account_id_of(address).map([](std::uint64_t id) { return AccountId{id}; });
    };
    hooks.end_imap_logins = [](store::Transaction& transaction, AccountId account) {
        return Directory::end_imap_logins(transaction, raw(account));
    };
    hooks.logins_changed = [this] { directory_->logins_changed(); };
    return hooks;
}

Result<void> Site::serve() {
    auto id = server_id();
    if (!id) return fail(std::move(id.error()));
    ServerOptions options;
    options.server_id = std::move(*id);
    options.reader_threads = settings_.spoold.reader_threads;
    bool tcp = false;
    for (const auto& configured : settings_.spoold.listen) {
        const auto endpoint = settings_.resolve(configured);
        tcp = tcp || !endpoint.is_unix();
        options.listen.push_back(endpoint.to_string());
    }
    if (tcp) {
        auto pems = ensure_pki(settings_.path(settings_.spoold.pki_dir), settings_.spoold.pki_names,
                               clock_.now_ms() / 1000);
        if (!pems) return fail(std::move(pems.error()));
        options.pems = std::move(*pems);
    }
    metrics_ = std::make_unique<Metrics>("spoold");
    auto server =
        Server::start(std::move(options),
                      ServerParts{*directory_, *auth_, *tickets_, *mailboxes_, *intake_, hub_,
                                  *store_, *counters_, *undelete_, *queue_, *outgoing_, *jobs_, *forms_, *imports_, *fetches_, *backups_, *dkim_, *forwarding_, *plugins_, *plugin_work_, clock_, *metrics_, warnings_});
    if (!server) return fail(std::move(server.error()));
    server_ = std::move(*server);
    declare_metrics();
    if (auto started = jobs_->start(); !started) return started;
    for (const auto& endpoint : settings_.metrics.listen) {
        auto port = metrics_->listen(endpoint.to_string());
        if (!port) return fail(std::move(port.error()));
    }
    fetches_->start();
    plugin_work_->start();
    housekeeper_ = std::thread([this] { keep_house(); });
    return {};
}

void Site::declare_metrics() {
    using Type = Metrics::Type;
    const auto stat = [this](const char* name, const char* help, Type type,
                             std::uint64_t store::Stats::*member) {
        metrics_->ask(name, help, type,
                      [this, member] { return static_cast<double>(store_->stats().*member); });
    };
    stat("log_bytes_total", "Bytes written to the log.", Type::counter,
         &store::Stats::log_position);
    stat("groups_total", "Groups committed, one sync each.", Type::counter, &store::Stats::groups);
    stat("mutations_total", "Changes committed.", Type::counter, &store::Stats::mutations);
    stat("syncs_total", "Syncs of the log.", Type::counter, &store::Stats::syncs);
    stat("segments", "Files of the log.", Type::gauge, &store::Stats::segments);
    stat("segment_bytes", "Bytes in files of the log.", Type::gauge, &store::Stats::segment_bytes);
    stat("dead_bytes", "Bytes in the log that compaction can free.", Type::gauge,
         &store::Stats::dead_bytes);
    stat("bodies", "Message bodies.", Type::gauge, &store::Stats::bodies);
    stat("free_bytes", "Free bytes of the file system.", Type::gauge, &store::Stats::free_bytes);
    metrics_->ask("accepting", "1 while new mail is accepted, 0 when the disk is nearly full.",
                  Type::gauge, [this] { return store_->stats().accepting ? 1.0 : 0.0; });
    metrics_->ask("folders_renumbered_total", "Folders that came to the end of their UIDs.", Type::counter,
                  [this] { return static_cast<double>(mailboxes_->parts().renumbered.load()); });
    metrics_->ask("counters_raised_total", "Counters raised by a repair or an import.", Type::counter,
                  [this] { return static_cast<double>(mailboxes_->parts().raised.value()); });
    metrics_->ask("uid_headroom_percent", "What is left of the UIDs of the folder that runs out first.", Type::gauge, [this] {
        constexpr double kNoFolder = 100.0;
        const auto least = counters_->least_headroom();
        return least ? least->headroom_percent() : kNoFolder;
    });
    metrics_->ask("streams", "Open streams of daemons.", Type::gauge,
                  [this] { return static_cast<double>(server_->streams().size()); });
    const auto fetched = [this](const char* name, const char* help, std::size_t Fetches::Counts::*member) {
        metrics_->ask(name, help, Type::gauge,
                      [this, member] { return static_cast<double>(fetches_->counts().*member); });
    };
    fetched("fetch_sources", "Accounts at other servers that mail is fetched from.", &Fetches::Counts::sources);
    fetched("fetch_running", "Of these, those that are being fetched.", &Fetches::Counts::running);
    fetched("fetch_failing", "Of these, those whose last run failed.", &Fetches::Counts::failing);
    declare_queue_metrics();
    declare_plugin_metrics();
}

void Site::declare_plugin_metrics() {
    using Type = Metrics::Type;
    metrics_->ask("plugin_state_dropped_total", "What plugins wanted to keep or count, and had no room for.", Type::counter,
                  [this] { return static_cast<double>(plugins_->counts().dropped.load()); });
    metrics_->ask("plugin_state_expired_total", "What plugins kept, and was over.", Type::counter,
                  [this] { return static_cast<double>(plugins_->counts().expired.load()); });
    metrics_->ask("plugin_failures", "Failed calls of the plugins that are loaded now, in all daemons.", Type::gauge,
                  [this] { return static_cast<double>(plugins_->failing().failures); });
    metrics_->ask("plugins_suspended", "Plugins that rest after failures, counted in each daemon.", Type::gauge,
                  [this] { return static_cast<double>(plugins_->failing().suspended); });
    metrics_->ask("plugin_work_due", "Work of plugins that waits for a daemon.", Type::gauge,
                  [this] { return static_cast<double>(plugin_work_->counts().waiting); });
    metrics_->ask("plugin_work_leased", "Work of plugins that is being done.", Type::gauge,
                  [this] { return static_cast<double>(plugin_work_->counts().leased); });
    metrics_->ask("plugin_work_finished_total", "Work of plugins that was done.", Type::counter,
                  [this] { return static_cast<double>(plugin_work_->counts().finished); });
}

void Site::declare_queue_metrics() {
    using Type = Metrics::Type;
    metrics_->ask("queued", "Mails that wait in the outbound queue.", Type::gauge, [this] {
        auto counts = queue_->counts();
        return counts ? static_cast<double>(counts->waiting) : -1.0;
    });
    const auto now = [this](const char* name, const char* help, Type type, std::uint64_t ScheduleStats::*member) {
        metrics_->ask(name, help, type, [this, member] { return static_cast<double>(outgoing_->schedule_stats().*member); });
    };
    now("queue_due", "Mails that could be sent now, by destination.", Type::gauge, &ScheduleStats::due);
    now("queue_leased", "Mails that are being sent.", Type::gauge, &ScheduleStats::leased);
    now("queue_held", "Mails that an administrator holds.", Type::gauge, &ScheduleStats::held);
    now("queue_unknown_total", "Mails whose carrier was lost: each may have been delivered, and is tried again.", Type::counter,
        &ScheduleStats::unknown);
    const auto total = [this](const char* name, const char* help, std::atomic<std::uint64_t> OutgoingCounts::*member) {
        metrics_->ask(name, help, Type::counter, [this, member] { return static_cast<double>((outgoing_->counts().*member).load()); });
    };
    total("queue_delivered_total", "Recipients that were delivered.", &OutgoingCounts::delivered);
    total("queue_deferred_total", "Recipients that are tried again.", &OutgoingCounts::deferred);
    total("queue_failed_total", "Recipients that were given up.", &OutgoingCounts::failed);
    total("queue_notices_total", "Delivery status notifications to senders.", &OutgoingCounts::notices);
    metrics_->ask("queue_oldest_seconds", "The age of the oldest mail that waits.", Type::gauge, [this] {
        const auto oldest = outgoing_->schedule_stats().oldest_ms;
        return oldest == 0 ? 0.0 : static_cast<double>(clock_.now_ms() - oldest) / kMillisPerSecond;
    });
}

void Site::keep_house() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        janitor_->tick();
        directory_->purge_expired();
        forwarding_->tick();
        counters_->note_pace();
        counters_->note_headroom();
        outgoing_->tick();
        plugins_->tick();
        lock.lock();
        wake_.wait_for(lock, kHousekeeping, [this] { return stopping_; });
    }
}

void Site::stop(std::chrono::milliseconds grace) {
    {
        std::lock_guard lock(mutex_);
        if (std::exchange(stopping_, true)) return;
    }
    wake_.notify_all();
    if (plugins_ != nullptr) plugins_->stop();
    if (housekeeper_.joinable()) housekeeper_.join();
    if (jobs_ != nullptr) jobs_->stop();
    if (metrics_ != nullptr) metrics_->stop();
    if (outgoing_ != nullptr) outgoing_->stop();
    if (backups_ != nullptr) backups_->stop();
    if (fetches_ != nullptr) fetches_->stop();
    if (plugin_work_ != nullptr) plugin_work_->stop();
    if (server_ != nullptr) server_->stop(grace);
    auth_.reset();  // what is being verified may still write
    store_.reset();
}

Site::~Site() { stop(std::chrono::milliseconds(0)); }

}  // namespace tayori::spool

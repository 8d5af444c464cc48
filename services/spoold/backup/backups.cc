#include "spoold/backup/backups.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/backup/account_apply.h"
#include "spoold/backup/account_copy.h"
#include "spoold/backup/account_settings.h"
#include "spoold/backup/verify.h"
#include "spoold/directory/account_rows.h"
#include "spoold/mailbox/parts.h"
#include "spoold/store/engine.h"

namespace tayori::spool {
namespace {

constexpr std::string_view kDefaultSet = "main";
constexpr std::size_t kSetNameBytesMax = 64;
constexpr std::string_view kAccountSetPrefix = "account-";
constexpr std::size_t kAccountSetReadable = 40;    // of the address
constexpr std::size_t kAccountSetHashDigits = 8;  // so that no two addresses meet
constexpr int kNiceness = 10;  // of the thread that copies: mail goes first
constexpr std::chrono::milliseconds kProgressInterval{500};

bool good_set_name(std::string_view name) {
    return !name.empty() && name.size() <= kSetNameBytesMax &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

// Linux gives each thread a niceness of its own.
void step_back() { (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness); }

v1::BackupStep to_wire(const Step& step, const std::vector<Step>& steps) {
    v1::BackupStep wire;
    const auto& manifest = step.manifest;
    wire.set_number(manifest.number);
    wire.set_problem(step.problem);
    if (manifest.base == 0) return wire;  // nothing more is known
    wire.set_base(manifest.base);
    wire.set_from_ms(manifest.index_ms);
    if (!manifest.is_base()) {
        for (const auto& other : steps) {
            if (other.manifest.number + 1 == manifest.number) wire.set_from_ms(other.manifest.until_ms);
        }
    }
    wire.set_until_ms(manifest.until_ms);
    wire.set_bytes(manifest.bytes());
    wire.set_files(manifest.files.size());
    wire.set_program(manifest.program);
    wire.set_account(manifest.account);
    return wire;
}

// Tells of the progress now and then.
class Teller {
  public:
    explicit Teller(const Backups::Visit<v1::BackupProgress>& visit) : visit_(visit) {}
    // False: nobody listens.
    bool operator()(const Progress& progress) {
        const auto now = std::chrono::steady_clock::now();
        if (progress.total == 0 || (told_ && now - *told_ < kProgressInterval)) return true;
        told_ = now;
        v1::BackupProgress wire;
        wire.set_bytes_done(progress.done);
        wire.set_bytes_total(progress.total);
        return visit_(wire);
    }

  private:
    const Backups::Visit<v1::BackupProgress>& visit_;
    std::optional<std::chrono::steady_clock::time_point> told_;
};

std::string minute_of(std::int64_t ms) {
    const std::time_t s = ms / kMillisPerSecond;
    std::tm local{};
    ::localtime_r(&s, &local);
    char text[32];
    const auto size = std::strftime(text, sizeof text, "%Y-%m-%d %H.%M", &local);
    return {text, size};
}

// The account of the backup: the living one, or that which had its address then.
Result<AccountId> past_account(const store::Past& past, AccountId living, const std::string& address) {
    const auto snapshot = past.snapshot();
    auto same = read_state(*snapshot, living);
    if (same) return living;
    if (same.error().kind != Kind::not_found) return fail(std::move(same.error()));
    auto row = find_account(SnapshotRows(snapshot), address);
    if (row) return AccountId{row->id};
    if (row.error().kind != Kind::not_found) return fail(std::move(row.error()));
    return fail(Kind::not_found, "The account was not there at that moment.");
}

}  // namespace

std::string set_of_account(std::string_view address) {
    std::string name(kAccountSetPrefix);
    for (const char c : to_lower(address.substr(0, kAccountSetReadable))) name += good_set_name({&c, 1}) ? c : '_';
    const auto hash = hex_encode(crypto::sha256(to_lower(address)));
    return cat(name, '-', hash.substr(0, kAccountSetHashDigits));
}

Result<std::string> set_name(const std::string& set) {
    auto name = set.empty() ? std::string(kDefaultSet) : set;
    if (good_set_name(name)) return name;
    return fail(Kind::invalid, "A set's name has small letters, digits, \"-\" and \"_\", at most 64.");
}

Backups::Backups(Parts parts, BackupOptions options) : parts_(parts), options_(std::move(options)) {
    for (const auto& directory : {options_.scratch, scratch_of_account()}) {
        if (auto gone = store::remove_tree(store::posix_files(), directory); !gone)
            log_warn("backup: a temporary directory stays", {{"detail", gone.error().detail}});
    }
}

Result<std::string> Backups::name_of(const std::string& set) const {
    if (stopping_) return fail(Kind::busy, "spoold is stopping.");
    return set_name(set);
}

std::unique_ptr<Target> Backups::open(const std::string& set) {
    return options_.place->open(set, [this] { return stopping_.load(); });
}

std::string Backups::too_near() const {
    if (!options_.place->shares_disk_with(options_.store_directory)) return {};
    return "The backup lies on the same file system as the mail: copy it elsewhere, or set backup.directory.";
}

Result<MadeBackup> Backups::make(const v1::CreateBackupRequest& request, Target& target, BackupWish wish,
                                 const Watch& watch) {
    if (request.address().empty()) return make_backup(parts_.store, target, wish, watch);
    const auto account = parts_.directory.account_id_of(request.address());
    if (!account) return fail(account.error());
    auto address = parts_.directory.address_of(*account);
    if (!address) return fail(std::move(address.error()));
    wish.account = std::move(*address);
    wish.kind = BackupWish::Kind::base;
    auto& files = store::posix_files();
    const auto directory = scratch_of_account();
    if (auto gone = store::remove_tree(files, directory); !gone) return fail(std::move(gone.error()));
    auto made = copy_and_back_up(AccountId{*account}, directory, target, wish, watch);
    if (auto gone = store::remove_tree(files, directory); !gone)
        log_warn("backup: a temporary directory stays", {{"detail", gone.error().detail}});
    return made;
}

Result<MadeBackup> Backups::copy_and_back_up(AccountId account, const std::string& directory, Target& target,
                                             const BackupWish& wish, const Watch& watch) {
    store::Options options;
    options.directory = directory;
    options.clock = &parts_.mailboxes.parts().clock;
    options.on_fatal = [](const std::string&) {};  // the backup fails, and nothing else
    options.background = false;
    auto copy = store::open_embedded(std::move(options));
    if (!copy) return fail(std::move(copy.error()));
    if (auto copied = copy_account(parts_.store, account, **copy, watch); !copied) return fail(std::move(copied.error()));
    return make_backup(**copy, target, wish, watch);
}

Result<void> Backups::create(const v1::CreateBackupRequest& request, const Visit<v1::BackupProgress>& visit) {
    auto set = name_of(request.set().empty() && !request.address().empty() ? set_of_account(request.address()) : request.set());
    if (!set) return fail(std::move(set.error()));
    step_back();
    auto target = open(*set);
    BackupWish wish;
    wish.set = *set;
    wish.kind = request.base() ? BackupWish::Kind::base : BackupWish::Kind::increment_if_possible;
    wish.program = options_.program;
    Teller tell(visit);
    auto made = make(request, *target, wish, [&](const Progress& progress) {
        (void)tell(progress);  // a backup that was begun is ended, whoever listens
        return !stopping_;
    });
    if (!made) {
        log_warn("a backup failed", {{"set", wish.set}, {"error", made.error().text}, {"detail", made.error().detail}});
        return fail(std::move(made.error()));
    }
    const auto& manifest = made->manifest;
    log_info("a backup is made", {{"set", wish.set}, {"account", manifest.account}, {"step", manifest.number},
                                  {"base", manifest.is_base()}, {"bytes", manifest.bytes()}});
    auto dropped = drop_old_chains(*target, request.keep_bases());
    if (!dropped) return fail(std::move(dropped.error()));
    auto steps = read_steps(*target);
    if (!steps) return fail(std::move(steps.error()));
    v1::BackupProgress last;
    last.set_bytes_done(manifest.bytes());
    last.set_bytes_total(manifest.bytes());
    last.set_dropped_steps(*dropped);
    for (const auto& step : *steps) {
        if (step.manifest.number == manifest.number) *last.mutable_step() = to_wire(step, *steps);
    }
    auto note = manifest.account.empty() ? made->why : cat("It is in the set ", wish.set, ".");
    if (const auto near = too_near(); !near.empty()) append(note, note.empty() ? "" : " ", near);
    last.set_note(std::move(note));
    (void)visit(last);
    return {};
}

Result<v1::BackupList> Backups::list(const v1::ListBackupsRequest& request) {
    auto set = name_of(request.set());
    if (!set) return fail(std::move(set.error()));
    v1::BackupList list;
    list.set_directory(options_.place->name_of(*set));
    auto names = options_.place->names([this] { return stopping_.load(); });
    if (!names) return fail(std::move(names.error()));
    for (const auto& name : *names) {
        if (good_set_name(name)) list.add_sets(name);
    }
    auto steps = read_steps(*open(*set));
    if (!steps) return fail(std::move(steps.error()));
    for (const auto& step : *steps) *list.add_steps() = to_wire(step, *steps);
    return list;
}

Result<void> Backups::verify(const v1::VerifyBackupRequest& request, const Visit<v1::BackupProgress>& visit) {
    auto set = name_of(request.set());
    if (!set) return fail(std::move(set.error()));
    step_back();
    auto target = open(*set);
    Teller tell(visit);
    auto verified = verify_backup(*target, options_.scratch,
                                  [&](const Progress& progress) { return tell(progress) && !stopping_; });
    if (!verified) return fail(std::move(verified.error()));
    v1::BackupProgress last;
    auto& report = *last.mutable_report();
    report.set_steps(verified->steps);
    report.set_chains(verified->chains);
    report.set_bytes(verified->bytes);
    report.set_records(verified->records);
    report.set_bodies(verified->bodies);
    report.set_references(verified->references);
    for (auto& problem : verified->problems) report.add_problems(std::move(problem));
    (void)visit(last);
    return {};
}

Result<void> Backups::restore_account(const v1::RestoreAccountRequest& request,
                                      const Visit<v1::RestoredFolder>& visit) {
    auto set = name_of(request.set());
    if (!set) return fail(std::move(set.error()));
    auto living = parts_.directory.account_id_of(request.address());
    if (!living) return fail(std::move(living.error()));
    step_back();
    auto target = open(*set);
    auto steps = read_steps(*target);
    if (!steps) return fail(std::move(steps.error()));
    const auto at = request.at_ms() == 0 ? std::optional<std::int64_t>() : request.at_ms();
    auto chain = chain_for(*steps, at);
    if (!chain) return fail(std::move(chain.error()));
    auto moment = Moment::open(*target, std::move(*chain), at, options_.scratch,
                               [this](const Progress&) { return !stopping_; });
    if (!moment) return fail(std::move(moment.error()));

    AccountWish wish;
    wish.living = AccountId{*living};
    wish.mode = request.mode();
    wish.beside = cat("Restored ", minute_of((*moment)->as_of_ms()));
    auto past = past_account((*moment)->past(), wish.living, request.address());
    if (!past) return fail(std::move(past.error()));
    wish.past = *past;
    auto plans = plan_account(*(*moment)->past().snapshot(), *parts_.store.snapshot(), wish);
    if (!plans) return fail(std::move(plans.error()));
    v1::RestoredFolder first;
    first.set_as_of_ms((*moment)->as_of_ms());
    if (at && (*moment)->as_of_ms() < *at) first.add_notes("The backup has nothing later than that moment.");
    if (!wish.same_account()) {
        first.add_notes("The account was made anew since: its mail gets new numbers; UIDLs stay as they were.");
    }
    if (request.settings()) {
        auto settings = restore_settings(parts_.directory, (*moment)->past(), wish, request.apply());
        if (!settings) return fail(std::move(settings.error()));
        for (auto& setting : settings->changes) *first.add_settings() = std::move(setting);
        for (auto& note : settings->notes) first.add_notes(std::move(note));
    }
    if (!visit(first)) return {};
    AccountRestore restore(parts_.mailboxes, (*moment)->past(), wish);
    for (const auto& plan : *plans) {
        if (stopping_) return fail(Kind::closed, "Stopped.");
        if (!request.apply()) {
            if (!visit(plan.report())) return {};
            continue;
        }
        auto done = restore.apply(plan);
        if (!done) return fail(std::move(done.error()));
        if (!visit(*done)) return {};
    }
    return {};
}

}  // namespace tayori::spool

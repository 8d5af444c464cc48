#include "spoold/offline.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/backup/backups.h"
#include "spoold/backup/restore_site.h"
#include "spoold/places.h"
#include "spoold/site.h"

namespace tayori::spool {

namespace {

inline constexpr int kExitFailed = 1;

int verify(const settings::Settings& settings, const Clock& clock) {
    auto options = store_options(settings, clock);
    options.background = false;
    auto store = store::open_embedded(std::move(options));
    if (!store) return report_failure("the store does not open", store.error());
    auto report = (*store)->verify();
    if (!report) return report_failure("the store can't be read", report.error());
    for (const auto& problem : report->problems) std::printf("%s\n", problem.c_str());
    std::printf("%s: %llu records, %llu bodies, %llu keys\n",
                report->problems.empty() ? "good" : "DAMAGED",
                static_cast<unsigned long long>(report->records),
                static_cast<unsigned long long>(report->bodies),
                static_cast<unsigned long long>(report->keys));
    return report->problems.empty() ? 0 : kExitFailed;
}

int rebuild(const settings::Settings& settings, const Clock& clock) {
    auto replayed = store::rebuild_embedded(store_options(settings, clock));
    if (!replayed) return report_failure("the index can't be rebuilt", replayed.error());
    std::printf("rebuilt from %llu records\n", static_cast<unsigned long long>(*replayed));
    return 0;
}

// Root opening the living store would leave files in it that spoold, which is not root, can't open any more; what is restored would be
// root's, too.
Result<void> check_owner_of_living(const std::string& living, const std::string& directory) {
    struct stat status;
    if (::geteuid() != 0 || ::stat(living.c_str(), &status) != 0 || status.st_uid == 0) return {};
    const auto owner = cat(status.st_uid, ":", status.st_gid);
    return fail(Kind::invalid, cat("The store ", living, " is of the user ", owner, ", and ", directory,
                                   " is root's: spoold could open neither afterwards. Restore into a folder of that user, as `install -d -o ",
                                   status.st_uid, " -g ", status.st_gid, " FOLDER` makes one."));
}

// Root would make a store that spoold, which runs as the owner of its data folder, could not open.
Result<void> become_owner(const std::string& directory) {
    struct stat status;
    if (::geteuid() != 0) return {};
    if (::stat(directory.c_str(), &status) != 0) return fail(Kind::not_found, cat("There is no ", directory, "."));
    if (status.st_uid == 0) return {};
    if (::setgid(status.st_gid) == 0 && ::setuid(status.st_uid) == 0) return {};
    return fail(Kind::denied, cat("Run this as the owner of ", directory, "."));
}

void say(const std::string& sentence) { std::printf("%s\n", sentence.c_str()); }

Result<std::unique_ptr<Target>> open_set(const OfflineTask& task, const settings::Settings& settings) {
    if (!task.from.empty()) return make_directory_target(store::posix_files(), task.from);
    auto set = set_name(task.set);
    if (!set) return fail(std::move(set.error()));
    auto place = backup_place(settings);
    if (!place) return fail(std::move(place.error()));
    return (*place)->open(*set, [] { return false; });
}

int restore(const OfflineTask& task, const settings::Settings& settings, const Clock& clock) {
    if (task.to_store.empty()) {
        return report_failure("nothing is restored", Error::make(Kind::invalid, "--to-store DIR is missing."));
    }
    const auto living = task.living.empty() ? settings.path("store") : task.living;
    const std::string parent(store::parent_directory(task.to_store));
    auto owner = become_owner(parent);
    if (owner) owner = check_owner_of_living(living, parent);
    if (!owner) return report_failure("nothing is restored", owner.error());
    SiteWish wish;
    wish.moment_ms = task.at_ms;
    wish.options = store_options(settings, clock);
    wish.options.directory = task.to_store;
    wish.options.background = false;
    if (living != task.to_store) {
        wish.living = store_options(settings, clock);
        wish.living->directory = living;
        wish.living->background = false;
        wish.living_must_open = !task.living.empty();
    }
    auto target = open_set(task, settings);
    if (!target) return report_failure("nothing is restored", target.error());
    auto done = restore_site(**target, wish, [](const Progress&) { return true; });
    if (!done) {
        std::fprintf(stderr, "spoold: %s %s\n", done.error().text.c_str(), done.error().detail.c_str());
        return report_failure("nothing is restored", done.error());
    }
    const auto& raised = done->raised;
    say(cat("Restored ", raised.accounts, " accounts, ", raised.folders, " folders and ", raised.references,
            " mails from steps ", done->base, " to ", done->last_step, " into ", task.to_store, "."));
    say(cat("As of @", done->as_of_ms / 1000, ".", std::to_string(1000 + done->as_of_ms % 1000).substr(1), "."));
    say(done->living);
    if (raised.queued > 0) {
        say(cat(raised.queued, " mails waited to be sent at that moment, and will be sent: again, where they were sent "
                               "since."));
    }
    say("Certificates (pki/, tls/) are in no backup: those in data_dir stay, else the next start makes new ones.");
    for (const auto& problem : done->problems) say(problem);
    return done->problems.empty() ? 0 : kExitFailed;
}

}  // namespace

int report_failure(std::string_view doing, const Error& error) {
    log_error(doing, {{"error", error.text}, {"detail", error.detail}});
    return error.kind == Kind::busy ? store::kExitAfterDiskFailure : kExitFailed;
}

std::optional<OfflineTask> offline_task(int& argc, char** argv) {
    std::optional<OfflineTask::Kind> kind;
    OfflineTask task;
    std::vector<char*> others = {argv[0]};
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const auto value = [&](std::string_view name, std::string& to) {
            if (argument != name || i + 1 >= argc) return false;
            to = argv[++i];
            return true;
        };
        std::string at;
        if (argument == "--verify") kind = OfflineTask::Kind::verify;
        else if (argument == "--rebuild") kind = OfflineTask::Kind::rebuild;
        else if (argument == "--restore") kind = OfflineTask::Kind::restore;
        else if (value("--at-ms", at)) task.at_ms = std::strtoll(at.c_str(), nullptr, 10);
        else if (!value("--to-store", task.to_store) && !value("--set", task.set) && !value("--from", task.from) &&
                 !value("--living", task.living)) others.push_back(argv[i]);
    }
    if (!kind) return std::nullopt;  // then what is left over is for the settings to refuse
    std::copy(others.begin(), others.end(), argv);
    argc = static_cast<int>(others.size());
    task.kind = *kind;
    return task;
}

int run_offline(const OfflineTask& task, const settings::Settings& settings, const Clock& clock) {
    switch (task.kind) {
        case OfflineTask::Kind::verify: return verify(settings, clock);
        case OfflineTask::Kind::rebuild: return rebuild(settings, clock);
        case OfflineTask::Kind::restore: return restore(task, settings, clock);
    }
    return kExitFailed;
}

}  // namespace tayori::spool

// spoold: the only owner of state. See site.cc for how it is put together.
//
//   spoold [--config FILE]      serve until SIGTERM
//   spoold --verify             read the whole store, say what is wrong, and end; nothing else may
//                               have it open
//   spoold --rebuild            make the index anew from a checkpoint and the log, and end
//   spoold --restore …          a new store out of a backup, and end (offline.h)
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/offline.h"
#include "spoold/site.h"
#include "spoold/store/power_cut.h"

namespace {

using namespace tayori;

inline constexpr int kMallocArenasMax = 4;    // memory that one thread freed is used by the others
inline constexpr unsigned kStopSeconds = 25;  // whatever happens, the process has ended by then
inline constexpr std::chrono::seconds kFatalGrace{1};

std::atomic<bool> disk_failed{false};

int failed(std::string_view doing, const Error& error) {
    return spool::report_failure(doing, error);
}

int serve(const settings::Settings& settings, const Clock& clock, const sigset_t& signals) {
    auto made = spool::make_folders(settings);
    if (!made) return failed("the data directory can't be used", made.error());
    // For system tests only: see store/power_cut.h.
    const char* cuts = std::getenv("TAYORI_POWER_CUT");
    auto faults = store::make_power_cut(cuts != nullptr ? cuts : "", settings.path("store"));
    if (!faults) return failed("spoold does not start", faults.error());
    auto site = spool::Site::start(settings, clock, faults->get(), [](const std::string& reason) {
        log_error(
            "the disk failed: spoold ends, and recovers what the disk really holds when it starts "
            "again",
            {{"reason", reason}});
        disk_failed = true;
        ::kill(::getpid(), SIGTERM);
    });
    if (!site) return failed("spoold does not start", site.error());
    log_info("ready");
    int signal = 0;
    ::sigwait(&signals, &signal);
    log_info("stopping", {{"signal", signal}});
    ::alarm(kStopSeconds);
    if (disk_failed) {
        (*site)->stop(kFatalGrace);
        return store::kExitAfterDiskFailure;
    }
    (*site)->stop(settings.site.drain_s);
    log_info("stopped");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    ::mallopt(M_ARENA_MAX, kMallocArenasMax);
    const auto task = spool::offline_task(argc, argv);
    const auto settings = settings::load_or_exit("spoold", argc, argv);
    const MovedClock clock(settings.test.clock_offset_ms, settings.test.clock_file);
    ::signal(SIGPIPE, SIG_IGN);
    ::umask(0027);
    if (task) return spool::run_offline(*task, settings, clock);
    // Every thread inherits the mask: the signals are for sigwait() alone.
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return serve(settings, clock, signals);
}

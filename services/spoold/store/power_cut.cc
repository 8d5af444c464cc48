#include "spoold/store/power_cut.h"

#include <pthread.h>
#include <signal.h>

#include <charconv>
#include <cstdlib>
#include <thread>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/segments.h"

namespace tayori::store {
namespace {

struct Wanted {
    bool by_signal = false;
    std::uint64_t after_syncs = 0;
    std::uint64_t seed = random_number();
};

bool number_after(std::string_view word, std::string_view name, std::uint64_t& n) {
    if (!word.starts_with(name)) return false;
    word.remove_prefix(name.size());
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), n);
    return code == std::errc() && end == word.data() + word.size();
}

bool parse(std::string_view text, Wanted& wanted) {
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const auto word = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (word == "signal") wanted.by_signal = true;
        else if (!number_after(word, "after_syncs=", wanted.after_syncs) &&
                 !number_after(word, "seed=", wanted.seed)) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<CutFiles>> make_power_cut(std::string_view setting, const std::string& directory) {
    if (setting.empty()) return std::unique_ptr<CutFiles>();
    Wanted wanted;
    if (!parse(setting, wanted)) {
        return fail(Kind::invalid, "Wrong power cut setting.",
                    cat(setting, ": signal, after_syncs=N and seed=N are known"));
    }
    auto files = std::make_unique<CutFiles>(posix_files(), directory, CutFiles::Syncs::real);
    auto* raw = files.get();
    log_warn("store: the power of this process can be cut, for tests only", {{"setting", setting}});
    files->on_cut([raw, seed = wanted.seed] {
        raw->forget(seed);
        std::_Exit(kPowerCutExit);
    });
    if (wanted.after_syncs > 0) files->cut_at_sync(wanted.after_syncs);
    if (wanted.by_signal) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        pthread_sigmask(SIG_BLOCK, &set, nullptr);
        std::thread([raw, set] {
            int number = 0;
            while (sigwait(&set, &number) != 0) {
            }
            raw->cut();
        }).detach();
    }
    return files;
}

}  // namespace tayori::store

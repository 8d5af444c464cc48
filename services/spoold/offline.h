// What spoold does instead of serving, and ends: `adminctl` starts it so.
//
//   spoold --verify
//   spoold --rebuild
//   spoold --restore --to-store DIR [--at-ms MS] [--set NAME | --from DIR] [--living DIR]
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/settings/settings.h"

namespace tayori::spool {

struct OfflineTask {
    enum class Kind { verify, rebuild, restore };
    Kind kind = Kind::verify;
    std::string to_store;
    std::optional<std::int64_t> at_ms;
    std::string set;
    std::string from;
    std::string living;
};

// Takes its own arguments out; the rest is for the settings. Nothing: spoold is to serve.
std::optional<OfflineTask> offline_task(int& argc, char** argv);
int run_offline(const OfflineTask& task, const settings::Settings& settings, const Clock& clock);

// Into the log; the exit status.
int report_failure(std::string_view doing, const Error& error);

}  // namespace tayori::spool

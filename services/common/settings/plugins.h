// Lua plugins: where they lie, and how much each may use (common/lua/limits.h says what the bounds mean).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/settings/value.h"

namespace tayori::settings {

struct Settings;

enum class BrokenPlugin { shipped, others };

struct Plugins {
    std::vector<std::string> directories;   // empty: what came with the programs
    std::string site_directory = "plugins";
    BrokenPlugin broken = BrokenPlugin::shipped;
    std::uint64_t instructions_max = 2'000'000;
    std::uint64_t memory_bytes_max = 16 * kMiB;
    std::chrono::milliseconds call_ms{200};
    std::uint64_t output_bytes_max = 1 * kMiB;
    std::uint32_t actions_max = 100;
    std::uint32_t log_lines_max = 20;
    std::uint32_t failures_max = 5;
    std::chrono::seconds rest_min_s{60};
    std::chrono::seconds rest_max_s{3600};
    std::uint32_t states = 2;
    std::uint32_t waiting_max = 1000;
};

// Where plugins that come with Tayori lie: as the settings say, else beside the running program, else where packages put them.
std::vector<std::string> shipped_plugin_directories(const Settings& settings);
// The site's own, whether it is there or not.
std::string site_plugin_directory(const Settings& settings);

}  // namespace tayori::settings

// How much a plugin may use. Each is a setting (`plugins.*` in tayori.toml); what passes one fails that call of the plugin.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tayori::lua {

inline constexpr std::size_t kSourceBytesMax = 256 * 1024;  // of plugin.lua and of each file that it requires
inline constexpr std::size_t kSourceFilesMax = 32;          // of one plugin
inline constexpr std::size_t kPluginsMax = 64;

// Plugins that came with Tayori run on the loop's thread (host.h). A profile with which that took longer than kQuick some times, as by its
// owner's rules, runs on the pool for a while. Once is no sign: the first call makes the states.
inline constexpr std::chrono::milliseconds kQuick{2};
inline constexpr std::uint32_t kSlowTimes = 3;
inline constexpr std::int64_t kSlowForMs = 600'000;
inline constexpr std::size_t kSlowProfilesMax = 10'000;

struct Limits {
    std::uint64_t instructions = 2'000'000;              // of one call of a hook; some of what runs in C counts, too
    std::size_t memory_bytes = 16 * 1024 * 1024;         // of one state: all of a plugin's variables together
    std::chrono::milliseconds wall{200};                 // of one call
    std::size_t output_bytes = 1024 * 1024;              // of everything that one call decides, logs and writes
    std::size_t actions = 100;                           // of one call
    std::size_t log_lines = 20;
    std::uint32_t failures_max = 5;                      // in a row: then it rests
    std::chrono::seconds rest_min{60};                   // doubles each time,
    std::chrono::seconds rest_max{3600};                 // up to this
    std::size_t states = 2;                              // of each plugin: so many calls run at once
    std::size_t waiting_max = 1000;                      // jobs that wait for a state; one more is answered busy
};

}  // namespace tayori::lua

#include "common/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <fmt/format.h>

#include "common/base/text.h"

namespace tayori {
namespace {

LogFormat g_format = LogFormat::text;
std::string g_program = "tayori";

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warn: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = std::make_shared<spdlog::logger>("tayori",
                                                     std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->flush_on(spdlog::level::debug);
        return made;
    }();
    return *instance;
}

// Control characters of a client's text must not forge a line of the log.
void append_quoted(std::string& out, std::string_view value) {
    out += '"';
    for (char c : value) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') append(out, '\\', c);
        else if (u < 0x20 || u == 0x7f) out += fmt::format("\\u{:04x}", u);
        else out += c;
    }
    out += '"';
}

bool is_plain(std::string_view value) {
    if (value.empty()) return false;
    for (char c : value) {
        const auto u = static_cast<unsigned char>(c);
        if (u <= 0x20 || u == 0x7f || c == '"' || c == '\\' || c == '=') return false;
    }
    return true;
}

}  // namespace

void log_setup(std::string_view program, LogLevel level, LogFormat format) {
    g_program = program;
    g_format = format;
    const std::string escaped = std::string(program);
    logger().set_pattern(format == LogFormat::text
                             ? "%Y-%m-%dT%H:%M:%S.%e%z " + escaped + "[%P] %l %v"
                             : R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","program":")" + escaped +
                                   R"(","pid":%P,"level":"%l",%v})");
    log_set_level(level);
}

void log_set_level(LogLevel level) { logger().set_level(to_spdlog(level)); }

std::optional<LogLevel> log_level_named(std::string_view name) {
    if (name == "debug") return LogLevel::debug;
    if (name == "info") return LogLevel::info;
    if (name == "warn") return LogLevel::warn;
    if (name == "error") return LogLevel::error;
    return std::nullopt;
}

bool log_enabled(LogLevel level) { return logger().should_log(to_spdlog(level)); }

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (!log_enabled(level)) return;
    std::string line;
    if (g_format == LogFormat::json) {
        line += "\"event\":";
        append_quoted(line, event);
        for (const auto& field : fields) {
            append(line, ",\"", field.key, "\":");
            append_quoted(line, field.value);
        }
    } else {
        line += event;
        for (const auto& field : fields) {
            append(line, " ", field.key, "=");
            if (is_plain(field.value)) line += field.value;
            else append_quoted(line, field.value);
        }
    }
    logger().log(to_spdlog(level), "{}", line);
}

}  // namespace tayori

// Structured log: one event a line, `key=value` text or JSON. Never log passwords, bodies or message text.
//
//   log_info("delivered", {{"id", trace_id}, {"account", address}, {"bytes", size}});
//
// Every mail has one id, made by smtpd (or by the daemon that first sees it), which every process logs as "id".
#pragma once

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace tayori {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

struct LogField {
    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
    LogField(std::string_view k, const char* v) : key(k), value(v) {}
    LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
    LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
    template <std::integral I>
    LogField(std::string_view k, I v) : key(k), value(std::to_string(v)) {}
    std::string_view key;
    std::string value;
};

// Called once in main, before any thread. `program` is in every line. Output goes to standard error.
void log_setup(std::string_view program, LogLevel level, LogFormat format);
void log_set_level(LogLevel level);  // any thread, also while running
std::optional<LogLevel> log_level_named(std::string_view name);  // "debug", "info", "warn", "error"
bool log_enabled(LogLevel level);

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
inline void log_debug(std::string_view e, std::initializer_list<LogField> f = {}) {
    if (log_enabled(LogLevel::debug)) log_event(LogLevel::debug, e, f);
}
inline void log_info(std::string_view e, std::initializer_list<LogField> f = {}) {
    log_event(LogLevel::info, e, f);
}
inline void log_warn(std::string_view e, std::initializer_list<LogField> f = {}) {
    log_event(LogLevel::warn, e, f);
}
inline void log_error(std::string_view e, std::initializer_list<LogField> f = {}) {
    log_event(LogLevel::error, e, f);
}

}  // namespace tayori

#include "common/daemon/plugin_reports.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/plugin/declaration.h"

namespace tayori::daemon {
namespace {

constexpr double kMicro = 1e-6;

// Since the last look; what has shrunk has begun anew.
template <class N>
N grown(N now, N& seen) {
    const N by = now >= seen ? now - seen : now;
    seen = now;
    return by;
}

void put_figures(rpc::v1::PluginReport& report, const lua::PluginFigures& figures) {
    report.set_calls(figures.calls);
    report.set_actions(figures.actions);
    report.set_failures(figures.failures);
    report.set_microseconds(static_cast<std::uint64_t>(figures.time.count()));
    report.set_last_failure(figures.last_failure);
    report.set_failed_s(figures.failed_s);
    report.set_suspended_until_s(figures.suspended_until_s);
}

void put_set(rpc::v1::ReportPlugins& report, const lua::PluginSet& set, bool on_trial,
             const std::vector<lua::PluginFigures>& figures) {
    for (const auto& plugin : set.plugins) {
        auto& one = *report.add_plugins();
        one.set_plugin(plugin->declaration.name);
        one.set_declaration_json(plugin::to_json(plugin->declaration));
        one.set_hash(plugin->hash);
        one.set_on_trial(on_trial);
        for (const auto& row : figures)
            if (row.plugin == plugin->declaration.name && row.on_trial == on_trial) put_figures(one, row);
    }
}

}  // namespace

void FailureLog::add(const lua::Failure& failure, const std::string& id, net::Deadline now) {
    auto& window = windows_[failure.plugin];
    if (window.failures == 0 || now - window.begun >= kFailureWindow) window = {now, 0};
    if (++window.failures > kFailuresLoggedMax) return;
    log_error("plugin failed", {{"plugin", failure.plugin}, {"hook", failure.hook}, {"id", id}, {"why", failure.text},
                                {"stack", failure.stack}});
    if (window.failures == kFailuresLoggedMax)
        log_error("plugin fails often: its next failures are only counted for a minute", {{"plugin", failure.plugin}});
}

void PluginMetrics::declare(const lua::PluginSet& set) {
    for (const auto& plugin : set.plugins) {
        const auto& name = plugin->declaration.name;
        if (rows_.contains(name) || rows_.size() >= kPluginsMeasuredMax) continue;
        auto row = std::make_shared<Row>();
        rows_.emplace(name, row);
        const Labels labels{{"plugin", name}};
        metrics_.ask("plugin_calls_total", "Hooks of plugins that have run.", Metrics::Type::counter,
                     [row] { return row->calls.load(); }, labels);
        metrics_.ask("plugin_failures_total", "Hooks of plugins that have failed.", Metrics::Type::counter,
                     [row] { return row->failures.load(); }, labels);
        metrics_.ask("plugin_seconds_total", "Time in hooks of plugins.", Metrics::Type::counter,
                     [row] { return row->seconds.load(); }, labels);
        metrics_.ask("plugin_resting", "1 where a plugin rests after failures.", Metrics::Type::gauge,
                     [row] { return row->resting.load(); }, labels);
    }
}

void PluginMetrics::update(const std::vector<lua::PluginFigures>& figures, std::int64_t now_s) {
    std::map<std::string, lua::PluginFigures> together;  // those on trial count with the others
    for (const auto& one : figures) {
        auto& sum = together[one.plugin];
        sum.calls += one.calls;
        sum.failures += one.failures;
        sum.time += one.time;
        sum.suspended_until_s = std::max(sum.suspended_until_s, one.suspended_until_s);
    }
    for (auto& [name, sum] : together) {
        const auto found = rows_.find(name);
        if (found == rows_.end()) continue;
        auto& row = *found->second;
        row.calls.store(row.calls.load() + static_cast<double>(grown(sum.calls, row.calls_seen)));
        row.failures.store(row.failures.load() + static_cast<double>(grown(sum.failures, row.failures_seen)));
        row.seconds.store(row.seconds.load() + grown(static_cast<double>(sum.time.count()) * kMicro, row.seconds_seen));
        row.resting.store(sum.suspended_until_s > now_s ? 1 : 0);
    }
}

rpc::v1::ReportPlugins make_report(const lua::PluginSet& set, const lua::PluginSet* trial,
                                   const std::vector<lua::PluginFigures>& figures) {
    rpc::v1::ReportPlugins report;
    put_set(report, set, false, figures);
    if (trial != nullptr) put_set(report, *trial, true, figures);
    return report;
}

}  // namespace tayori::daemon

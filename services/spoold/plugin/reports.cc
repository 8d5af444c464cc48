#include "spoold/plugin/reports.h"

#include <algorithm>
#include <tuple>

namespace tayori::spool {

PluginReports::Heard PluginReports::put(const From& from, const v1::ReportPlugins& report) {
    Heard heard;
    {
        std::lock_guard lock(mutex_);
        auto& daemon = daemons_[from.stream];
        daemon.from = from;
        daemon.report = report;
        for (const auto& plugin : report.plugins()) {
            // Those on trial may go again, and their settings with them.
            if (plugin.on_trial() || plugin.declaration_json().empty()) continue;
            auto& said = daemon.declared[plugin.plugin()];
            if (said == plugin.declaration_json()) continue;
            said = plugin.declaration_json();
            heard.declarations.push_back(said);
        }
        if (report.reload() < last_.number()) heard.reload = last_;
    }
    changed_.notify_all();
    return heard;
}

void PluginReports::forget(std::uint64_t stream) {
    {
        std::lock_guard lock(mutex_);
        daemons_.erase(stream);
        if (awaited_) gone_.insert(stream);
    }
    changed_.notify_all();
}

std::vector<v1::PluginDaemon> PluginReports::list() const {
    std::vector<v1::PluginDaemon> out;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [stream, daemon] : daemons_) {
            auto& shown = out.emplace_back();
            shown.set_program(daemon.from.program);
            shown.set_instance(daemon.from.instance);
            *shown.mutable_report() = daemon.report;
        }
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
        return std::tie(a.program(), a.instance()) < std::tie(b.program(), b.instance());
    });
    return out;
}

v1::PluginReload PluginReports::begin_reload(v1::ReloadAction action, std::uint32_t percent) {
    std::lock_guard lock(mutex_);
    // By the time, so that a daemon that has answered one before spoold was started anew does not take the next for an old one.
    last_.set_number(std::max(last_.number() + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(1, clock_.now_ms()))));
    last_.set_action(action);
    last_.set_percent(percent);
    gone_.clear();
    awaited_ = true;
    return last_;
}

bool PluginReports::wait(std::uint64_t number, const std::vector<std::uint64_t>& streams, std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    const bool all = changed_.wait_for(lock, most, [&] {
        return stopping_ || std::all_of(streams.begin(), streams.end(), [&](std::uint64_t stream) {
            if (gone_.contains(stream)) return true;
            const auto at = daemons_.find(stream);
            return at != daemons_.end() && at->second.report.reload() >= number;
        });
    });
    awaited_ = false;
    gone_.clear();
    return all;
}

void PluginReports::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
}

}  // namespace tayori::spool

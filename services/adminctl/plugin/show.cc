#include "adminctl/plugin/show.h"

#include <algorithm>
#include <map>

#include "adminctl/migrate/words.h"
#include "adminctl/plugin/written.h"
#include "adminctl/table.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kValueCells = 48;
constexpr std::size_t kWordsCells = 60;

const std::string& words_in(Language language, const plugin::Words& words) {
    return language == Language::japanese && !words.ja.empty() ? words.ja : words.en;
}

std::string scope_text(const v1::PluginScope& at, Language language) {
    return at.scope().empty() ? pick(language, "the site", "サイト全体") : printable(at.scope());
}

std::string choice_text(v1::PluginChoice choice, Language language) {
    switch (choice) {
        case v1::PLUGIN_CHOICE_ENABLED: return pick(language, "on", "有効");
        case v1::PLUGIN_CHOICE_DISABLED: return pick(language, "off", "無効");
        default: return "-";
    }
}

// The nearest place that sets it; each is asked as the settings are merged.
std::string origin_of(const PluginViews& views, const std::string& name, Language language) {
    if (!member_of(views.here.own_json(), name).empty()) return scope_text(views.here.at(), language);
    std::string found;
    for (const auto& imported : views.here.imported()) {
        if (imported.approved() && !member_of(imported.json(), name).empty())
            found = cat(pick(language, "import ", "取り込み "), printable(imported.file()));
    }
    if (!found.empty()) return found;
    for (const auto& view : views.wider) {
        if (!member_of(view.own_json(), name).empty()) return scope_text(view.at(), language);
    }
    return pick(language, "default", "既定値");
}

std::string_view narrowest_text(plugin::Scope scope) {
    switch (scope) {
        case plugin::Scope::site: return "site";
        case plugin::Scope::domain: return "domain";
        case plugin::Scope::account: break;
    }
    return "account";
}

std::string settings_table(const PluginViews& views, const plugin::Declaration& declaration, Language language) {
    if (declaration.settings.empty()) return pick(language, "It has no settings.\n", "設定はありません。\n");
    Table table;
    for (const char* title : {"SETTING", "VALUE", "FROM", "TYPE", "BOUNDS", "SET BY", "ABOUT"}) table.column(title);
    for (const auto& setting : declaration.settings) {
        const auto value = member_of(views.here.effective_json(), setting.name);
        table.row({setting.name, shortened(show_value(setting, value.empty() ? setting.default_json : value), kValueCells),
                   origin_of(views, setting.name, language), show_type(setting), show_bounds(setting),
                   std::string(narrowest_text(setting.scope)), words_in(language, setting.about)});
    }
    return table.text();
}

std::string enabled_text(const PluginViews& views, Language language) {
    const auto& here = views.here;
    auto out = cat(here.enabled() ? pick(language, "enabled", "有効") : pick(language, "not enabled", "無効"),
                   pick(language, " for ", ": "), scope_text(here.at(), language));
    if (here.choice() != v1::PLUGIN_CHOICE_UNSPECIFIED) return out;
    for (const auto& imported : here.imported()) {
        if (imported.approved()) return cat(out, pick(language, " (by an approved import)", "(承認済みの取り込みによる)"));
    }
    for (const auto& view : views.wider) {
        if (view.choice() == v1::PLUGIN_CHOICE_UNSPECIFIED) continue;
        return cat(out, pick(language, " (as for ", "("), scope_text(view.at(), language), pick(language, ")", " の設定による)"));
    }
    return out;
}

std::string imports_text(const PluginViews& views, const std::string& plugin, Language language) {
    std::string out;
    bool waiting = false;
    for (const auto& imported : views.here.imported()) {
        append(out, pick(language, "imported from ", "取り込み元 "), printable(imported.file()), " (",
               imported.approved() ? pick(language, "approved", "承認済み") : pick(language, "waits for approval", "承認待ち"), "): ",
               printable(imported.json()), "\n");
        waiting = waiting || !imported.approved();
    }
    if (waiting)
        append(out, pick(language, "To approve it: ", "承認するには: "), "adminctl plugin enable ", printable(plugin), " --account ",
               printable(views.here.at().scope()), "\n");
    return out;
}

struct Figures {
    std::uint64_t calls = 0, actions = 0, failures = 0, microseconds = 0;
    std::int64_t suspended_until_s = 0;
    bool on_trial = false;
};

// Of one plugin, in all daemons.
Figures figures_of(const v1::PluginList& list, const std::string& plugin) {
    Figures sum;
    for (const auto& daemon : list.daemons()) {
        for (const auto& one : daemon.report().plugins()) {
            if (one.plugin() != plugin) continue;
            sum.calls += one.calls();
            sum.actions += one.actions();
            sum.failures += one.failures();
            sum.microseconds += one.microseconds();
            sum.suspended_until_s = std::max(sum.suspended_until_s, one.suspended_until_s());
            sum.on_trial = sum.on_trial || one.on_trial();
        }
    }
    return sum;
}

std::string state_word(const Figures& figures, std::int64_t now_s, bool loaded, Language language) {
    if (!loaded) return pick(language, "not loaded", "未読み込み");
    if (figures.suspended_until_s > now_s) return cat(pick(language, "rests until ", "休止中 〜"), show_time(figures.suspended_until_s));
    if (figures.on_trial) return pick(language, "on trial", "試行中");
    return pick(language, "runs", "動作中");
}

bool is_loaded(const v1::PluginList& list, const std::string& plugin) {
    return std::any_of(list.daemons().begin(), list.daemons().end(), [&](const v1::PluginDaemon& daemon) {
        return std::any_of(daemon.report().plugins().begin(), daemon.report().plugins().end(),
                           [&](const v1::PluginReport& one) { return one.plugin() == plugin; });
    });
}

std::string about_of(const v1::PluginListed& listed, Language language) {
    const auto declaration = plugin::parse_declaration(listed.declaration_json());
    return declaration ? words_in(language, declaration->about) : std::string();
}

std::string daemon_name(const v1::PluginDaemon& daemon) { return printable(cat(daemon.program(), " ", daemon.instance())); }

std::string mean_text(std::uint64_t microseconds, std::uint64_t calls) {
    return calls == 0 ? "-" : cat(microseconds / calls, " µs");
}

}  // namespace

std::string plugin_text(const PluginViews& views, Language language) {
    const auto& here = views.here;
    const auto& name = here.at().plugin();
    const auto declaration = plugin::parse_declaration(here.declaration_json());
    std::string out = printable(name);
    if (declaration && !declaration->version.empty()) append(out, " ", printable(declaration->version));
    append(out, ": ", enabled_text(views, language), "\n");
    if (!declaration) {
        append(out, pick(language, "No daemon has loaded it yet: put it into its folder, then `adminctl plugin reload`.\n",
                         "まだどのデーモンも読み込んでいません。フォルダーに置いてから `adminctl plugin reload` を実行してください。\n"));
        return out + imports_text(views, name, language);
    }
    if (const auto& about = words_in(language, declaration->about); !about.empty()) append(out, printable(about), "\n");
    std::string hooks;
    for (const auto& hook : declaration->hooks) append(hooks, hooks.empty() ? "" : " ", hook);
    append(out, pick(language, "order ", "順序 "), here.order(), pick(language, ", hooks: ", "、フック: "), hooks, "\n\n",
           settings_table(views, *declaration, language));
    const auto imports = imports_text(views, name, language);
    if (!imports.empty()) append(out, "\n", imports);
    return out;
}

std::string plugins_text(const v1::PluginList& list, std::int64_t now_s, Language language) {
    if (list.plugins().empty())
        return pick(language, "No plugin is loaded: is there a daemon, and are there plugins in its folders?\n",
                    "プラグインがありません。デーモンが動いているか、フォルダーにプラグインがあるか確認してください。\n");
    Table table;
    for (const char* title : {"PLUGIN", "STATE", "SITE"}) table.column(title);
    for (const char* title : {"DOMAINS", "ACCOUNTS", "ORDER", "CALLS", "FAILURES"}) table.column(title, Align::right);
    table.column("ABOUT");
    for (const auto& one : list.plugins()) {
        const auto figures = figures_of(list, one.plugin());
        table.row({one.plugin(), state_word(figures, now_s, is_loaded(list, one.plugin()), language), choice_text(one.site(), language),
                   cat(one.domains()), cat(one.accounts()), one.order() == 0 ? "-" : cat(one.order()), with_commas(figures.calls),
                   with_commas(figures.failures), shortened(about_of(one, language), kWordsCells)});
    }
    auto out = table.text();
    for (const auto& daemon : list.daemons()) {
        if (!daemon.report().error().empty()) append(out, daemon_name(daemon), ": ", printable(daemon.report().error()), "\n");
    }
    return out;
}

std::string plugin_stats_text(const v1::PluginList& list, const std::string& plugin, std::int64_t now_s, Language language) {
    Table table;
    for (const char* title : {"PLUGIN", "DAEMON", "STATE"}) table.column(title);
    for (const char* title : {"CALLS", "ACTIONS", "FAILURES", "MEAN"}) table.column(title, Align::right);
    table.column("LAST FAILURE");
    for (const auto& daemon : list.daemons()) {
        for (const auto& one : daemon.report().plugins()) {
            if (!plugin.empty() && one.plugin() != plugin) continue;
            Figures figures;
            figures.suspended_until_s = one.suspended_until_s();
            figures.on_trial = one.on_trial();
            const auto failed = one.last_failure().empty() ? std::string("-") : cat(show_time(one.failed_s()), " ", one.last_failure());
            table.row({one.plugin(), daemon_name(daemon), state_word(figures, now_s, true, language), with_commas(one.calls()),
                       with_commas(one.actions()), with_commas(one.failures()), mean_text(one.microseconds(), one.calls()), failed});
        }
    }
    if (!table.empty()) return table.text();
    return pick(language, "No daemon that is connected has loaded it.\n", "接続中のデーモンは読み込んでいません。\n");
}

std::string reload_error(const v1::PluginList& list) {
    for (const auto& daemon : list.daemons()) {
        if (!daemon.report().error().empty()) return cat(daemon_name(daemon), ": ", daemon.report().error());
    }
    return {};
}

std::string reload_text(const v1::PluginList& list, Language language) {
    if (list.daemons().empty())
        return pick(language, "No daemon is connected: each reads its plugins when it starts.\n",
                    "接続中のデーモンはありません。各デーモンは起動時にプラグインを読み込みます。\n");
    Table table;
    for (const char* title : {"DAEMON", "PLUGINS", "OUTCOME"}) table.column(title);
    for (const auto& daemon : list.daemons()) {
        const auto& report = daemon.report();
        std::string outcome = pick(language, "loaded", "読み込み済み");
        if (report.percent() != 0) outcome = cat(pick(language, "on trial with ", "試行中: "), report.percent(), pick(language, " % of mail", " % のメール"));
        if (!report.error().empty()) outcome = cat(pick(language, "the old ones go on: ", "以前のものを継続: "), printable(report.error()));
        table.row({daemon_name(daemon), cat(report.plugins_size()), outcome});
    }
    return table.text();
}

std::string plugin_state_text(const v1::PluginStateRows& rows, Language language) {
    if (rows.rows().empty()) return pick(language, "Nothing is kept.\n", "何も保存されていません。\n");
    Table table;
    table.column("KEY");
    table.column("VALUE");
    table.column("COUNT", Align::right);
    table.column("UNTIL");
    for (const auto& row : rows.rows())
        table.row({printable(row.key()), shortened(printable(row.value()), kValueCells), row.count() == 0 ? "-" : cat(row.count()),
                   show_time(row.expires_s())});
    return table.text();
}

std::string plugin_changed_text(const v1::PluginView& view, Language language) {
    PluginViews views;
    views.here = view;
    auto out = cat(printable(view.at().plugin()), ": ", enabled_text(views, language), "\n");
    const auto declaration = plugin::parse_declaration(view.declaration_json());
    if (!declaration || view.own_json().empty() || view.own_json() == "{}") return out;
    for (const auto& setting : declaration->settings) {
        const auto value = member_of(view.own_json(), setting.name);
        if (!value.empty()) append(out, "  ", setting.name, " = ", printable(shortened(show_value(setting, value), kWordsCells)), "\n");
    }
    return out;
}

}  // namespace tayori::admin

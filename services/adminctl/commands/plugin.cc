// adminctl plugin: where plugins are enabled and with which settings, and how they fare. What authors use is in plugin_kit.cc.
#include <fstream>
#include <iostream>
#include <iterator>

#include "adminctl/context.h"
#include "adminctl/import/text.h"
#include "adminctl/plugin/show.h"
#include "adminctl/plugin/written.h"
#include "common/base/clock.h"

namespace tayori::admin {
namespace {

struct PluginOptions {
    std::string plugin;
    bool site = false;
    std::string domain, account;
    std::vector<std::string> settings;
    std::string file;
    std::optional<std::uint32_t> order;
    std::uint32_t percent = 0;
    bool accept = false, reject = false, clear = false;
    std::string language;
};
using PluginOptionsPtr = std::shared_ptr<PluginOptions>;

v1::PluginScope scope_of(const PluginOptions& options) {
    v1::PluginScope at;
    at.set_plugin(options.plugin);
    at.set_scope(!options.account.empty() ? options.account : options.domain);
    return at;
}

std::int64_t present_s() { return SystemClock().now_ms() / kMillisPerSecond; }

// A call whose text needs the language.
template <class Reply, class Request, class Text>
Result<ExitStatus> call_in(Context& context, const PluginOptions& options, Result<Reply> (rpc::AdminClient::*method)(const Request&),
                           const Request& request, Text text) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    return call<Reply>(context, method, request, [&](const Reply& reply) { return text(reply, *language); });
}

Result<ExitStatus> switch_plugin(Context& context, const PluginOptions& options, v1::PluginChoice choice) {
    v1::SwitchPluginRequest request;
    *request.mutable_at() = scope_of(options);
    request.set_choice(choice);
    return call_in<v1::PluginView>(context, options, &rpc::AdminClient::switch_plugin, request, plugin_changed_text);
}

// The scopes around it, nearest first.
std::vector<std::string> wider_scopes(const std::string& scope) {
    std::vector<std::string> out;
    const auto at = scope.rfind('@');
    if (at != std::string::npos) out.push_back(scope.substr(at + 1));
    if (!scope.empty()) out.emplace_back();
    return out;
}

Result<ExitStatus> show_plugin(Context& context, const PluginOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto here = (*client)->get_plugin(scope_of(options));
    if (!here) return fail(std::move(here.error()));
    if (context.json) {
        Context::print(cat(to_json(*here), "\n"));
        return ExitStatus::ok;
    }
    PluginViews views;
    views.here = std::move(*here);
    for (const auto& scope : wider_scopes(views.here.at().scope())) {
        v1::PluginScope at;
        at.set_plugin(options.plugin);
        at.set_scope(scope);
        auto view = (*client)->get_plugin(at);
        // Nothing is known of it there.
        if (!view && view.error().kind == Kind::not_found) continue;
        if (!view) return fail(std::move(view.error()));
        views.wider.push_back(std::move(*view));
    }
    Context::print(plugin_text(views, *language));
    return ExitStatus::ok;
}

Result<std::string> read_settings(const std::string& file) {
    std::string text;
    if (file == "-") {
        text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
        std::ifstream in(file, std::ios::binary);
        if (!in) return fail(Kind::not_found, cat("Can't read ", file, "."));
        text.assign(std::istreambuf_iterator<char>(in), {});
    }
    if (text.size() > plugin::kSettingsBytesMax)
        return fail(Kind::too_big, cat("Settings have at most ", plugin::kSettingsBytesMax, " octets; ", file, " has ", text.size(), "."));
    if (!std::string_view(trim(text)).starts_with('{')) return fail(Kind::invalid, cat(file, " is no JSON object: it begins with {."));
    return text;
}

Result<ExitStatus> set_plugin(Context& context, const PluginOptions& options) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::SetPluginRequest request;
    *request.mutable_at() = scope_of(options);
    if (options.order) request.set_order(*options.order);
    auto written = options.settings;
    if (!options.file.empty()) {
        auto object = read_settings(options.file);
        if (!object) return fail(std::move(object.error()));
        written.insert(written.begin(), std::move(*object));
    }
    if (written.empty() && !options.order) return fail(Kind::invalid, "Say what to set: NAME=VALUE, --file or --order.");
    if (!written.empty()) {
        auto view = (*client)->get_plugin(request.at());
        if (!view) return fail(std::move(view.error()));
        const auto declaration = plugin::parse_declaration(view->declaration_json());
        if (!declaration)
            return fail(Kind::invalid, cat("No daemon has loaded the plugin ", options.plugin,
                                           " yet, so what it takes is not known: `adminctl plugin reload` has them read their plugins."));
        auto json = settings_json(*declaration, written);
        if (!json) return fail(std::move(json.error()));
        request.set_set_json(std::move(*json));
    }
    return call_in<v1::PluginView>(context, options, &rpc::AdminClient::set_plugin, request, plugin_changed_text);
}

Result<ExitStatus> unset_plugin(Context& context, const PluginOptions& options) {
    v1::SetPluginRequest request;
    *request.mutable_at() = scope_of(options);
    for (const auto& name : options.settings) request.add_unset(name);
    return call_in<v1::PluginView>(context, options, &rpc::AdminClient::set_plugin, request, plugin_changed_text);
}

Result<ExitStatus> reload_plugins(Context& context, const PluginOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    v1::ReloadPluginsRequest request;
    if (options.percent != 0) request.set_action(v1::RELOAD_ACTION_TRY);
    if (options.accept) request.set_action(v1::RELOAD_ACTION_ACCEPT);
    if (options.reject) request.set_action(v1::RELOAD_ACTION_REJECT);
    request.set_percent(options.percent);
    std::string why;
    auto done = call<v1::PluginList>(
        context, &rpc::AdminClient::reload_plugins, request, [&](const v1::PluginList& list) { return reload_text(list, *language); },
        [&](const v1::PluginList& list) { why = reload_error(list); });
    if (done && !why.empty()) return fail(Kind::invalid, std::move(why));
    return done;
}

Result<ExitStatus> plugin_state(Context& context, const PluginOptions& options) {
    v1::ListPluginStateRequest request;
    *request.mutable_at() = scope_of(options);
    const auto method = options.clear ? &rpc::AdminClient::clear_plugin_state : &rpc::AdminClient::list_plugin_state;
    return call_in<v1::PluginStateRows>(context, options, method, request, plugin_state_text);
}

void add_plugin_scope(CLI::App* app, const PluginOptionsPtr& options) {
    app->add_option("NAME", options->plugin, "the plugin")->required();
    auto* site = app->add_flag("--site", options->site, "of the site, for everybody (this is meant where nothing else is said)");
    auto* domain = app->add_option("--domain", options->domain, "of a domain");
    auto* account = app->add_option("--account", options->account, "of an account");
    site->excludes(domain)->excludes(account);
    domain->excludes(account);
}

void add_language(CLI::App* app, const PluginOptionsPtr& options) {
    app->add_option("--lang", options->language, "en or ja; else as the terminal's");
}

void add_settings_commands(CLI::App& plugin, Context& context, const PluginOptionsPtr& options) {
    auto* show = command(plugin, context, "show", "one plugin: each setting, its value, and where it comes from",
                         [&context, options] { return show_plugin(context, *options); });
    add_plugin_scope(show, options);
    add_language(show, options);
    struct Switch {
        const char* name;
        const char* help;
        v1::PluginChoice choice;
    };
    static constexpr Switch kSwitches[] = {
        {"enable", "enables it; of an account, this approves what an import found for it", v1::PLUGIN_CHOICE_ENABLED},
        {"disable", "disables it there, whatever wider scopes say", v1::PLUGIN_CHOICE_DISABLED},
        {"inherit", "says nothing any more there: the next wider scope's holds", v1::PLUGIN_CHOICE_UNSPECIFIED}};
    for (const auto& one : kSwitches) {
        auto* app = command(plugin, context, one.name, one.help,
                            [&context, options, choice = one.choice] { return switch_plugin(context, *options, choice); });
        add_plugin_scope(app, options);
        add_language(app, options);
    }
    auto* set = command(plugin, context, "set", "sets settings, all or none", [&context, options] { return set_plugin(context, *options); });
    add_plugin_scope(set, options);
    set->add_option("SETTINGS", options->settings,
                    "NAME=VALUE …: max=10M, every=7d, to=\"a@example.com, b@example.com\", keep=yes; lists and records also as JSON; or one JSON object");
    set->add_option("--file", options->file, "a file with a JSON object of settings; - for standard input");
    set->add_option("--order", options->order, "of the site: 1 to 100, lower runs first; 0: as declared");
    add_language(set, options);
    auto* unset = command(plugin, context, "unset", "the next wider scope's value holds again",
                          [&context, options] { return unset_plugin(context, *options); });
    add_plugin_scope(unset, options);
    unset->add_option("SETTINGS", options->settings, "names of settings")->required();
    add_language(unset, options);
}

void add_running_commands(CLI::App& plugin, Context& context, const PluginOptionsPtr& options) {
    auto* reload = command(plugin, context, "reload", "has all daemons read their plugins anew; those that do not load leave the old ones running",
                           [&context, options] { return reload_plugins(context, *options); });
    auto* percent = reload->add_option("--percent", options->percent, "the new ones get so many percent of mail at first, beside the old ones")
                        ->check(CLI::Range(1, 99));
    auto* accept = reload->add_flag("--accept", options->accept, "the ones on trial get all mail");
    auto* reject = reload->add_flag("--reject", options->reject, "the old ones get all mail again");
    percent->excludes(accept)->excludes(reject);
    accept->excludes(reject);
    add_language(reload, options);

    auto* stats = command(plugin, context, "stats", "calls, failures and times in each daemon", [&context, options] {
        return call_in<v1::PluginList>(context, *options, &rpc::AdminClient::list_plugins, v1::ListPluginsRequest(),
                                       [options](const v1::PluginList& list, Language language) {
                                           return plugin_stats_text(list, options->plugin, present_s(), language);
                                       });
    });
    stats->add_option("NAME", options->plugin, "only of this plugin");
    add_language(stats, options);

    auto* state = command(plugin, context, "state", "what a plugin keeps of an account or of the site, and what it counts",
                          [&context, options] { return plugin_state(context, *options); });
    state->add_option("NAME", options->plugin, "the plugin")->required();
    auto* site = state->add_flag("--site", options->site, "of the site (this is meant where nothing else is said)");
    auto* account = state->add_option("--account", options->account, "of an account");
    site->excludes(account);
    state->add_flag("--clear", options->clear, "forgets it, and shows what it was");
    add_language(state, options);
}

}  // namespace

void add_plugin_command(CLI::App& app, Context& context) {
    auto* plugin = group(app, "plugin", "plugins: where they run, with which settings, and how they fare");
    auto options = std::make_shared<PluginOptions>();
    auto* list = command(*plugin, context, "list", "all plugins", [&context, options] {
        return call_in<v1::PluginList>(context, *options, &rpc::AdminClient::list_plugins, v1::ListPluginsRequest(),
                                       [](const v1::PluginList& found, Language language) { return plugins_text(found, present_s(), language); });
    });
    add_language(list, options);
    add_settings_commands(*plugin, context, options);
    add_running_commands(*plugin, context, options);
    add_plugin_kit(*plugin, context);
    add_plugin_look(*plugin, context);
}

}  // namespace tayori::admin

// What one call of `deliver` costs, in µs on this thread: a plugin that looks and decides nothing, one that answers, one that compares
// the text; or a plugin of a folder, with settings.
//
//   bench_plugin_calls [CALLS [CASE]]
//   bench_plugin_calls CALLS plugin plugins/autoreply '{"text": "Away.", "date_from": "2099-01-01"}'
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "common/base/text.h"
#include "common/lua/engine.h"
#include "common/lua/state.h"

using namespace tayori;

namespace {

constexpr std::string_view kHead =
    "local tayori = require \"tayori\"\nlocal p = tayori.plugin { name = \"p\", settings = { days = { type = \"integer\" } } }\n";

struct BenchCase {
    const char* name;
    const char* body;
};
constexpr BenchCase kCases[] = {
    {"nothing", "function p.deliver(mail, account) end"},
    {"two headers, a setting",
     "function p.deliver(mail, account) local a, b, c = mail:header('X-A'), mail:header('List-Id'), account.settings.days end"},
    {"is_automatic, is_to", "function p.deliver(mail, account) local a, b = mail:is_automatic(), mail:is_to(account) end"},
    {"a word in the text", "function p.deliver(mail, account) local found = tayori.contains(mail.text, 'word') end"},
    {"fileinto", "function p.deliver(mail, account) account:fileinto('Work') end"},
    {"reply", "function p.deliver(mail, account) account:reply(mail, { text = 'I am away and will answer when I am back.' }) end"},
    {"reply in Japanese", "function p.deliver(mail, account) account:reply(mail, { text = '不在にしております。', charset = 'iso-2022-jp' }) end"},
};

std::shared_ptr<const lua::PluginSet> set_of(const char* body) {
    auto plugin = std::make_shared<lua::Plugin>();
    plugin->sources["plugin.lua"] = cat(kHead, body, "\nreturn p\n");
    const auto state = lua::State::open(plugin->sources, "p", {});
    if (!state) {
        std::fprintf(stderr, "%s\n", state.error().text.c_str());
        std::exit(1);
    }
    plugin->declaration = *plugin::parse_declaration((*state)->declaration_json());
    auto set = std::make_shared<lua::PluginSet>();
    set->plugins.push_back(std::move(plugin));
    return set;
}

std::string sample_mail() {
    std::string mail;
    for (int i = 0; i < 12; ++i)
        append(mail, "Received: from a", i, ".test by b.test with ESMTPS id ", i, ";\r\n\tFri, 27 Nov 2026 08:42:00 +0900\r\n");
    mail += "From: =?UTF-8?B?6Iqx5a2Q?= <hana@a.test>\r\nTo: taro@ours.test\r\nSubject: =?UTF-8?B?5Lya6K2w?=\r\nMessage-ID: <m1@a.test>\r\n"
            "Date: Fri, 27 Nov 2026 08:42:00 +0900\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
    for (int i = 0; i < 100; ++i) mail += "本文の一行です。\r\n";
    return mail;
}

void measure(const char* name, std::shared_ptr<const lua::PluginSet> set, const std::string& settings, int calls) {
    static const auto mail = sample_mail();
    static const auto summary = mail::make_summary(mail);
    lua::Job job;
    job.hook = lua::Hook::deliver;
    job.now_s = 1'795'737'600;
    job.account.emplace();
    job.account->account_id = 1;
    job.account->address = job.account->recipient = "taro@ours.test";
    job.account->profile = std::make_shared<lua::Profile>(lua::Profile{1, {{set->plugins[0]->declaration.name, settings}}});
    job.mail.emplace();
    job.mail->sender = "hana@a.test";
    job.mail->bytes = mail;
    job.mail->size = mail.size();
    job.mail->summary = &summary;
    lua::Engine engine(std::move(set), {});
    std::size_t actions = 0, failures = 0;
    const auto began = std::clock();  // CPU time: other work on the machine is not ours
    for (int i = 0; i < calls; ++i) {
        const auto decided = engine.run(job);
        actions += decided.actions.size();
        failures += decided.failures.size();
    }
    const double took_us = static_cast<double>(std::clock() - began) * 1e6 / CLOCKS_PER_SEC;
    std::printf("%-24s %8.2f µs a call, %zu actions, %zu failures\n", name, took_us / calls, actions, failures);
}

}  // namespace

int main(int argc, char** argv) {
    const int calls = argc > 1 ? std::atoi(argv[1]) : 50'000;
    if (argc > 4 && std::string_view(argv[2]) == "plugin") {
        auto plugin = lua::PluginSet::load_plugin(argv[3], {});
        if (!plugin) return std::fprintf(stderr, "%s\n", plugin.error().text.c_str()), 1;
        auto set = std::make_shared<lua::PluginSet>();
        set->plugins.push_back(std::move(*plugin));
        measure(argv[3], std::move(set), argv[4], calls);
        return 0;
    }
    for (const auto& one : kCases)
        if (argc <= 2 || std::string_view(one.name) == argv[2]) measure(one.name, set_of(one.body), "{\"days\": 3}", calls);
}

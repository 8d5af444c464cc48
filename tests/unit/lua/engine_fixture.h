// Small plugins given as text, run by an Engine with mails and accounts that a test describes.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "common/lua/engine.h"
#include "common/lua/state.h"
#include "common/plugin/declaration.h"

namespace tayori::lua {

inline constexpr std::int64_t kNow = 1'795'737'600;  // 2026-11-27 00:00:00 UTC, a Friday

inline constexpr std::string_view kPlainMail =
    "From: =?UTF-8?B?6Iqx5a2Q?= <hana@a.test>\r\n"
    "To: taro@ours.test\r\n"
    "Subject: =?ISO-2022-JP?B?GyRCMnE1RBsoQg==?=\r\n"
    "Message-ID: <m1@a.test>\r\n"
    "Date: Fri, 27 Nov 2026 08:42:00 +0900\r\n"
    "\r\n"
    "hello\r\n";

class EngineTest : public testing::Test {
  protected:
    // A slow machine is no reason to fail: what runs away is ended by its instructions.
    EngineTest() { limits_.wall = std::chrono::seconds(30); }

    // `body` is what stands between the declaration and `return p`.
    static std::string source(std::string_view name, std::string_view declaration, std::string_view body) {
        return cat("local tayori = require \"tayori\"\nlocal p = tayori.plugin { name = \"", name, "\"", declaration.empty() ? "" : ", ",
                   declaration, " }\n", body, "\nreturn p\n");
    }
    void add(const std::string& name, std::string_view declaration, std::string_view body) {
        auto plugin = std::make_shared<Plugin>();
        plugin->sources["plugin.lua"] = source(name, declaration, body);
        const auto state = State::open(plugin->sources, name, limits_);
        ASSERT_TRUE(state) << state.error().text << '\n' << plugin->sources["plugin.lua"];
        auto parsed = plugin::parse_declaration((*state)->declaration_json());
        ASSERT_TRUE(parsed) << parsed.error().text;
        plugin->declaration = std::move(*parsed);
        plugin->has_needs = (*state)->has(kNeeds);
        plugins_.push_back(std::move(plugin));
        profile_->plugins.push_back({name, "{}"});
        engine_.reset();
    }
    // Of the plugin "p", instead of what was there.
    void use(std::string_view body, std::string_view declaration = {}) {
        plugins_.clear();
        profile_->plugins.clear();
        add("p", declaration, body);
    }
    void set(const std::string& name, std::string json) {
        for (auto& entry : profile_->plugins)
            if (entry.plugin == name) entry.settings_json = std::move(json);
        profile_->id = ++profile_ids_;
    }

    Engine& engine() {
        if (!engine_) {
            auto set = std::make_shared<PluginSet>();
            set->plugins = plugins_;
            std::sort(set->plugins.begin(), set->plugins.end(),
                      [](const auto& a, const auto& b) { return a->declaration.name < b->declaration.name; });
            engine_ = std::make_unique<Engine>(set, limits_);
        }
        return *engine_;
    }

    AccountView account() const {
        AccountView view;
        view.account_id = 7;
        view.address = "taro@ours.test";
        view.aliases = {"sales@ours.test"};
        view.recipient = "taro@ours.test";
        view.profile = profile_;
        return view;
    }
    Job job(Hook hook) const {
        Job made;
        made.hook = hook;
        made.now_s = kNow;
        made.id = "t1";
        made.trace = true;
        made.profile = profile_;
        return made;
    }
    Job session_job(Hook hook) const {
        auto made = job(hook);
        made.session.emplace();
        made.session->id = "s1";
        made.session->protocol = "smtp";
        made.session->peer = "192.0.2.1";
        made.session->helo = "mx.a.test";
        return made;
    }
    Job deliver_job(std::string_view mail, std::string sender = "hana@a.test") const {
        auto made = job(Hook::deliver);
        made.account = account();
        made.mail.emplace();
        made.mail->id = "t1";
        made.mail->sender = std::move(sender);
        made.mail->bytes = mail;
        made.mail->size = mail.size();
        return made;
    }
    Decided deliver(std::string_view mail = kPlainMail, std::string sender = "hana@a.test") {
        return engine().run(deliver_job(mail, std::move(sender)));
    }
    // What `p.deliver` logs with `body` in it, one line each, without the plugin's name. A failure is a line, too.
    std::vector<std::string> logged(std::string_view body, std::string_view mail = kPlainMail) {
        use(cat("function p.deliver(mail, account)\n", body, "\nend"));
        return lines(deliver(mail));
    }
    static std::vector<std::string> lines(const Decided& decided) {
        std::vector<std::string> out;
        for (const auto& line : decided.log) out.push_back(line.substr(line.find(": ") + 2));
        for (const auto& failure : decided.failures) out.push_back(cat("failed: ", failure.text));
        return out;
    }
    static std::vector<std::string> described(const Decided& decided) {
        std::vector<std::string> out;
        for (const auto& action : decided.actions) out.push_back(describe(action));
        for (const auto& failure : decided.failures) out.push_back(cat("failed: ", failure.text));
        return out;
    }
    template <class T>
    static const T* first(const Decided& decided) {
        for (const auto& action : decided.actions)
            if (const auto* found = std::get_if<T>(&action.what)) return found;
        return nullptr;
    }

    Limits limits_;
    std::vector<std::shared_ptr<const Plugin>> plugins_;
    std::shared_ptr<Profile> profile_ = std::make_shared<Profile>(Profile{1, {}});
    std::uint64_t profile_ids_ = 1;
    std::unique_ptr<Engine> engine_;
};

}  // namespace tayori::lua

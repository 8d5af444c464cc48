// Directory, mailboxes, intake and plugins over the real engine in a directory of its own, with a clock that a test moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "spoold/directory/core.h"
#include "spoold/directory/imported.h"
#include "spoold/intake/intake.h"
#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"
#include "spoold/plugin/limits.h"
#include "spoold/plugin/plugins.h"
#include "spoold/plugin/work.h"
#include "spoold/queue/queue.h"
#include "spoold/queue/trace.h"
#include "spoold/store/engine.h"

namespace tayori::spool {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T, class Call>
Result<T> answer_of(Call call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    call([promise](Result<T> result) { promise->set_value(std::move(result)); });
    return promise->get_future().get();
}

template <class T>
std::string problem_of(const Result<T>& result) {
    return result ? std::string("no problem") : result.error().text;
}

inline constexpr const char* kFilter =
    R"({"name":"filter","order":40,"hooks":["deliver"],"settings":{)"
    R"("days":{"type":"integer","default":7,"min":1,"max":60},)"
    R"("max":{"type":"size","default":"10M","scope":"site"},)"
    R"("to":{"type":"list","of":{"type":"address"}},)"
    R"("words":{"type":"text","default":"hello"}}})";
inline constexpr const char* kReply = R"({"name":"autoreply","hooks":["deliver"],"settings":{"text":{"type":"text"}}})";
inline constexpr const char* kExpire = R"({"name":"expire","hooks":["daily"]})";
inline constexpr const char* kWarn = R"({"name":"quotawarn","hooks":["quota"],"state":true})";

class PluginTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = std::filesystem::temp_directory_path() / "tayori-plugin-XXXXXX";
        path_ = mkdtemp(pattern.data());
        open_site();
        v1::AddDomainRequest request;
        request.set_name("x.test");
        ASSERT_TRUE(answer_of<v1::Domain>([&](auto done) { directory->add_domain(request, done); }));
    }
    void TearDown() override {
        close_site();
        std::filesystem::remove_all(path_);
    }
    void open_site() {
        store::Options options;
        options.directory = path_;
        options.clock = &clock;
        options.free_min_bytes = 0;
        options.segment_bytes = 4 << 20;
        options.background = false;
        options.on_fatal = [](const std::string& reason) { ADD_FAILURE() << reason; };
        store = std::move(store::open_embedded(std::move(options)).value());
        mailboxes = std::make_unique<Mailboxes>(*store, hub, clock, LimitsSource::of_directory(*store), MailboxSettings());
        DirectoryOptions of_directory;
        of_directory.scram_iterations = kScramIterationsMin;
        directory = std::move(Directory::open(*store, clock, mailboxes->hooks(), of_directory).value());
        tickets = std::make_unique<Tickets>(directory->core());
        plugins = std::move(Plugins::open(*directory).value());
        IntakeOptions intake_options;
        intake_options.dropped = [this](const std::vector<DroppedState>& dropped) { plugins->dropped(dropped); };
        intake = std::make_unique<Intake>(*mailboxes, std::move(intake_options));
        work = std::make_unique<PluginWork>(
            PluginWork::Parts{*directory, *tickets, *mailboxes, *plugins, [this](const auto& mails) { queued += mails.size(); }});
        mailboxes->parts().watch = [this](const ChangeSet& changes) { work->touched(changes); };
        work->start();
    }
    void close_site() {
        plugins->stop();
        work->stop();
        store.reset();
        intake.reset();
        work.reset();
        plugins.reset();
        directory.reset();
    }
    void reopen() {
        close_site();
        open_site();
    }

    // What a daemon says that has just loaded these.
    void load(const std::vector<std::string>& declarations, std::uint64_t stream = 1, std::uint64_t reload = 0) {
        v1::ReportPlugins report;
        report.set_reload(reload);
        for (const auto& json : declarations) {
            auto& one = *report.add_plugins();
            one.set_plugin(plugin::parse_declaration(json).value().name);
            one.set_declaration_json(json);
        }
        plugins->report({stream, "smtpd", cat("host ", stream)}, report);
        settle();
    }
    // Everything that was submitted before is done.
    void settle() {
        ASSERT_TRUE(commit([](store::Transaction&) { return Result<void>(); }));
    }
    Result<void> commit(store::Mutation apply) {
        return answer_of<void>([&](auto done) {
            store::Request request;
            request.apply = std::move(apply);
            request.effect = store::Effect::shrinks;
            request.done = done;
            store->submit(std::move(request));
        });
    }
    std::uint64_t add(const std::string& address, std::uint64_t quota_bytes = 0) {
        v1::AddAccountRequest request;
        request.set_address(address);
        if (quota_bytes != 0) request.set_quota_bytes(quota_bytes);
        auto made = answer_of<v1::Account>([&](auto done) { directory->add_account(request, done); });
        EXPECT_TRUE(made) << problem_of(made);
        return made ? made->account_id() : 0;
    }
    void alias(const std::string& address, const std::string& target) {
        v1::AddAliasRequest request;
        request.mutable_alias()->set_address(address);
        request.mutable_alias()->add_targets(target);
        EXPECT_TRUE(answer_of<v1::Alias>([&](auto done) { directory->add_alias(request, done); }));
    }
    void import(std::uint64_t account, const std::string& plugin, const std::string& file, const std::string& json, bool enable = false) {
        NewPluginSettings settings;
        settings.enable = enable;
        auto& entry = settings.entries.emplace_back();
        entry.set_plugin(plugin);
        entry.set_file(file);
        entry.set_json(json);
        ASSERT_TRUE(commit([&](store::Transaction& transaction) { return put_plugin_settings(transaction, account, settings); }));
        directory->core()->changed();
    }

    static v1::PluginScope at(const std::string& plugin, const std::string& scope = {}) {
        v1::PluginScope out;
        out.set_plugin(plugin);
        out.set_scope(scope);
        return out;
    }
    Result<v1::PluginView> choose(const std::string& plugin, v1::PluginChoice choice, const std::string& scope = {}) {
        v1::SwitchPluginRequest request;
        *request.mutable_at() = at(plugin, scope);
        request.set_choice(choice);
        return answer_of<v1::PluginView>([&](auto done) { plugins->switch_plugin(request, done); });
    }
    Result<v1::PluginView> enable(const std::string& plugin, const std::string& scope = {}) {
        return choose(plugin, v1::PLUGIN_CHOICE_ENABLED, scope);
    }
    Result<v1::PluginView> set(const std::string& plugin, const std::string& json, const std::string& scope = {}) {
        v1::SetPluginRequest request;
        *request.mutable_at() = at(plugin, scope);
        request.set_set_json(json);
        return set(request);
    }
    Result<v1::PluginView> set(const v1::SetPluginRequest& request) {
        return answer_of<v1::PluginView>([&](auto done) { plugins->set(request, done); });
    }
    // "autoreply{} filter{"days":3}" in the order in which they run.
    std::string profile(std::uint64_t account) {
        const auto reply = plugins->profile(account);
        if (!reply) return reply.error().text;
        std::string out;
        for (const auto& one : reply->profile().plugins()) append(out, out.empty() ? "" : " ", one.plugin(), one.settings_json());
        return out;
    }
    std::uint64_t profile_id(std::uint64_t account) { return plugins->profile(account).value().profile().profile(); }

    Result<v1::CommitPlanReply> plan(v1::CommitPlan request) {
        auto shared = std::make_shared<const v1::CommitPlan>(std::move(request));
        return answer_of<v1::CommitPlanReply>([&](auto done) { intake->commit_plan(shared, done); });
    }
    static v1::CommitPlan mail_to(std::uint64_t account, const std::string& text = "Subject: x\r\n\r\nx\r\n") {
        v1::CommitPlan out;
        out.set_trace_id("trace1");
        out.set_bytes(text);
        out.set_reverse_path("bob@far.test");
        out.add_deliveries()->set_account_id(account);
        return out;
    }
    static void add_condition(v1::PluginCondition& condition, std::uint64_t account, const std::string& key, std::uint32_t max = 1,
                              std::uint32_t period_s = 3600) {
        condition.set_account_id(account);
        condition.set_plugin("autoreply");
        condition.set_key(key);
        condition.set_max(max);
        condition.set_period_s(period_s);
    }
    static v1::Outbound& add_reply(v1::CommitPlan& to, std::uint64_t account, const std::string& key, std::uint32_t max = 1) {
        auto& outbound = *to.add_outbound();
        outbound.set_content("Subject: away\r\n\r\nAway.\r\n");
        outbound.add_recipients()->set_address("bob@far.test");
        add_condition(*outbound.add_conditions(), account, key, max);
        return outbound;
    }
    std::vector<std::string> state(const std::string& plugin, const std::string& scope = {}) {
        std::vector<std::string> out;
        const auto rows = plugins->list_state(at(plugin, scope));
        if (!rows) return {rows.error().text};
        for (const auto& row : rows->rows()) out.push_back(row.count() != 0 ? cat(row.key(), " x", row.count()) : cat(row.key(), "=", row.value()));
        return out;
    }
    std::vector<std::string> notes(const std::string& trace_id) {
        std::vector<std::string> out;
        v1::TraceRequest request;
        request.set_what(trace_id);
        TraceHooks hooks;
        hooks.address_of = [](AccountId id) { return cat("account ", raw(id)); };
        hooks.accounts_of = [](const std::string&) { return std::vector<AccountId>(); };
        EXPECT_TRUE(search_traces(*store->snapshot(), request, hooks, [&](const v1::TracedMail& mail) {
            for (const auto& event : mail.events())
                if (event.kind() == v1::TraceEvent::KIND_DECIDED) out.push_back(event.note());
            return true;
        }));
        return out;
    }

    ManualClock clock;
    Hub hub;
    std::unique_ptr<store::CopyableStore> store;
    std::unique_ptr<Mailboxes> mailboxes;
    std::unique_ptr<Directory> directory;
    std::unique_ptr<Tickets> tickets;
    std::unique_ptr<Plugins> plugins;
    std::unique_ptr<Intake> intake;
    std::unique_ptr<PluginWork> work;
    std::atomic<std::size_t> queued{0};

  private:
    std::string path_;
};

}  // namespace tayori::spool

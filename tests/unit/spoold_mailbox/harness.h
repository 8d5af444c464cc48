// A whole mailbox model over the real engine in a directory of its own, and calls that wait for their answer.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <map>
#include <mutex>

#include "common/base/text.h"
#include "spoold/counters/counters.h"
#include "spoold/intake/intake.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/undelete.h"
#include "spoold/queue/queue.h"
#include "spoold/store/engine.h"

namespace tayori::spool {

class OwnDirectory {  // in memory where there is a place for that
  public:
    OwnDirectory() {
        static std::atomic<unsigned> count = 0;
        std::error_code code;
        const bool shm = std::filesystem::is_directory("/dev/shm", code);
        const std::filesystem::path parent = shm ? "/dev/shm" : std::filesystem::temp_directory_path();
        path = (parent / cat("tayori-mailbox-", ::getpid(), "-", ++count)).string();
        std::filesystem::create_directories(path);
    }
    ~OwnDirectory() {
        std::error_code code;
        std::filesystem::remove_all(path, code);
    }
    std::string path;
};

// Limits that a test sets, in the place of the directory.
struct TestLimits {
    std::mutex mutex;
    std::map<std::uint64_t, AccountLimits> of;
    AccountLimits get(std::uint64_t account) {
        std::lock_guard lock(mutex);
        return of[account];
    }
    void set(AccountId account, AccountLimits limits) {
        std::lock_guard lock(mutex);
        of[raw(account)] = limits;
    }
};

template <class Message>
Shared<Message> share(Message message) {
    return std::make_shared<const Message>(std::move(message));
}

class Spool {
  public:
    Spool() { open(); }
    ~Spool() { close(); }

    void open() {
        store::Options options;
        options.directory = directory.path;
        options.clock = &clock;
        options.free_min_bytes = 0;
        options.segment_bytes = 4 << 20;
        options.background = false;
        options.on_fatal = [](const std::string&) {};
        auto opened = store::open_embedded(std::move(options));
        if (!opened) throw std::runtime_error(opened.error().detail);
        store = std::move(*opened);
        LimitsSource source{[this](store::Transaction&, std::uint64_t a) { return limits.get(a); },
                            [this](std::uint64_t a) -> Result<AccountLimits> { return limits.get(a); }};
        mailboxes = std::make_unique<Mailboxes>(*store, hub, clock, std::move(source), settings);
        intake = std::make_unique<Intake>(*mailboxes);
        undelete = std::make_unique<Undelete>(*mailboxes);
        janitor = std::make_unique<Janitor>(*mailboxes);
        counters = std::make_unique<Counters>(
            Counters::Parts{*store, clock, address_of, account_of, mailboxes->parts().raised, settings.uid_renumber_at});
        queue = std::make_unique<Queue>(*store);
    }
    void close() { store.reset(); }
    void reopen() {
        close();
        open();
    }

    // Accounts have no directory here.
    static std::string address_of(AccountId account) { return cat("account ", raw(account)); }
    static Result<AccountId> account_of(const std::string& address) {
        constexpr std::size_t kPrefix = std::string_view("account ").size();
        if (!address.starts_with("account ")) return fail(Kind::not_found, "There is no such account.");
        return AccountId{std::stoull(address.substr(kPrefix))};
    }

    AccountId add_account(AccountLimits account_limits = {true, 0, 0}) {
        const AccountId id{++accounts};
        limits.set(id, account_limits);
        auto made = commit([&](store::Transaction& t) { return mailboxes->hooks().create(t, raw(id)); });
        EXPECT_TRUE(made.has_value());
        return id;
    }

    Result<void> commit(store::Mutation apply) {
        auto promise = std::make_shared<std::promise<Result<void>>>();
        store::Request request;
        request.apply = std::move(apply);
        request.effect = store::Effect::shrinks;
        request.done = [promise](Result<void> r) { promise->set_value(std::move(r)); };
        store->submit(std::move(request));
        return promise->get_future().get();
    }

    // Runs a write of `object` and waits.
    template <class Object, class Request, class Reply>
    Result<Reply> call(Object& object, void (Object::*method)(AccountId, Shared<Request>, Answer<Reply>),
                       AccountId account, Request request) {
        auto promise = std::make_shared<std::promise<Result<Reply>>>();
        (object.*method)(account, share(std::move(request)),
                         [promise](Result<Reply> r) { promise->set_value(std::move(r)); });
        return promise->get_future().get();
    }

    Result<v1::AppendReply> append(AccountId account, const std::string& folder, const std::string& text,
                                   std::uint32_t flags = 0, std::vector<std::string> keywords = {},
                                   const std::string& request_id = {}) {
        v1::Append request;
        request.set_target_name(folder);
        request.set_bytes(text);
        request.set_flags(flags);
        request.set_request_id(request_id);
        request.set_internal_date_s(1'600'000'000);
        request.set_zone_minutes(540);
        for (auto& keyword : keywords) request.add_keywords(std::move(keyword));
        summarise(*request.mutable_summary(), text);
        return call(*mailboxes, &Mailboxes::append, account, std::move(request));
    }

    static void summarise(v1::Summary& summary, const std::string& text) {
        summary.set_envelope(cat("(envelope of ", text.size(), ")"));
        summary.set_bodystructure("(\"text\" \"plain\")");
        summary.set_body_structure_basic("(\"text\")");
        summary.set_header(text.substr(0, 10));
        summary.set_header_bytes(10);
        summary.set_parts("parts");
        summary.set_sent_s(77);
        summary.set_base_subject("SUBJECT");
        summary.set_message_id("1@x");
        summary.add_references("0@x");
    }

    Result<v1::CommitPlanReply> plan(v1::CommitPlan request) {
        auto promise = std::make_shared<std::promise<Result<v1::CommitPlanReply>>>();
        intake->commit_plan(share(std::move(request)),
                            [promise](Result<v1::CommitPlanReply> r) { promise->set_value(std::move(r)); });
        return promise->get_future().get();
    }

    v1::Folder folder(AccountId account, const std::string& name) {
        v1::GetFolder request;
        request.set_name(name);
        auto reply = mailboxes->get_folder(account, request);
        return reply ? reply->folder() : v1::Folder();
    }

    template <class Reply>
    static Result<std::vector<Reply>> drain(Result<std::unique_ptr<Cursor<Reply>>> cursor,
                                            std::size_t max_bytes = 64 * 1024) {
        if (!cursor) return fail(cursor.error());
        std::vector<Reply> replies;
        for (;;) {
            auto more = (*cursor)->next(max_bytes, replies.emplace_back());
            if (!more) return fail(more.error());
            if (!*more) return replies;
        }
    }

    // All replies as one.
    Result<v1::OpenFolderReply> open_folder(AccountId account, std::uint64_t folder_id, Modseq since = 0,
                                            std::uint32_t uid_validity = 0, Subscriber* subscriber = nullptr) {
        v1::OpenFolder request;
        request.set_folder_id(folder_id);
        request.set_since_modseq(since);
        request.set_uid_validity(uid_validity);
        request.set_subscribe(subscriber != nullptr);
        auto replies = drain(mailboxes->open_folder(account, request, subscriber), reply_bytes);
        if (!replies) return fail(replies.error());
        auto whole = replies->front();
        for (std::size_t i = 1; i < replies->size(); ++i) {
            auto& part = (*replies)[i];
            const auto base = static_cast<std::uint32_t>(whole.references().uid_size());
            for (auto& at : *part.mutable_references()->mutable_keywords()) at.set_index(at.index() + base);
            whole.MergeFrom(part);
        }
        return whole;
    }

    std::string body(AccountId account, std::uint64_t message, std::size_t max_bytes = 64 * 1024) {
        v1::FetchBodies request;
        request.add_ranges()->set_message_id(message);
        auto replies = drain(mailboxes->fetch_bodies(account, share(request)), max_bytes);
        if (!replies) return "error";
        std::string text;
        for (const auto& reply : *replies) {
            for (const auto& chunk : reply.chunks()) text += chunk.gone() ? "gone" : chunk.data();
        }
        return text;
    }

    std::vector<std::string> problems() {
        auto report = counters->verify(AccountId{0});
        if (!report) return {report.error().detail};
        return {report->problems().begin(), report->problems().end()};
    }

    OwnDirectory directory;
    ManualClock clock;
    MailboxSettings settings;
    TestLimits limits;
    Hub hub;
    std::uint64_t accounts = 0;
    std::size_t reply_bytes = 64 * 1024;  // of open_folder
    std::unique_ptr<store::CopyableStore> store;
    std::unique_ptr<Mailboxes> mailboxes;
    std::unique_ptr<Intake> intake;
    std::unique_ptr<Undelete> undelete;
    std::unique_ptr<Janitor> janitor;
    std::unique_ptr<Counters> counters;
    std::unique_ptr<Queue> queue;
};

inline void add_uids(google::protobuf::RepeatedPtrField<v1::UidRange>* to, Uid first, Uid last) {
    auto* range = to->Add();
    range->set_first(first);
    range->set_last(last);
}

}  // namespace tayori::spool

// A site for tests: the real store in a directory of its own, a clock that a test moves, and mailboxes that only count.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "spoold/directory/auth.h"
#include "spoold/directory/core.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/tickets.h"
#include "spoold/store/engine.h"

namespace tayori::spool::test {

// What the directory asked of the mailboxes.
struct FakeMailboxes {
    std::mutex mutex;
    std::map<std::uint64_t, MailboxFacts> facts;
    std::set<std::uint64_t> purged;
    std::size_t asked = 0;  // for facts

    MailboxHooks hooks() {
        MailboxHooks out;
        out.create = [](store::Transaction& transaction, std::uint64_t id) -> Result<void> {
            transaction.put(cat("test mailbox ", id), {});
            return {};
        };
        out.purge = [this](store::Transaction& transaction, std::uint64_t id) -> Result<bool> {
            transaction.erase(cat("test mailbox ", id));
            std::lock_guard lock(mutex);
            return !purged.insert(id).second;  // in two pieces
        };
        out.facts = [this](std::uint64_t id) -> Result<MailboxFacts> {
            std::lock_guard lock(mutex);
            ++asked;
            return facts[id];
        };
        return out;
    }
};

template <class T, class Call>
Result<T> wait_for(Call call) {
    std::promise<Result<T>> promise;
    call([&promise](Result<T> result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
}

class Site {
  public:
    explicit Site(DirectoryOptions options = quick()) : options_(std::move(options)) {
        std::string pattern = std::filesystem::temp_directory_path() / "tayori-directory-XXXXXX";
        path_ = mkdtemp(pattern.data());
        open();
    }
    ~Site() {
        close();
        std::filesystem::remove_all(path_);
    }

    // Few rounds, so that tests are about something else than waiting.
    static DirectoryOptions quick() {
        DirectoryOptions options;
        options.scram_iterations = kScramIterationsMin;
        options.undelete_days = 7;
        return options;
    }

    void open() {
        store::Options options;
        options.directory = path_;
        options.clock = &clock;
        options.free_min_bytes = 0;
        options.segment_bytes = 4 << 20;
        options.on_fatal = [](const std::string& reason) { ADD_FAILURE() << reason; };
        store = std::move(store::open_embedded(std::move(options)).value());
        directory = std::move(Directory::open(*store, clock, mailboxes.hooks(), options_).value());
        tickets = std::make_unique<Tickets>(directory->core());
        auth = std::make_unique<Auth>(*directory, *tickets);
    }
    void close() {
        auth.reset();
        store.reset();
        directory.reset();
        tickets.reset();
    }
    void reopen() {
        close();
        open();
    }

    Result<v1::Domain> add_domain(const std::string& name) {
        v1::AddDomainRequest request;
        request.set_name(name);
        return wait_for<v1::Domain>([&](auto done) { directory->add_domain(request, done); });
    }
    Result<v1::Domain> set_catch_all(const std::string& name, const std::string& target) {
        v1::SetDomainRequest request;
        request.set_name(name);
        request.set_catch_all(target);
        return wait_for<v1::Domain>([&](auto done) { directory->set_domain(request, done); });
    }
    Result<v1::DeleteDomainResponse> delete_domain(const std::string& name) {
        v1::DeleteDomainRequest request;
        request.set_name(name);
        return wait_for<v1::DeleteDomainResponse>([&](auto done) { directory->delete_domain(request, done); });
    }
    Result<v1::Account> add(const std::string& address, const std::string& password = {}) {
        v1::AddAccountRequest request;
        request.set_address(address);
        request.set_password(password);
        return add(request);
    }
    Result<v1::Account> add(const v1::AddAccountRequest& request) {
        return wait_for<v1::Account>([&](auto done) { directory->add_account(request, done); });
    }
    Result<v1::Account> remove(const std::string& address) {
        const auto request = account(address);
        return wait_for<v1::Account>([&](auto done) { directory->delete_account(request, done); });
    }
    Result<v1::Account> undelete(const std::string& address) {
        const auto request = account(address);
        return wait_for<v1::Account>([&](auto done) { directory->undelete_account(request, done); });
    }
    Result<v1::Account> suspend(const std::string& address, bool suspended = true) {
        v1::SetSuspendedRequest request;
        request.set_address(address);
        request.set_suspended(suspended);
        return wait_for<v1::Account>([&](auto done) { directory->set_suspended(request, done); });
    }
    Result<v1::Account> rename(const std::string& from, const std::string& to, bool keep_alias = false) {
        v1::RenameAccountRequest request;
        request.set_address(from);
        request.set_new_address(to);
        request.set_keep_alias(keep_alias);
        return wait_for<v1::Account>([&](auto done) { directory->rename_account(request, done); });
    }
    Result<v1::Account> set_password(const std::string& address, const std::string& password,
                                     const std::string& hash = {}) {
        v1::SetPasswordRequest request;
        request.set_address(address);
        request.set_password(password);
        request.set_password_hash(hash);
        return wait_for<v1::Account>([&](auto done) { directory->set_password(request, done); });
    }
    Result<v1::Account> set(const v1::SetAccountRequest& request) {
        return wait_for<v1::Account>([&](auto done) { directory->set_account(request, done); });
    }
    Result<v1::AddAppPasswordResponse> add_app_password(const std::string& address, const std::string& name,
                                                        std::vector<v1::Protocol> protocols = {}) {
        v1::AddAppPasswordRequest request;
        request.set_address(address);
        request.set_name(name);
        for (auto protocol : protocols) request.add_protocols(protocol);
        return wait_for<v1::AddAppPasswordResponse>([&](auto done) { directory->add_app_password(request, done); });
    }
    Result<v1::Account> delete_app_password(const std::string& address, const std::string& name) {
        v1::DeleteAppPasswordRequest request;
        request.set_address(address);
        request.set_name(name);
        return wait_for<v1::Account>([&](auto done) { directory->delete_app_password(request, done); });
    }
    Result<v1::Alias> alias(const std::string& address, const std::vector<std::string>& targets) {
        v1::AddAliasRequest request;
        request.mutable_alias()->set_address(address);
        for (const auto& target : targets) request.mutable_alias()->add_targets(target);
        return wait_for<v1::Alias>([&](auto done) { directory->add_alias(request, done); });
    }
    Result<v1::DeleteAliasResponse> delete_alias(const std::string& address) {
        v1::DeleteAliasRequest request;
        request.set_address(address);
        return wait_for<v1::DeleteAliasResponse>([&](auto done) { directory->delete_alias(request, done); });
    }
    Result<v1::Account> get(const std::string& address) { return directory->get_account(account(address)); }

    static v1::AccountRequest account(const std::string& address) {
        v1::AccountRequest request;
        request.set_address(address);
        return request;
    }
    v1::Recipient resolve(const std::string& recipient, std::optional<std::uint64_t> submitter = {},
                          std::uint64_t bytes = 0) {
        v1::Resolve request;
        request.add_recipients(recipient);
        request.set_declared_bytes(bytes);
        return directory->resolve(request, submitter).value().recipients(0);
    }
    // "anna@x.test bob@x.test+tag", or the refusal's kind.
    std::string resolved(const std::string& recipient, std::optional<std::uint64_t> submitter = {}) {
        const auto found = resolve(recipient, submitter);
        if (found.has_refused()) return v1::ErrorKind_Name(found.refused().kind()).substr(11);
        std::string out;
        for (const auto& target : found.targets()) {
            if (!out.empty()) out += ' ';
            if (target.account_id() == 0) out += '>';
            out += target.address();
            if (!target.detail().empty()) out += '+' + target.detail();
        }
        return out;
    }

    static v1::ClientInfo client(const std::string& ip, v1::Protocol protocol = v1::PROTOCOL_IMAP) {
        v1::ClientInfo info;
        info.set_remote_ip(ip);
        info.set_protocol(protocol);
        return info;
    }
    Result<v1::AuthReply> login(const std::string& user, const std::string& password,
                                const std::string& ip = "192.0.2.1", v1::Protocol protocol = v1::PROTOCOL_IMAP) {
        v1::AuthPassword request;
        *request.mutable_client() = client(ip, protocol);
        request.set_user(user);
        request.set_password(password);
        return login(request);
    }
    Result<v1::AuthReply> login(const v1::AuthPassword& request) {
        return wait_for<v1::AuthReply>([&](auto done) { auth->auth_password(request, done); });
    }

    ManualClock clock;
    FakeMailboxes mailboxes;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<Directory> directory;
    std::unique_ptr<Tickets> tickets;
    std::unique_ptr<Auth> auth;

  private:
    DirectoryOptions options_;
    std::string path_;
};

// The kind of an outcome, "ok" for success.
template <class T>
std::string kind_of(const Result<T>& result) {
    return result ? "ok" : std::string(to_string(result.error().kind));
}

}  // namespace tayori::spool::test

// A store in a folder of its own, a directory, a key file, and what stands over them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "spoold/directory/core.h"
#include "spoold/directory/directory.h"
#include "spoold/dkim/dkim.h"
#include "spoold/srs/forwarding.h"
#include "spoold/store/engine.h"

namespace tayori::spool::test {

template <class T, class Call>
Result<T> wait_for_answer(Call call) {
    std::promise<Result<T>> promise;
    call([&promise](Result<T> result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
}

class Site {
  public:
    explicit Site(ForwardingOptions srs = {}) : srs_(std::move(srs)) {
        std::string pattern = std::filesystem::temp_directory_path() / "tayori-dkim-XXXXXX";
        path = mkdtemp(pattern.data());
        std::filesystem::create_directory(path + "/store");
        open();
    }
    ~Site() {
        close();
        std::filesystem::remove_all(path);
    }

    void open() {
        store::Options options;
        options.directory = path + "/store";
        options.clock = &clock;
        options.free_min_bytes = 0;
        options.segment_bytes = 4 << 20;
        options.on_fatal = [](const std::string& reason) { ADD_FAILURE() << reason; };
        store = std::move(store::open_embedded(std::move(options)).value());
        MailboxHooks hooks;
        hooks.create = [](store::Transaction&, std::uint64_t) -> Result<void> { return {}; };
        hooks.purge = [](store::Transaction&, std::uint64_t) -> Result<bool> { return true; };
        hooks.facts = [](std::uint64_t) -> Result<MailboxFacts> { return MailboxFacts(); };
        directory = std::move(Directory::open(*store, clock, std::move(hooks), {}).value());
        sealer = std::make_unique<crypto::Sealer>(path + "/secrets.key");
        dkim = std::make_unique<Dkim>(*store, clock, *directory, *sealer);
        forwarding = std::move(Forwarding::open(*store, clock, srs_).value());
        directory->on_return_path([this](const std::string& recipient) { return forwarding->behind(recipient); });
    }
    void close() {
        store.reset();
        forwarding.reset();
        dkim.reset();
        directory.reset();
    }
    void reopen() {
        close();
        open();
    }

    void add_domain(const std::string& name) {
        v1::AddDomainRequest request;
        request.set_name(name);
        ASSERT_TRUE(wait_for_answer<v1::Domain>([&](auto done) { directory->add_domain(request, done); }));
    }
    void delete_domain(const std::string& name) {
        v1::DeleteDomainRequest request;
        request.set_name(name);
        ASSERT_TRUE(wait_for_answer<v1::DeleteDomainResponse>([&](auto done) { directory->delete_domain(request, done); }));
    }
    Result<v1::DkimEntry> create(const std::string& domain, const std::string& selector,
                                 v1::DkimAlgorithm algorithm = v1::DKIM_ALGORITHM_ED25519_SHA256, std::uint32_t bits = 0) {
        v1::CreateDkimRequest request;
        request.set_domain(domain);
        request.set_selector(selector);
        request.set_algorithm(algorithm);
        request.set_bits(bits);
        return wait_for_answer<v1::DkimEntry>([&](auto done) { dkim->create(request, done); });
    }
    static v1::DkimRequest named(const std::string& domain, const std::string& selector) {
        v1::DkimRequest request;
        request.set_domain(domain);
        request.set_selector(selector);
        return request;
    }
    Result<v1::DkimEntry> enable(const std::string& domain, const std::string& selector) {
        return wait_for_answer<v1::DkimEntry>([&](auto done) { dkim->enable(named(domain, selector), done); });
    }
    Result<v1::DkimEntry> disable(const std::string& domain, const std::string& selector) {
        return wait_for_answer<v1::DkimEntry>([&](auto done) { dkim->disable(named(domain, selector), done); });
    }
    Result<v1::DkimList> remove(const std::string& domain, const std::string& selector) {
        return wait_for_answer<v1::DkimList>([&](auto done) { dkim->remove(named(domain, selector), done); });
    }
    // "s1 s2"
    std::string signing(const std::string& domain) {
        std::string out;
        const auto keys = dkim->keys_for(domain).value();
        for (const auto& key : keys) out += (out.empty() ? "" : " ") + key.selector();
        return out;
    }
    Result<v1::SignDkimReply> sign(const std::string& domain, const std::string& selector) {
        v1::SignDkim request;
        auto& digest = *request.add_digests();
        digest.set_domain(domain);
        digest.set_selector(selector);
        digest.set_sha256(std::string(32, 'd'));
        return dkim->sign(request);
    }

    std::string path;
    ManualClock clock;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<Directory> directory;
    std::unique_ptr<crypto::Sealer> sealer;
    std::unique_ptr<Dkim> dkim;
    std::unique_ptr<Forwarding> forwarding;

  private:
    ForwardingOptions srs_;
};

template <class T>
std::string kind_name(const Result<T>& result) {
    return result ? "ok" : std::string(to_string(result.error().kind));
}

}  // namespace tayori::spool::test

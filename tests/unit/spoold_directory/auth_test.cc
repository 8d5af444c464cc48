#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "site.h"

namespace tayori::spool::test {
namespace {

class Login : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(site.add_domain("x.test"));
        ASSERT_TRUE(site.add("anna@x.test", "pencil"));
        ASSERT_TRUE(site.add("bob@x.test"));
    }
    Site site;
};

TEST_F(Login, OneAnswerForEverythingThatIsWrong) {
    EXPECT_EQ(site.login("anna@x.test", "pencil")->address(), "anna@x.test");
    EXPECT_EQ(site.login("ANNA@X.TEST", "pencil")->address(), "anna@x.test");
    EXPECT_EQ(site.login("anna", "pencil")->address(), "anna@x.test");  // there is one domain
    const auto wrong = site.login("anna@x.test", "Pencil").error();
    EXPECT_EQ(wrong.kind, Kind::auth_failed);
    for (const auto& [user, password] : {std::pair<std::string, std::string>{"nobody@x.test", "pencil"},
                                         {"anna@y.test", "pencil"},
                                         {"anna+tag@x.test", "pencil"},
                                         {"bob@x.test", ""},
                                         {"bob@x.test", "pencil"},
                                         {"", ""},
                                         {"anna@x.test", std::string(5000, 'x')},
                                         {std::string(5000, 'x'), "pencil"}}) {
        const auto error = site.login(user, password).error();
        EXPECT_EQ(error.kind, Kind::auth_failed) << user;
        EXPECT_EQ(error.text, wrong.text) << user;
    }
    ASSERT_TRUE(site.add_domain("y.test"));
    EXPECT_EQ(kind_of(site.login("anna", "pencil")), "auth_failed");
}

TEST_F(Login, ReasonsAreGivenOnlyForTheRightPassword) {
    v1::SetAccountRequest change;
    change.set_address("anna@x.test");
    change.mutable_protocols()->add_protocols(v1::PROTOCOL_POP3);
    ASSERT_TRUE(site.set(change));
    EXPECT_EQ(kind_of(site.login("anna@x.test", "wrong")), "auth_failed");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil")), "denied");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil", "192.0.2.1", v1::PROTOCOL_POP3)), "ok");
    ASSERT_TRUE(site.suspend("anna@x.test"));
    EXPECT_EQ(kind_of(site.login("anna@x.test", "wrong")), "auth_failed");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil", "192.0.2.1", v1::PROTOCOL_POP3)), "denied");
}

TEST_F(Login, NobodyActsForAnother) {
    v1::AuthPassword request;
    *request.mutable_client() = Site::client("192.0.2.1");
    request.set_user("anna@x.test");
    request.set_password("pencil");
    request.set_authorize_as("Anna@x.test");
    EXPECT_EQ(kind_of(site.login(request)), "ok");
    request.set_authorize_as("bob@x.test");
    EXPECT_EQ(kind_of(site.login(request)), "denied");
    request.set_password("wrong");
    EXPECT_EQ(kind_of(site.login(request)), "auth_failed");
}

TEST_F(Login, ANewPasswordReplacesTheOld) {
    ASSERT_TRUE(site.login("anna@x.test", "pencil"));
    ASSERT_TRUE(site.set_password("anna@x.test", "\uFF50\uFF45\uFF4E"));
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil")), "auth_failed");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pen")), "ok");
    EXPECT_EQ(kind_of(site.set_password("anna@x.test", "")), "invalid");
    EXPECT_EQ(kind_of(site.set_password("nobody@x.test", "pen")), "not_found");
    EXPECT_EQ(kind_of(site.set_password("anna@x.test", "pen", "{CRYPT}x")), "invalid");
}

TEST_F(Login, ImportedHashesAreUpgradedAtTheFirstLogin) {
    ASSERT_TRUE(site.set_password("bob@x.test", "",
                                  "{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8"
                                  "iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"));
    EXPECT_EQ(kind_of(site.login("bob@x.test", "Hello world")), "auth_failed");
    const auto first = site.login("bob@x.test", "Hello world!");
    ASSERT_TRUE(first);
    ASSERT_TRUE(site.add("later@x.test"));  // behind the upgrade
    auto row = site.store->get(row_key::credentials(first->account_id())).value();
    const auto kept = decode_stored<stored::v1::StoredCredentials>(*row).value().password();
    EXPECT_EQ(kept.imported(), "");
    EXPECT_EQ(kept.iterations(), kScramIterationsMin);
    EXPECT_TRUE(site.tickets->verify(first->ticket()));
    site.reopen();
    EXPECT_TRUE(site.login("bob@x.test", "Hello world!"));
}

TEST_F(Login, AppPasswordsAreForTheirProtocols) {
    const auto made = site.add_app_password("anna@x.test", "phone", {v1::PROTOCOL_IMAP});
    ASSERT_TRUE(made);
    EXPECT_EQ(kind_of(site.add_app_password("anna@x.test", "phone")), "exists");
    EXPECT_EQ(kind_of(site.add_app_password("anna@x.test", "")), "invalid");
    EXPECT_EQ(kind_of(site.login("anna@x.test", made->password())), "ok");
    EXPECT_EQ(kind_of(site.login("anna@x.test", to_upper(made->password()))), "ok");
    EXPECT_EQ(kind_of(site.login("bob@x.test", made->password())), "auth_failed");
    EXPECT_EQ(kind_of(site.login("anna@x.test", made->password(), "192.0.2.1", v1::PROTOCOL_SUBMISSION)), "denied");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil")), "ok");
    ASSERT_TRUE(site.add("later@x.test"));  // a commit behind the note of the use
    const auto shown = site.get("anna@x.test");
    ASSERT_EQ(shown->app_passwords_size(), 1);
    EXPECT_EQ(shown->app_passwords(0).name(), "phone");
    EXPECT_NE(shown->app_passwords(0).last_used_s(), 0);
    EXPECT_NE(shown->last_login_s(), 0);
    EXPECT_EQ(kind_of(site.delete_app_password("anna@x.test", "tablet")), "not_found");
    ASSERT_TRUE(site.delete_app_password("anna@x.test", "phone"));
    EXPECT_EQ(kind_of(site.login("anna@x.test", made->password())), "auth_failed");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil")), "ok");
}

TEST_F(Login, GuessingEndsAndTheKnownClientComesInAllTheSame) {
    ASSERT_TRUE(site.login("anna@x.test", "pencil", "203.0.113.5"));
    site.clock.advance_ms(DirectoryOptions().login_cache_ms + 1);  // nothing is remembered but the network
    int refused = 0;
    for (int network = 0; network < 40; ++network)
        for (int guess = 0; guess < 22; ++guess)
            if (kind_of(site.login("anna@x.test", cat("guess", guess), cat("198.51.", network, ".1"))) == "busy") ++refused;
    EXPECT_GT(refused, 200);
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil", "192.0.2.77")), "busy");  // a stranger, even if right
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil", "203.0.113.99")), "ok");
    // Its own mistakes have their own allowance, and the right password is still known.
    for (int i = 0; i < 100; ++i) static_cast<void>(site.login("anna@x.test", cat("oops", i), "203.0.113.5"));
    EXPECT_EQ(kind_of(site.login("anna@x.test", "oops", "203.0.113.5")), "busy");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pencil", "203.0.113.5")), "ok");
}

TEST_F(Login, TicketsEndWithTheCredentialsTheyWereGivenFor) {
    const auto ticket = [&] { return site.login("anna@x.test", "pencil")->ticket(); };
    const auto first = ticket();
    ASSERT_TRUE(site.tickets->verify(first));
    EXPECT_EQ(site.tickets->verify(first)->protocol, v1::PROTOCOL_IMAP);
    site.reopen();
    EXPECT_TRUE(site.tickets->verify(first));

    ASSERT_TRUE(site.rename("anna@x.test", "hanna@x.test"));
    EXPECT_TRUE(site.tickets->verify(first));
    ASSERT_TRUE(site.rename("hanna@x.test", "anna@x.test"));
    ASSERT_TRUE(site.set_password("anna@x.test", "pencil"));
    EXPECT_EQ(kind_of(site.tickets->verify(first)), "auth_failed");

    const auto second = ticket();
    ASSERT_TRUE(site.suspend("anna@x.test"));
    EXPECT_EQ(kind_of(site.tickets->verify(second)), "auth_failed");
    ASSERT_TRUE(site.suspend("anna@x.test", false));
    EXPECT_EQ(kind_of(site.tickets->verify(second)), "auth_failed");

    const auto third = ticket();
    ASSERT_TRUE(site.remove("anna@x.test"));
    EXPECT_EQ(kind_of(site.tickets->verify(third)), "auth_failed");
    ASSERT_TRUE(site.add("anna@x.test", "pencil"));
    EXPECT_EQ(kind_of(site.tickets->verify(third)), "auth_failed");

    const auto fourth = ticket();
    v1::SetAccountRequest change;
    change.set_address("anna@x.test");
    change.mutable_protocols()->add_protocols(v1::PROTOCOL_POP3);
    ASSERT_TRUE(site.set(change));
    EXPECT_EQ(kind_of(site.tickets->verify(fourth)), "auth_failed");
}

TEST_F(Login, TicketsAreNotForged) {
    const auto good = site.login("anna@x.test", "pencil")->ticket();
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bent = good;
        bent[i] = static_cast<char>(bent[i] ^ 1);
        EXPECT_EQ(kind_of(site.tickets->verify(bent)), "auth_failed") << i;
    }
    EXPECT_EQ(kind_of(site.tickets->verify("")), "auth_failed");
    EXPECT_EQ(kind_of(site.tickets->verify(good + "x")), "auth_failed");
    Site other;
    EXPECT_EQ(kind_of(other.tickets->verify(good)), "auth_failed");
}

TEST_F(Login, ManyAtOnceAreAllAnswered) {
    constexpr int kThreads = 8;
    constexpr int kEach = 50;
    std::atomic<int> right = 0;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                const bool good = i % 5 != 0;
                const auto reply = site.login("anna@x.test", good ? "pencil" : cat("wrong", t, '-', i),
                                              cat("192.0.", t, ".", i));
                if (reply && site.tickets->verify(reply->ticket())) ++right;
                else ++wrong;
            }
        });
    std::thread changes([&] {
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(site.alias(cat("alias", i, "@x.test"), {"anna@x.test"}));
    });
    for (auto& thread : threads) thread.join();
    changes.join();
    EXPECT_EQ(right, kThreads * kEach * 4 / 5);
    EXPECT_EQ(right + wrong, kThreads * kEach);
}

TEST_F(Login, WhatWaitsWhenTheServerStopsIsAnswered) {
    std::atomic<int> answered = 0;
    v1::AuthPassword request;
    *request.mutable_client() = Site::client("192.0.2.1");
    request.set_user("anna@x.test");
    for (int i = 0; i < 50; ++i) {
        request.set_password(cat("wrong", i));
        site.auth->auth_password(request, [&](Result<v1::AuthReply> reply) {
            EXPECT_FALSE(reply);
            ++answered;
        });
    }
    site.close();
    EXPECT_EQ(answered, 50);
}

}  // namespace
}  // namespace tayori::spool::test

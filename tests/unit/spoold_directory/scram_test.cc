#include "spoold/directory/scram.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "site.h"

namespace tayori::spool::test {
namespace {

std::string from_base64(std::string_view text) {
    std::string bytes;
    EXPECT_TRUE(base64_decode(text, bytes));
    return bytes;
}

// The exchange of RFC 7677 §3, to the letter.
TEST(Scram, SpeaksTheExampleOfTheRfc) {
    const auto first = parse_client_first("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->user, "user");
    EXPECT_EQ(first->gs2_header, "n,,");
    EXPECT_EQ(first->nonce, "rOprNGfwEbeRWgbNEkqO");

    const auto salt = from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
    const auto keys = scram_keys("pencil", salt, 4096);
    ScramExchange exchange;
    exchange.gs2_header = first->gs2_header;
    exchange.client_first_bare = first->bare;
    exchange.nonce = first->nonce + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    exchange.server_first = server_first(exchange.nonce, salt, 4096);
    exchange.stored_key = keys.stored_key;
    exchange.server_key = keys.server_key;
    EXPECT_EQ(exchange.server_first,
              "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const auto final = finish_scram(exchange,
                                    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    ASSERT_TRUE(final) << final.error().text;
    EXPECT_EQ(*final, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

struct FirstCase {
    std::string message;
    std::string outcome;  // user, or kind
};

TEST(Scram, ReadsClientFirst) {
    const FirstCase cases[] = {
        {"n,,n=user,r=abc", "user"},
        {"y,,n=user,r=abc", "user"},
        {"n,a=boss,n=user,r=abc", "user"},
        {"n,,n=a=2Cb=3Dc,r=abc", "a,b=c"},
        {"n,,n=user,r=abc,x=extension", "user"},
        {"p=tls-unique,,n=user,r=abc", "unsupported"},
        {"n,,m=must,n=user,r=abc", "unsupported"},
        {"", "invalid"},
        {"n", "invalid"},
        {"n,,", "invalid"},
        {"x,,n=user,r=abc", "invalid"},
        {"n,b=boss,n=user,r=abc", "invalid"},
        {"n,a=,n=user,r=abc", "invalid"},
        {"n,,n=,r=abc", "invalid"},
        {"n,,n=user,r=", "invalid"},
        {"n,,n=user", "invalid"},
        {"n,,n=us=er,r=abc", "invalid"},
        {"n,,n=us=2cer,r=abc", "invalid"},
        {"n,,r=abc,n=user", "invalid"},
        {"n,,n=user,r=a b", "invalid"},
        {"n,,n=user,r=" + std::string(5000, 'a'), "invalid"},
    };
    for (const auto& c : cases) {
        const auto first = parse_client_first(c.message);
        EXPECT_EQ(first ? first->user : to_string(first.error().kind), c.outcome) << c.message.substr(0, 60);
    }
}

TEST(Scram, RefusesWhatIsNotThisExchange) {
    ScramExchange exchange;
    exchange.gs2_header = "n,,";
    exchange.nonce = "abcdef";
    exchange.stored_key = exchange.server_key = std::string(32, 'k');
    const auto proof = base64_encode(std::string(32, 'p'));
    const std::pair<std::string, std::string> cases[] = {
        {"", "invalid"},
        {"c=biws,r=abcdef", "invalid"},
        {"c=biws,r=abcdef,p=", "invalid"},
        {"c=biws,r=abcdef,p=AAAA", "invalid"},
        {"c=!,r=abcdef,p=" + proof, "invalid"},
        {"c=biws,r=abcdef,p=" + proof, "auth_failed"},
        {"c=biws,r=abcdeX,p=" + proof, "auth_failed"},
        {"c=eSws,r=abcdef,p=" + proof, "auth_failed"},  // "y,,": the header was changed on the way
    };
    for (const auto& [message, kind] : cases) EXPECT_EQ(kind_of(finish_scram(exchange, message)), kind) << message;
}

// A client, as far as the tests need one.
struct ScramClient {
    std::string user;
    std::string password;
    std::string header = "n,,";
    std::string bare() const { return cat("n=", user, ",r=clientnonce"); }

    std::string final_message(const std::string& server_first) const {
        const auto at_salt = server_first.find(",s=");
        const auto at_rounds = server_first.find(",i=");
        const auto nonce = server_first.substr(0, at_salt);
        const auto salt = from_base64(server_first.substr(at_salt + 3, at_rounds - at_salt - 3));
        const auto rounds = static_cast<std::uint32_t>(std::stoul(server_first.substr(at_rounds + 3)));
        const auto salted = crypto::pbkdf2_hmac_sha256(password, salt, rounds);
        const auto client_key = crypto::hmac_sha256(salted, "Client Key");
        const auto without_proof = cat("c=", base64_encode(header), ',', nonce);
        auto proof = crypto::hmac_sha256(crypto::sha256(client_key),
                                         cat(bare(), ',', server_first, ',', without_proof));
        for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
        return cat(without_proof, ",p=", base64_encode(proof));
    }
};

Result<v1::AuthScramFinalReply> scram_login(Site& site, const ScramClient& client, const std::string& ip = "192.0.2.1",
                                            std::string* server_first_seen = nullptr) {
    v1::AuthScramFirst first;
    *first.mutable_client() = Site::client(ip);
    first.set_client_first(client.header + client.bare());
    auto challenge = site.auth->scram_first(first);
    if (!challenge) return fail(challenge.error());
    if (server_first_seen != nullptr) *server_first_seen = challenge->server_first();
    v1::AuthScramFinal final;
    final.set_exchange_id(challenge->exchange_id());
    final.set_client_final(client.final_message(challenge->server_first()));
    auto reply = site.auth->scram_final(final);
    // Once only.
    EXPECT_EQ(kind_of(site.auth->scram_final(final)), "auth_failed");
    return reply;
}

class ScramLogin : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(site.add_domain("x.test"));
        ASSERT_TRUE(site.add("anna@x.test", "pencil"));
        ASSERT_TRUE(site.add("bob@x.test", "eraser"));
    }
    Site site;
};

TEST_F(ScramLogin, GivesATicketForTheRightPassword) {
    auto reply = scram_login(site, {"anna@x.test", "pencil"});
    ASSERT_TRUE(reply) << reply.error().text;
    EXPECT_EQ(reply->auth().address(), "anna@x.test");
    EXPECT_TRUE(reply->server_final().starts_with("v="));
    EXPECT_EQ(site.tickets->verify(reply->auth().ticket())->account_id, reply->auth().account_id());
    EXPECT_EQ(kind_of(scram_login(site, {"anna@x.test", "wrong"})), "auth_failed");
    EXPECT_EQ(kind_of(scram_login(site, {"nobody@x.test", "pencil"})), "auth_failed");
    EXPECT_EQ(kind_of(scram_login(site, {"anna@x.test", "pencil", "n,a=anna@x.test,"})), "ok");
    EXPECT_EQ(kind_of(scram_login(site, {"anna@x.test", "pencil", "n,a=bob@x.test,"})), "denied");
    ASSERT_TRUE(site.suspend("anna@x.test"));
    EXPECT_EQ(kind_of(scram_login(site, {"anna@x.test", "pencil"})), "denied");
}

TEST_F(ScramLogin, AnUnknownUserGetsAlwaysTheSameSalt) {
    const auto salt_of = [&](const std::string& user) {
        std::string challenge;
        EXPECT_FALSE(scram_login(site, {user, "x"}, "192.0.2.1", &challenge));
        return challenge.substr(challenge.find(",s="));
    };
    const auto nobody = salt_of("nobody@x.test");
    EXPECT_EQ(nobody, salt_of("nobody@x.test"));
    EXPECT_EQ(nobody, salt_of("Nobody@X.test"));
    EXPECT_NE(nobody, salt_of("noone@x.test"));
    EXPECT_EQ(nobody.size(), salt_of("anna@x.test").size());
    site.reopen();
    EXPECT_EQ(nobody, salt_of("nobody@x.test"));
}

TEST_F(ScramLogin, AnExchangeDoesNotWaitForEver) {
    v1::AuthScramFirst first;
    *first.mutable_client() = Site::client("192.0.2.1");
    const ScramClient client{"anna@x.test", "pencil"};
    first.set_client_first(client.header + client.bare());
    auto challenge = site.auth->scram_first(first);
    ASSERT_TRUE(challenge);
    site.clock.advance_ms(kScramExchangeTime.count() + 1);
    v1::AuthScramFinal final;
    final.set_exchange_id(challenge->exchange_id());
    final.set_client_final(client.final_message(challenge->server_first()));
    EXPECT_EQ(kind_of(site.auth->scram_final(final)), "auth_failed");
}

TEST_F(ScramLogin, OneNetworkCannotFillTheTable) {
    v1::AuthScramFirst first;
    *first.mutable_client() = Site::client("198.51.100.1");
    std::size_t begun = 0;
    for (std::size_t i = 0; i < kScramExchangesPerNetworkMax + 10; ++i) {
        first.set_client_first(cat("n,,n=user", i, "@x.test,r=abc"));
        if (site.auth->scram_first(first)) ++begun;
    }
    EXPECT_EQ(begun, kScramExchangesPerNetworkMax);
    EXPECT_TRUE(scram_login(site, {"anna@x.test", "pencil"}));
}

}  // namespace
}  // namespace tayori::spool::test

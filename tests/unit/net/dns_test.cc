#include "common/net/dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "net_fixture.h"

namespace tayori::net {
namespace {

using Found = DnsAnswer::Found;

std::string u16(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)}; }

std::string dns_name(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        out += static_cast<char>(label.size());
        out += label;
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    return out + '\0';
}

struct Rr {
    unsigned type;
    std::string data;
    unsigned ttl = 300;
};

// An answer to the question for `name`, with this header's flags.
std::string packet(std::string_view name, unsigned type, unsigned flags, const std::vector<Rr>& answers,
                   const std::vector<Rr>& authority = {}) {
    auto out = u16(7) + u16(flags) + u16(1) + u16(static_cast<unsigned>(answers.size())) +
               u16(static_cast<unsigned>(authority.size())) + u16(0) + dns_name(name) + u16(type) + u16(1);
    for (const auto* section : {&answers, &authority}) {
        for (const auto& rr : *section)
            out += std::string("\xc0\x0c", 2) + u16(rr.type) + u16(1) + u16(0) + u16(rr.ttl) +
                   u16(static_cast<unsigned>(rr.data.size())) + rr.data;
    }
    return out;
}

constexpr unsigned kOk = 0x8580;
constexpr unsigned kNxDomain = 0x8583;
constexpr unsigned kServfail = 0x8582;

TEST(DnsAnswer, RecordsOfEachType) {
    const std::string first("\xc0\x00\x02\x01", 4);
    const auto good = read_dns_answer(packet("x.test", 1, kOk, {{1, first, 60}, {1, first, 30}}), DnsType::a);
    ASSERT_TRUE(good);
    EXPECT_EQ(good->found, Found::records);
    EXPECT_EQ(good->ttl.count(), 30);
    EXPECT_EQ(good->records.at(0).address.to_string(), "192.0.2.1");
    const auto mx = read_dns_answer(packet("x.test", 15, kOk, {{15, u16(10) + std::string("\2MX\xc0\x0c", 5)}}), DnsType::mx);
    ASSERT_TRUE(mx);
    EXPECT_EQ(mx->records.at(0).text, "mx.x.test");
    EXPECT_EQ(mx->records.at(0).preference, 10);
    const auto null_mx = read_dns_answer(packet("x.test", 15, kOk, {{15, u16(0) + std::string(1, '\0')}}), DnsType::mx);
    ASSERT_TRUE(null_mx);
    EXPECT_EQ(null_mx->records.at(0).text, "");
    const auto txt = read_dns_answer(packet("x.test", 16, kOk, {{16, "\3abc\2de"}}), DnsType::txt);
    ASSERT_TRUE(txt);
    EXPECT_EQ(txt->records.at(0).text, "abcde");
    // An alias alone is no such record.
    const auto alias = read_dns_answer(packet("x.test", 15, kOk, {{5, dns_name("y.test")}}), DnsType::mx);
    ASSERT_TRUE(alias);
    EXPECT_EQ(alias->found, Found::no_such_record);
}

TEST(DnsAnswer, NoIsOneOfTwoAndNeverAFailure) {
    const auto soa = dns_name("a") + dns_name("b") + std::string(16, '\0') + u16(0) + u16(45);
    const auto none = read_dns_answer(packet("x.test", 15, kNxDomain, {}, {{6, soa, 900}}), DnsType::mx);
    ASSERT_TRUE(none);
    EXPECT_EQ(none->found, Found::no_such_name);
    EXPECT_EQ(none->ttl.count(), 45);
    const auto no_record = read_dns_answer(packet("x.test", 15, kOk, {}, {{6, soa, 20}}), DnsType::mx);
    ASSERT_TRUE(no_record);
    EXPECT_EQ(no_record->found, Found::no_such_record);
    EXPECT_EQ(no_record->ttl.count(), 20);
    EXPECT_EQ(read_dns_answer(packet("x.test", 15, kServfail, {}), DnsType::mx).error().kind, Kind::busy);
}

TEST(DnsAnswer, NonsenseIsNoAnswer) {
    const auto whole = packet("x.test", 16, kOk, {{16, "\3abc"}, {16, "\3def"}});
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        EXPECT_FALSE(read_dns_answer(std::string_view(whole).substr(0, bytes), DnsType::txt)) << bytes;
    EXPECT_FALSE(read_dns_answer(packet("x.test", 12, kOk, {{12, "\xc0\x24"}}), DnsType::ptr));  // a ring
    EXPECT_FALSE(read_dns_answer(packet("x.test", 16, kOk, {{16, "\7ab"}}), DnsType::txt));
    EXPECT_FALSE(read_dns_answer(packet("x.test", 28, kOk, {{28, "short"}}), DnsType::aaaa));
}

// A name server in a thread, which answers what a function makes of the name and counts the questions.
class TestServer {
  public:
    using Answer = std::function<std::string(const std::string& packet)>;
    explicit TestServer(Answer answer) : answer_(std::move(answer)), fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0) std::abort();
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~TestServer() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    int asked() const { return asked_; }

  private:
    void serve() {
        char buffer[512];
        for (;;) {
            sockaddr_in from{};
            socklen_t size = sizeof from;
            const auto got = ::recvfrom(fd_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
            if (got <= 0) return;
            ++asked_;
            auto out = answer_(std::string(buffer, static_cast<std::size_t>(got)));
            if (out.empty()) continue;
            out[0] = buffer[0];
            out[1] = buffer[1];
            ::sendto(fd_, out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
        }
    }
    Answer answer_;
    int fd_;
    int port_ = 0;
    std::atomic<int> asked_{0};
    std::thread thread_;
};

class DnsTest : public NetTest {
  protected:
    std::unique_ptr<Dns> dns_at(const TestServer& server) {
        DnsOptions options;
        options.servers = {server.address()};
        options.timeout = std::chrono::milliseconds(100);
        options.tries = 1;
        return std::move(*Dns::make(loop, options));
    }
};

TEST_F(DnsTest, AnswersAreSharedAndKept) {
    const std::string address("\xc0\x00\x02\x01", 4);
    TestServer server([&](const std::string&) { return packet("x.test", 1, kOk, {{1, address}}); });
    auto dns = dns_at(server);
    dns->prefetch("X.test.", DnsType::a);
    auto one = begin(dns->ask("x.test", DnsType::a));
    auto two = begin(dns->ask("x.TEST", DnsType::a));
    turn_until([&] { return one->has_value() && two->has_value(); });
    ASSERT_TRUE(**one && **two);
    EXPECT_EQ((**one)->records.at(0).address.to_string(), "192.0.2.1");
    const auto later = run(dns->ask("x.test", DnsType::a));
    ASSERT_TRUE(later);
    EXPECT_EQ(later->records.size(), 1u);
    EXPECT_EQ(server.asked(), 1);
}

TEST_F(DnsTest, NoIsKeptToo) {
    TestServer server([](const std::string&) { return packet("no.test", 15, kNxDomain, {}); });
    auto dns = dns_at(server);
    for (int i = 0; i < 2; ++i) {
        const auto answer = run(dns->ask("no.test", DnsType::mx));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->found, Found::no_such_name);
    }
    EXPECT_EQ(server.asked(), 1);
}

TEST_F(DnsTest, TroubleIsTemporaryAndNotKept) {
    std::atomic<bool> silent{true};
    TestServer server([&](const std::string&) { return silent ? std::string() : packet("x.test", 15, kServfail, {}); });
    auto dns = dns_at(server);
    EXPECT_EQ(run(dns->ask("x.test", DnsType::mx)).error().kind, Kind::busy);
    silent = false;
    EXPECT_EQ(run(dns->ask("x.test", DnsType::mx)).error().kind, Kind::busy);
    EXPECT_GE(server.asked(), 2);
}

TEST_F(DnsTest, WhatIsNoNameIsNowhere) {
    TestServer server([](const std::string&) { return std::string(); });
    auto dns = dns_at(server);
    const auto answer = run(dns->ask(std::string(300, 'x'), DnsType::mx));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->found, Found::no_such_name);
}

TEST_F(DnsTest, WhoWaitsMayGo) {
    TestServer server([](const std::string&) { return std::string(); });
    auto dns = dns_at(server);
    {
        auto asked = dns->ask("x.test", DnsType::mx);
        EXPECT_FALSE(asked.start([](void*) {}, nullptr));
    }
    dns->prefetch("y.test", DnsType::mx);
    dns.reset();
    turn();
}

}  // namespace
}  // namespace tayori::net

#include "adminctl/outside/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <map>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr int kDnsTimeoutMs = 4'000;
constexpr int kTries = 2;
constexpr unsigned short kQuestionId = 1;  // c-ares puts its own in
constexpr int kPacketBytesMax = 1232;  // larger ones come in pieces, which get lost; then TCP asks again
constexpr int kWaitMs = 1'000;  // at most, until c-ares looks at its own clock
constexpr int kInternet = 1;
constexpr unsigned char kCheckingDisabled = 0x10;  // in the fourth octet of a question

struct Asked {
    bool done = false;
    int status = ARES_ETIMEOUT;
    std::string packet;
};

void hear(void* context, int status, int /*timeouts*/, unsigned char* bytes, int length) {
    auto& asked = *static_cast<Asked*>(context);
    asked.done = true;
    asked.status = status;
    if (bytes != nullptr && length > 0)
        asked.packet.assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

class AresResolver final : public Resolver {
  public:
    explicit AresResolver(ares_channel channel) : channel_(channel) {}
    AresResolver(const AresResolver&) = delete;
    AresResolver& operator=(const AresResolver&) = delete;
    ~AresResolver() override { ares_destroy(channel_); }

    Result<std::vector<DnsRecord>> ask(const std::string& name, DnsType type) override {
        Asked asked;
        ares_query(channel_, name.c_str(), kInternet, static_cast<int>(type), hear, &asked);
        while (!asked.done) wait();
        return told(asked, name, type);
    }

    bool answers_unvalidated(const std::string& name, DnsType type) override {
        unsigned char* question = nullptr;
        int bytes = 0;
        if (ares_create_query(name.c_str(), kInternet, static_cast<int>(type), kQuestionId, 1, &question, &bytes,
                              kPacketBytesMax) != ARES_SUCCESS)
            return false;
        question[3] |= kCheckingDisabled;
        Asked asked;
        ares_send(channel_, question, bytes, hear, &asked);
        while (!asked.done) wait();
        ares_free_string(question);
        constexpr unsigned kCodeMask = 15;  // of the fourth octet: how the server fared
        return asked.status == ARES_SUCCESS && asked.packet.size() > 3 &&
               (static_cast<unsigned char>(asked.packet[3]) & kCodeMask) == 0;
    }

  private:
    static Result<std::vector<DnsRecord>> told(const Asked& asked, const std::string& name, DnsType type) {
        const auto silent = [&](std::string_view trouble) {
            return fail(Kind::busy, cat("The DNS did not answer for ", name, ": ", ares_strerror(asked.status), "."),
                        std::string(trouble));
        };
        switch (asked.status) {
            case ARES_SUCCESS:
                return read_dns_answer(asked.packet, type);
            case ARES_ENODATA:
                return std::vector<DnsRecord>();
            case ARES_ENOTFOUND:
                return fail(Kind::not_found, cat("The DNS has no name ", name, "."));
            case ARES_EBADNAME:
                return fail(Kind::invalid, cat("\"", name, "\" is no name of the DNS."));
            case ARES_ESERVFAIL:
                return silent(kDnsServfail);
            case ARES_EREFUSED:
                return silent(kDnsRefused);
            default:
                return silent(kDnsSilent);
        }
    }

    void wait() {
        std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
        const auto wanted =
            static_cast<unsigned>(ares_getsock(channel_, sockets.data(), static_cast<int>(sockets.size())));
        std::vector<pollfd> polled;
        for (unsigned i = 0; i < sockets.size(); ++i) {
            short events = 0;
            if (ARES_GETSOCK_READABLE(wanted, i)) events = POLLIN;
            if (ARES_GETSOCK_WRITABLE(wanted, i)) events = static_cast<short>(events | POLLOUT);
            if (events != 0) polled.push_back({sockets[i], events, 0});
        }
        timeval most{kWaitMs / 1000, kWaitMs % 1000 * 1000};
        timeval left{};
        const auto* until = ares_timeout(channel_, &most, &left);
        ::poll(polled.data(), polled.size(), static_cast<int>(until->tv_sec * 1000 + until->tv_usec / 1000 + 1));
        for (const auto& one : polled) {
            ares_process_fd(channel_, (one.revents & (POLLIN | POLLERR | POLLHUP)) != 0 ? one.fd : ARES_SOCKET_BAD,
                            (one.revents & POLLOUT) != 0 ? one.fd : ARES_SOCKET_BAD);
        }
        if (polled.empty() ||
            std::all_of(polled.begin(), polled.end(), [](const pollfd& one) { return one.revents == 0; }))
            ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }

    ares_channel channel_;
};

class CachedResolver final : public Resolver {
  public:
    CachedResolver(std::unique_ptr<Resolver> inner, std::size_t questions_max)
        : inner_(std::move(inner)), questions_left_(questions_max) {}

    Result<std::vector<DnsRecord>> ask(const std::string& name, DnsType type) override {
        const auto known = answers_.find({name, type});
        if (known != answers_.end()) return known->second;
        if (questions_left_ == 0) return fail(Kind::busy, "Too many questions to the DNS.", std::string(kDnsSilent));
        --questions_left_;
        return answers_.emplace(std::pair(name, type), inner_->ask(name, type)).first->second;
    }
    bool answers_unvalidated(const std::string& name, DnsType type) override {
        return inner_->answers_unvalidated(name, type);
    }

  private:
    std::unique_ptr<Resolver> inner_;
    std::size_t questions_left_;
    std::map<std::pair<std::string, DnsType>, Result<std::vector<DnsRecord>>> answers_;
};

}  // namespace

std::unique_ptr<Resolver> make_cached_resolver(std::unique_ptr<Resolver> inner, std::size_t questions_max) {
    return std::make_unique<CachedResolver>(std::move(inner), questions_max);
}

Result<std::unique_ptr<Resolver>> make_resolver(const std::string& server) {
    static const int kReady = ares_library_init(ARES_LIB_INIT_ALL);
    ares_options options{};
    options.timeout = kDnsTimeoutMs;
    options.tries = kTries;
    // One server that fails is to be heard; of the machine's the next one is tried instead. Large answers need EDNS.
    options.flags = ARES_FLAG_EDNS;
    if (!server.empty()) options.flags |= ARES_FLAG_NOCHECKRESP;
    options.ednspsz = kPacketBytesMax;
    ares_channel channel = nullptr;
    if (kReady != ARES_SUCCESS ||
        ares_init_options(&channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ) != ARES_SUCCESS)
        return fail(Kind::busy, "The resolver could not be started.");
    auto resolver = std::make_unique<AresResolver>(channel);
    if (!server.empty() && ares_set_servers_ports_csv(channel, server.c_str()) != ARES_SUCCESS)
        return fail(Kind::invalid, cat("\"", server, "\" is no resolver: expected IP or IP:PORT."));
    return std::unique_ptr<Resolver>(std::move(resolver));
}

}  // namespace tayori::admin

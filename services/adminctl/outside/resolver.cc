#include "adminctl/outside/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr int kDnsTimeoutMs = 4'000;
constexpr int kTries = 2;
constexpr int kWaitMs = 1'000;  // at most, until c-ares looks at its own clock
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kRecordsMax = 1'000;
constexpr std::uint16_t kInternet = 1;

using Bytes = const unsigned char*;

// A packet, read from its begin. Nothing past its end is ever looked at.
class Packet {
  public:
    explicit Packet(std::string_view bytes) : bytes_(bytes) {}
    std::optional<std::uint16_t> number16() {
        if (at_ + 2 > bytes_.size()) return std::nullopt;
        const auto high = static_cast<std::uint8_t>(bytes_[at_]);
        const auto low = static_cast<std::uint8_t>(bytes_[at_ + 1]);
        at_ += 2;
        return static_cast<std::uint16_t>(high << 8 | low);
    }
    std::optional<std::uint32_t> number32() {
        const auto high = number16();
        const auto low = high ? number16() : std::nullopt;
        if (!low) return std::nullopt;
        return std::uint32_t{*high} << 16 | *low;
    }
    // Names point back into the packet; c-ares bounds that.
    std::optional<std::string> name() {
        if (at_ >= bytes_.size()) return std::nullopt;
        const auto* begin = reinterpret_cast<Bytes>(bytes_.data());
        char* text = nullptr;
        long used = 0;
        if (ares_expand_name(begin + at_, begin, static_cast<int>(bytes_.size()), &text, &used) != ARES_SUCCESS)
            return std::nullopt;
        std::string out = to_lower(text);
        ares_free_string(text);
        at_ += static_cast<std::size_t>(used);
        return out;
    }
    std::optional<std::string_view> take(std::size_t count) {
        if (count > bytes_.size() - at_) return std::nullopt;
        at_ += count;
        return bytes_.substr(at_ - count, count);
    }
    std::size_t at() const { return at_; }
    void go(std::size_t at) { at_ = at; }

  private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

std::optional<std::string> address_text(int family, std::string_view bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (bytes.size() != (family == AF_INET ? 4U : 16U)) return std::nullopt;
    if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return std::nullopt;
    return std::string(text.data());
}

// The strings of a TXT, one after the other.
std::optional<std::string> txt_text(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
        const auto length = static_cast<std::uint8_t>(bytes[0]);
        if (std::size_t{length} + 1 > bytes.size()) return std::nullopt;
        out += bytes.substr(1, length);
        bytes.remove_prefix(std::size_t{length} + 1);
    }
    return out;
}

std::optional<DnsRecord> read_data(Packet& packet, DnsType type, std::size_t length) {
    DnsRecord record;
    std::optional<std::string> text;
    switch (type) {
        case DnsType::a:
        case DnsType::aaaa:
        case DnsType::txt: {
            const auto bytes = packet.take(length);
            if (!bytes) return std::nullopt;
            text =
                type == DnsType::txt ? txt_text(*bytes) : address_text(type == DnsType::a ? AF_INET : AF_INET6, *bytes);
            break;
        }
        case DnsType::mx: {
            const auto preference = packet.number16();
            if (!preference) return std::nullopt;
            record.preference = *preference;
            text = packet.name();
            break;
        }
        case DnsType::ptr:
            text = packet.name();
            break;
    }
    if (!text) return std::nullopt;
    record.text = std::move(*text);
    return record;
}

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
        switch (asked.status) {
            case ARES_SUCCESS:
                return read_dns_answer(asked.packet, type);
            case ARES_ENODATA:
                return std::vector<DnsRecord>();
            case ARES_ENOTFOUND:
                return fail(Kind::not_found, cat("The DNS has no name ", name, "."));
            case ARES_EBADNAME:
                return fail(Kind::invalid, cat("\"", name, "\" is no name of the DNS."));
            default:
                return fail(Kind::busy,
                            cat("The DNS did not answer for ", name, ": ", ares_strerror(asked.status), "."));
        }
    }

  private:
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

}  // namespace

Result<std::vector<DnsRecord>> read_dns_answer(std::string_view bytes, DnsType type) {
    const auto nonsense = [] { return fail(Kind::corrupt, "The answer of the DNS makes no sense."); };
    Packet packet(bytes);
    packet.go(4);
    const auto questions = packet.number16();
    const auto answers = packet.number16();
    if (!questions || !answers || bytes.size() < kHeaderBytes || *answers > kRecordsMax) return nonsense();
    packet.go(kHeaderBytes);
    for (unsigned i = 0; i < *questions; ++i) {
        if (!packet.name() || !packet.take(4)) return nonsense();
    }
    std::vector<DnsRecord> out;
    for (unsigned i = 0; i < *answers; ++i) {
        const auto name = packet.name();
        const auto kind = name ? packet.number16() : std::nullopt;
        const auto family = kind ? packet.number16() : std::nullopt;
        const auto ttl = family ? packet.number32() : std::nullopt;
        const auto length = ttl ? packet.number16() : std::nullopt;
        if (!length || packet.at() + *length > bytes.size()) return nonsense();
        const auto next = packet.at() + *length;
        if (*family == kInternet && *kind == static_cast<std::uint16_t>(type)) {
            auto record = read_data(packet, type, *length);
            if (!record || packet.at() != next) return nonsense();
            record->ttl_s = *ttl;
            out.push_back(std::move(*record));
        }
        packet.go(next);
    }
    std::sort(out.begin(), out.end(), [](const DnsRecord& a, const DnsRecord& b) {
        return std::pair(a.preference, a.text) < std::pair(b.preference, b.text);
    });
    return out;
}

std::string reverse_name(std::string_view address) {
    std::array<std::uint8_t, 16> bytes{};
    const std::string text(address);
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
        return cat(bytes[3], '.', bytes[2], '.', bytes[1], '.', bytes[0], ".in-addr.arpa");
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return {};
    std::string out;
    for (auto at = bytes.size(); at-- > 0;) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        append(out, kDigits[bytes[at] & 15U], '.', kDigits[bytes[at] >> 4U], '.');
    }
    return out + "ip6.arpa";
}

Result<std::unique_ptr<Resolver>> make_resolver(const std::string& server) {
    static const int kReady = ares_library_init(ARES_LIB_INIT_ALL);
    ares_options options{};
    options.timeout = kDnsTimeoutMs;
    options.tries = kTries;
    ares_channel channel = nullptr;
    if (kReady != ARES_SUCCESS ||
        ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS)
        return fail(Kind::busy, "The resolver could not be started.");
    auto resolver = std::make_unique<AresResolver>(channel);
    if (!server.empty() && ares_set_servers_ports_csv(channel, server.c_str()) != ARES_SUCCESS)
        return fail(Kind::invalid, cat("\"", server, "\" is no resolver: expected IP or IP:PORT."));
    return std::unique_ptr<Resolver>(std::move(resolver));
}

}  // namespace tayori::admin

#include "common/legacy/live/curl_link.h"

#include <curl/curl.h>
#include <poll.h>
#include <sys/socket.h>

#include <charconv>
#include <csignal>
#include <thread>

#include "common/base/text.h"
#include "common/legacy/live/limits.h"

namespace tayori::legacy {
namespace {

struct CloseCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using Curl = std::unique_ptr<CURL, CloseCurl>;

bool is_ipv6(std::string_view host) { return host.find(':') != std::string_view::npos; }

std::string url_of(LiveProtocol protocol, const LiveServer& server) {
    const std::string_view name = protocol == LiveProtocol::imap ? "imap" : "pop3";
    const std::string_view secure = server.tls == LiveTls::implicit ? "s" : "";
    return is_ipv6(server.host) ? cat(name, secure, "://[", server.host, "]:", server.port, "/")
                                : cat(name, secure, "://", server.host, ':', server.port, "/");
}

tl::unexpected<Error> fail_curl(CURLcode code, const char* said) {
    const std::string detail = *said != '\0' ? said : curl_easy_strerror(code);
    switch (code) {
        case CURLE_LOGIN_DENIED:
            return fail(Kind::auth_failed, "The server refuses the login.", detail);
        case CURLE_USE_SSL_FAILED:
            return fail(Kind::unsupported, "The server has no STARTTLS: --tls implicit or --tls none say another way.",
                        detail);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return fail(Kind::unsupported,
                        cat("The server's certificate is not accepted (", detail,
                            "): --ca names who signed it, --tls-insecure accepts any."),
                        detail);
        case CURLE_AUTH_ERROR:
            return fail(Kind::unsupported, "There is no way to log in that the server and --auth both know.", detail);
        default:
            return fail(Kind::closed, cat("The server can't be reached: ", detail, "."), detail);
    }
}

class CurlLink final : public Link {
  public:
    CurlLink(Curl curl, const LiveAccess& access, Throttle* throttle)
        : curl_(std::move(curl)), idle_timeout_(access.idle_timeout), throttle_(throttle) {}
    CurlLink(const CurlLink&) = delete;
    CurlLink& operator=(const CurlLink&) = delete;
    // curl would say goodbye by itself: it waits minutes for a server that hangs, and a QUIT may be what must not be
    // said.
    ~CurlLink() override { ::shutdown(socket(), SHUT_RDWR); }

    Result<void> send(std::string_view bytes) override {
        while (!bytes.empty()) {
            std::size_t sent = 0;
            const auto code = curl_easy_send(curl_.get(), bytes.data(), bytes.size(), &sent);
            bytes.remove_prefix(sent);
            if (code == CURLE_OK) continue;
            if (code != CURLE_AGAIN)
                return fail(Kind::closed, "The connection to the server is lost.", curl_easy_strerror(code));
            if (auto ready = wait(POLLOUT); !ready) return ready;
        }
        return {};
    }

    Result<std::string> receive() override {
        std::string out(kLiveReceiveBytes, '\0');
        for (;;) {
            std::size_t got = 0;
            const auto code = curl_easy_recv(curl_.get(), out.data(), out.size(), &got);
            if (code == CURLE_OK && got > 0) {
                out.resize(got);
                if (throttle_ != nullptr) throttle_->spend(got);
                return out;
            }
            if (code == CURLE_OK) return fail(Kind::closed, "The server closed the connection.");
            if (code != CURLE_AGAIN)
                return fail(Kind::closed, "The connection to the server is lost.", curl_easy_strerror(code));
            if (auto ready = wait(POLLIN); !ready) return fail(std::move(ready.error()));
        }
    }

  private:
    curl_socket_t socket() {
        curl_socket_t socket = CURL_SOCKET_BAD;
        curl_easy_getinfo(curl_.get(), CURLINFO_ACTIVESOCKET, &socket);
        return socket;
    }
    Result<void> wait(short events) {
        pollfd one{socket(), events, 0};
        const auto ready = ::poll(&one, 1, static_cast<int>(idle_timeout_.count()));
        if (ready == 0) return fail(Kind::closed, "The server did not answer in time.");
        return {};
    }

    Curl curl_;
    const std::chrono::milliseconds idle_timeout_;
    Throttle* const throttle_;
};

CURLcode start_curl() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL, and connections are cut above
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

void set_tls(CURL* curl, const LiveServer& server, const LiveAccess& access) {
    curl_easy_setopt(curl, CURLOPT_USE_SSL, server.tls == LiveTls::none ? long{CURLUSESSL_NONE} : long{CURLUSESSL_ALL});
    if (!access.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, access.ca_file.c_str());
    if (!access.ca_pem.empty()) {
        curl_blob pem{const_cast<char*>(access.ca_pem.data()), access.ca_pem.size(), CURL_BLOB_COPY};
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &pem);
    }
    if (!access.any_certificate) return;
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

void set_login(CURL* curl, LiveProtocol protocol, const LiveAccess& access, const LiveLogin& login) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, login.user.c_str());
    const bool token = access.auth == "XOAUTH2";
    curl_easy_setopt(curl, token ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD, login.secret.c_str());
    if (access.auth.empty()) return;
    if (access.auth == "APOP" && protocol == LiveProtocol::imap) return;  // IMAP has none: the best that both know
    // "+": the protocol's own command; without it a mechanism of SASL.
    const bool own = access.auth == "APOP";
    curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, cat("AUTH=", own ? "+" : "", access.auth).c_str());
}

}  // namespace

void Throttle::spend(std::uint64_t bytes) {
    if (rate_ == 0) return;
    std::chrono::steady_clock::time_point until;
    {
        const std::lock_guard lock(mutex_);
        const auto cost = std::chrono::microseconds(bytes * 1'000'000 / rate_);
        free_at_ = std::max(free_at_, std::chrono::steady_clock::now()) + cost;
        until = free_at_;
    }
    std::this_thread::sleep_until(until);
}

Result<std::unique_ptr<Link>> connect_by_curl(LiveProtocol protocol, const LiveServer& server, const LiveAccess& access,
                                              const LiveLogin& login, Throttle* throttle) {
    static const CURLcode kReady = start_curl();
    Curl curl(kReady == CURLE_OK ? curl_easy_init() : nullptr);
    if (!curl) return fail(Kind::internal, "libcurl could not be started.");
    char said[CURL_ERROR_SIZE] = {};
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, said);
    curl_easy_setopt(curl.get(), CURLOPT_URL, url_of(protocol, server).c_str());
    curl_easy_setopt(curl.get(), CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(curl.get(), CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(access.connect_timeout.count()));
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(access.connect_timeout.count()));
    set_tls(curl.get(), server, access);
    set_login(curl.get(), protocol, access, login);
    const auto code = curl_easy_perform(curl.get());
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, nullptr);
    if (code != CURLE_OK) return fail_curl(code, said);
    return std::unique_ptr<Link>(new CurlLink(std::move(curl), access, throttle));
}

Result<LiveServer> parse_server(LiveProtocol protocol, std::string_view text, std::string_view tls) {
    LiveServer out;
    const bool imap = protocol == LiveProtocol::imap;
    const std::uint16_t implicit_port = imap ? 993 : 995;
    const std::uint16_t plain_port = imap ? 143 : 110;
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos)
            return fail(Kind::invalid, cat("\"", text, "\" is no server: expected [ADDRESS]:PORT."));
        out.host = std::string(text.substr(1, end - 1));
        if (text.substr(end + 1).starts_with(':')) port = text.substr(end + 2);
    } else {
        const auto colon = text.find(':');
        out.host = to_lower(text.substr(0, colon));
        if (colon != std::string_view::npos) port = text.substr(colon + 1);
    }
    if (!port.empty()) {
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
        if (error != std::errc() || end != port.data() + port.size()) out.port = 0;
    }
    if (out.host.empty() || (!port.empty() && out.port == 0) || text.ends_with(':') ||
        out.host.find_first_of("/@? ") != std::string::npos)
        return fail(Kind::invalid, cat("\"", text, "\" is no server: expected HOST or HOST:PORT."));
    if (tls.empty())
        out.tls = out.port == implicit_port || out.port == 0 ? LiveTls::implicit : LiveTls::starttls;
    else if (tls == "implicit")
        out.tls = LiveTls::implicit;
    else if (tls == "starttls")
        out.tls = LiveTls::starttls;
    else if (tls == "none")
        out.tls = LiveTls::none;
    else
        return fail(Kind::invalid, cat("\"", tls, "\" is no way to TLS: starttls, implicit or none."));
    if (out.port == 0) out.port = out.tls == LiveTls::implicit ? implicit_port : plain_port;
    return out;
}

}  // namespace tayori::legacy

#include "adminctl/outside/ports.h"

#include <curl/curl.h>

#include <memory>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr long kPortTimeoutMs = 10'000;

struct CloseCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

PortVerdict verdict_of(CURLcode code) {
    switch (code) {
        case CURLE_OK:
            return PortVerdict::good;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return PortVerdict::certificate;
        case CURLE_USE_SSL_FAILED:
        case CURLE_SSL_CONNECT_ERROR:
            return PortVerdict::no_tls;
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
            return PortVerdict::no_greeting;
        default:
            return PortVerdict::unreachable;
    }
}

}  // namespace

const std::vector<MailPort>& mail_ports() {
    static const std::vector<MailPort> kPorts = {
        {"smtp", 25, "smtp"},    {"submission", 587, "smtp"}, {"submissions", 465, "smtps"}, {"pop3", 110, "pop3"},
        {"pop3s", 995, "pop3s"}, {"imap", 143, "imap"},       {"imaps", 993, "imaps"}};
    return kPorts;
}

PortResult check_port(const PortQuestion& question) {
    static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
    const std::unique_ptr<CURL, CloseCurl> curl(kReady == CURLE_OK ? curl_easy_init() : nullptr);
    if (!curl) return {PortVerdict::unreachable, "libcurl could not be started"};
    const bool v6 = question.address.find(':') != std::string::npos;
    const auto to = cat("::", v6 ? "[" : "", question.address, v6 ? "]" : "", ':', question.port.port);
    const std::unique_ptr<curl_slist, FreeList> there(curl_slist_append(nullptr, to.c_str()));
    char said[CURL_ERROR_SIZE] = {};
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, said);
    curl_easy_setopt(curl.get(), CURLOPT_URL,
                     cat(question.port.scheme, "://", question.host, ':', question.port.port, "/").c_str());
    curl_easy_setopt(curl.get(), CURLOPT_CONNECT_TO, there.get());
    curl_easy_setopt(curl.get(), CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kPortTimeoutMs);
    curl_easy_setopt(curl.get(), CURLOPT_USE_SSL, long{CURLUSESSL_ALL});
    if (!question.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, question.ca_file.c_str());
    const auto code = curl_easy_perform(curl.get());
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, nullptr);
    return {verdict_of(code), said[0] != '\0' ? said : curl_easy_strerror(code)};
}

}  // namespace tayori::admin

#include "adminctl/outside/ports.h"

#include <algorithm>
#include <charconv>
#include <future>

#include "adminctl/outside/curl_handle.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr long kPortTimeoutMs = 10'000;
constexpr long kPortConnectTimeoutMs = 5'000;
constexpr std::size_t kGreetingBytesMax = 1'000;
constexpr std::size_t kAtOnceMax = 16;

enum class Trust { checked, name_only };
enum class TlsVersions { all, old_only };

int keep_greeting(CURL*, curl_infotype kind, char* bytes, std::size_t length, void* context) {
    auto& greeting = *static_cast<std::string*>(context);
    if (kind != CURLINFO_HEADER_IN || !greeting.empty()) return 0;
    const std::string_view line(bytes, std::min(length, kGreetingBytesMax));
    greeting = line.substr(0, line.find_first_of("\r\n"));
    return 0;
}

void read_certificate(CURL* curl, SeenCertificate& out) {
    curl_certinfo* chain = nullptr;
    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr || chain->num_of_certs < 1)
        return;
    out.seen = true;
    std::string subject;
    for (const auto* field = chain->certinfo[0]; field != nullptr; field = field->next) {
        const std::string_view text = field->data;
        const auto colon = std::min(text.find(':'), text.size());
        const auto value = std::string(trim(text.substr(std::min(colon + 1, text.size()))));
        const auto name = text.substr(0, colon);
        if (name == "Subject") subject = value;
        if (name == "Issuer") out.issuer = value;
        if (name == "X509v3 Subject Alternative Name") out.names = value;
        if (name == "Expire date") out.expires_s = curl_getdate(value.c_str(), nullptr);
    }
    out.self_signed = !subject.empty() && subject == out.issuer;
    if (out.names.empty()) out.names = subject;
}

PortResult ask_port(const PortQuestion& question, Trust trust, TlsVersions versions) {
    const auto curl = make_curl();
    if (!curl) return {PortVerdict::unreachable, "libcurl could not be started", {}, {}, false};
    const auto there = connect_to(question.address, question.port.port);
    PortResult out;
    char said[CURL_ERROR_SIZE] = {};
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, said);
    curl_easy_setopt(curl.get(), CURLOPT_URL,
                     cat(question.port.scheme, "://", question.host, ':', question.port.port, "/").c_str());
    curl_easy_setopt(curl.get(), CURLOPT_CONNECT_TO, there.get());
    curl_easy_setopt(curl.get(), CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kPortTimeoutMs);
    curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kPortConnectTimeoutMs);
    curl_easy_setopt(curl.get(), CURLOPT_USE_SSL, long{CURLUSESSL_ALL});
    curl_easy_setopt(curl.get(), CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_DEBUGFUNCTION, keep_greeting);
    curl_easy_setopt(curl.get(), CURLOPT_DEBUGDATA, &out.greeting);
    if (trust == Trust::name_only) curl_easy_setopt(curl.get(), CURLOPT_SSL_VERIFYPEER, 0L);
    if (versions == TlsVersions::old_only) {
        curl_easy_setopt(curl.get(), CURLOPT_SSL_VERIFYHOST, 0L);
        constexpr long kNewest = static_cast<long>(CURL_SSLVERSION_TLSv1_1) << 16;  // CURL_SSLVERSION_MAX_TLSv1_1
        curl_easy_setopt(curl.get(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_0) | kNewest);
        curl_easy_setopt(curl.get(), CURLOPT_SSL_CIPHER_LIST, "ALL:@SECLEVEL=0");
    }
    if (!question.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, question.ca_file.c_str());
    const auto code = curl_easy_perform(curl.get());
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, nullptr);
    out.verdict = port_verdict(code);
    out.why = said[0] != '\0' ? said : curl_easy_strerror(code);
    // Whoever accepts a connection and then is silent is there.
    curl_off_t connected_us = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
    if (code == CURLE_OPERATION_TIMEDOUT && connected_us > 0) out.verdict = PortVerdict::no_greeting;
    read_certificate(curl.get(), out.certificate);
    return out;
}

}  // namespace

CurlHandle make_curl() {
    static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
    CurlHandle curl(kReady == CURLE_OK ? curl_easy_init() : nullptr);
    if (!curl) return curl;
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    return curl;
}

CurlList connect_to(const std::string& address, std::uint16_t port) {
    const bool v6 = address.find(':') != std::string::npos;
    return CurlList(curl_slist_append(nullptr, cat("::", v6 ? "[" : "", address, v6 ? "]" : "", ':', port).c_str()));
}

PortVerdict port_verdict(CURLcode code) {
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

const std::vector<MailPort>& mail_ports() {
    static const std::vector<MailPort> kPorts = {
        {"smtp", 25, "smtp"},    {"submission", 587, "smtp"}, {"submissions", 465, "smtps"}, {"pop3", 110, "pop3"},
        {"pop3s", 995, "pop3s"}, {"imap", 143, "imap"},       {"imaps", 993, "imaps"}};
    return kPorts;
}

Result<std::vector<MailPort>> mail_ports_with(const std::vector<std::string>& changes, std::uint16_t base) {
    auto ports = mail_ports();
    for (auto& port : ports) port.port = static_cast<std::uint16_t>(port.port + base);
    for (const auto& text : changes) {
        const auto equals = std::min(text.find('='), text.size());
        const auto at = std::find_if(ports.begin(), ports.end(),
                                     [&](const MailPort& port) { return port.name == text.substr(0, equals); });
        const auto number = text.substr(std::min(equals + 1, text.size()));
        if (at != ports.end() && number == "none") {
            ports.erase(at);
            continue;
        }
        std::uint16_t value = 0;
        const auto* end = number.data() + number.size();
        const auto read = std::from_chars(number.data(), end, value);
        if (at == ports.end() || read.ec != std::errc() || read.ptr != end || value == 0)
            return fail(Kind::invalid, cat("\"", text,
                                           "\" is no port: expected NAME=PORT or NAME=none, with smtp, submission, "
                                           "submissions, pop3, pop3s, imap or imaps."));
        at->port = value;
    }
    return ports;
}

PortResult check_port(const PortQuestion& question) {
    auto out = ask_port(question, Trust::checked, TlsVersions::all);
    if (out.verdict == PortVerdict::certificate) {
        // Once more without trust, for the name alone: what is in the certificate is seen only then.
        auto seen = ask_port(question, Trust::name_only, TlsVersions::all);
        out.certificate = seen.certificate;
        out.certificate.wrong_name = seen.verdict == PortVerdict::certificate;
    }
    if (out.verdict == PortVerdict::no_tls)
        out.only_old_tls = ask_port(question, Trust::name_only, TlsVersions::old_only).verdict == PortVerdict::good;
    return out;
}

std::vector<PortResult> check_ports_at_once(const std::vector<PortQuestion>& questions) {
    std::vector<PortResult> out;
    make_curl();  // libcurl starts in this thread
    for (std::size_t begin = 0; begin < questions.size(); begin += kAtOnceMax) {
        const auto end = std::min(begin + kAtOnceMax, questions.size());
        std::vector<std::future<PortResult>> running;
        for (auto i = begin; i < end; ++i)
            running.push_back(std::async(std::launch::async, check_port, std::cref(questions[i])));
        for (auto& one : running) out.push_back(one.get());
    }
    return out;
}

std::string greeting_host(std::string_view greeting) {
    if (!greeting.starts_with("220") || greeting.size() < 5) return {};
    const auto rest = trim(greeting.substr(4));
    return to_lower(rest.substr(0, rest.find(' ')));
}

}  // namespace tayori::admin

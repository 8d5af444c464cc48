#include "adminctl/outside/curl_handle.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr long kPageTimeoutMs = 10'000;

struct Body {
    std::string bytes;
    std::size_t bytes_max;
};

std::size_t keep_body(char* bytes, std::size_t size, std::size_t count, void* context) {
    auto& body = *static_cast<Body*>(context);
    if (body.bytes.size() + size * count > body.bytes_max) return 0;  // ends the transfer
    body.bytes.append(bytes, size * count);
    return size * count;
}

}  // namespace

Page fetch_page(const PageQuestion& question) {
    const auto curl = make_curl();
    if (!curl) return {PortVerdict::unreachable, "libcurl could not be started", 0, {}};
    const auto there = connect_to(question.address, question.port);
    Body body{{}, question.bytes_max};
    char said[CURL_ERROR_SIZE] = {};
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, said);
    curl_easy_setopt(curl.get(), CURLOPT_URL, cat("https://", question.host, question.path).c_str());
    curl_easy_setopt(curl.get(), CURLOPT_CONNECT_TO, there.get());
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kPageTimeoutMs);
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
    if (!question.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, question.ca_file.c_str());
    const auto code = curl_easy_perform(curl.get());
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, nullptr);
    Page out;
    out.verdict = port_verdict(code);
    out.why = said[0] != '\0' ? said : curl_easy_strerror(code);
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &out.status);
    out.body = std::move(body.bytes);
    return out;
}

}  // namespace tayori::admin

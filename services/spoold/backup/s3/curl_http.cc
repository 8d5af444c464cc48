#include <curl/curl.h>

#include "common/base/text.h"
#include "spoold/backup/s3/http.h"

namespace tayori::spool::s3 {
namespace {

constexpr long kConnectTimeoutMs = 10'000;
constexpr long kSilenceSecondsMax = 30;  // slower than kBytesPerSecondMin for so long: given up
constexpr long kBytesPerSecondMin = 1024;
constexpr long kRequestSecondsMax = 600;
constexpr long kCurlBufferBytes = 512 * 1024;
constexpr std::size_t kHeaderBytesMax = 64 * 1024;  // of all of them

struct CloseCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What curl's callbacks fill.
struct Receiving {
    HttpAnswer answer;
    std::size_t body_max = 0;
    std::size_t header_bytes = 0;
    bool too_long = false;
    const std::function<bool()>* give_up = nullptr;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* to) {
    auto& receiving = *static_cast<Receiving*>(to);
    receiving.too_long = receiving.answer.body.size() + size > receiving.body_max;
    if (receiving.too_long) return 0;
    receiving.answer.body.append(bytes, size);
    return size;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* to) {
    auto& receiving = *static_cast<Receiving*>(to);
    receiving.header_bytes += size;
    receiving.too_long = receiving.header_bytes > kHeaderBytesMax;
    if (receiving.too_long) return 0;
    std::string_view line(bytes, size);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) receiving.answer.headers.clear();  // of a 100 before it
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) {
        receiving.answer.headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
    }
    return size;
}

int look_around(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& give_up = *static_cast<Receiving*>(to)->give_up;
    return give_up && give_up() ? 1 : 0;
}

tl::unexpected<Error> no_answer(CURLcode code, const char* said, bool too_long) {
    const std::string detail = *said != '\0' ? said : curl_easy_strerror(code);
    if (too_long) return fail(Kind::too_big, "The answer of S3 is too long.", detail);
    switch (code) {
        case CURLE_ABORTED_BY_CALLBACK:
            return fail(Kind::closed, "Stopped.", detail);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
            return fail(Kind::unsupported, "The certificate of S3 is not accepted: backup_s3.ca_file names who signed it.",
                        detail);
        case CURLE_SSL_CACERT_BADFILE:
            return fail(Kind::unsupported, "backup_s3.ca_file can't be read.", detail);
        default:
            return fail(Kind::busy, "S3 can't be reached.", detail);
    }
}

class CurlHttp final : public Http {
  public:
    explicit CurlHttp(HttpOptions options) : options_(std::move(options)) {
        static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
        if (kReady == CURLE_OK) curl_.reset(curl_easy_init());
    }

    Result<HttpAnswer> perform(const HttpRequest& request) override {
        if (!curl_) return fail(Kind::internal, "libcurl could not be started.");
        std::unique_ptr<curl_slist, FreeList> headers;
        // Neither a type that we do not sign, nor a wait for leave to send.
        for (const auto* none : {"Expect:", "Content-Type:"}) add(headers, none);
        for (const auto& header : request.headers) add(headers, header.c_str());
        Receiving receiving;
        receiving.body_max = request.answer_bytes_max;
        receiving.give_up = &options_.give_up;
        char said[CURL_ERROR_SIZE] = {};
        prepare(request, headers.get());
        curl_easy_setopt(curl_.get(), CURLOPT_WRITEDATA, &receiving);
        curl_easy_setopt(curl_.get(), CURLOPT_HEADERDATA, &receiving);
        curl_easy_setopt(curl_.get(), CURLOPT_XFERINFODATA, &receiving);
        curl_easy_setopt(curl_.get(), CURLOPT_ERRORBUFFER, said);
        const auto code = curl_easy_perform(curl_.get());
        curl_easy_setopt(curl_.get(), CURLOPT_ERRORBUFFER, nullptr);
        if (code != CURLE_OK) return no_answer(code, said, receiving.too_long);
        long status = 0;
        curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
        receiving.answer.status = static_cast<int>(status);
        return std::move(receiving.answer);
    }

  private:
    static void add(std::unique_ptr<curl_slist, FreeList>& list, const char* line) {
        auto* longer = curl_slist_append(list.get(), line);
        if (longer == nullptr) return;
        (void)list.release();
        list.reset(longer);
    }

    void prepare(const HttpRequest& request, curl_slist* headers) {
        auto* curl = curl_.get();
        curl_easy_reset(curl);  // the connection stays
        curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
        curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        if (request.method == "HEAD") {
            curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        } else if (request.method != "GET") {
            if (request.method != "DELETE") {
                curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
            }
            curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
        }
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_around);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, kCurlBufferBytes);
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, kCurlBufferBytes);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSilenceSecondsMax);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kBytesPerSecondMin);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, kRequestSecondsMax);
        if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    }

    const HttpOptions options_;
    std::unique_ptr<CURL, CloseCurl> curl_;
};

}  // namespace

std::unique_ptr<Http> make_curl_http(HttpOptions options) { return std::make_unique<CurlHttp>(std::move(options)); }

}  // namespace tayori::spool::s3

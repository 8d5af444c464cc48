// One HTTP request and its answer, whoever carries them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::spool::s3 {

struct HttpRequest {
    std::string method;
    std::string url;
    std::vector<std::string> headers;  // "name: value"
    std::string_view body;
    std::size_t answer_bytes_max = 0;
};
struct HttpAnswer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in small letters
    std::string body;

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    }
};

class Http {
  public:
    virtual ~Http() = default;
    // Any answer is one, whatever its status. busy: none came, or not all of it, which may be otherwise the next time;
    // closed: told to give up; unsupported: the certificate is not accepted; too_big: the answer is too long.
    virtual Result<HttpAnswer> perform(const HttpRequest& request) = 0;
};

struct HttpOptions {
    std::string ca_file;            // empty: the system's
    std::function<bool()> give_up;  // asked now and then, within a request too
};
// libcurl, with one connection that is kept. For one thread at a time.
std::unique_ptr<Http> make_curl_http(HttpOptions options);

}  // namespace tayori::spool::s3

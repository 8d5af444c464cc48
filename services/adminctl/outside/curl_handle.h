// libcurl's handles, as they are needed here. For this folder.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "adminctl/outside/ports.h"

namespace tayori::admin {

struct CloseCurl {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CloseCurl>;
using CurlList = std::unique_ptr<curl_slist, FreeList>;

CurlHandle make_curl();  // nullptr: libcurl can't be started
// For CURLOPT_CONNECT_TO: whatever the name, this address.
CurlList connect_to(const std::string& address, std::uint16_t port);
PortVerdict port_verdict(CURLcode code);

}  // namespace tayori::admin

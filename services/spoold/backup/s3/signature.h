// AWS Signature Version 4 as S3 wants it: the path is encoded once, and the payload's hash is a header.
//
// libcurl has one of its own (CURLOPT_AWS_SIGV4), but that of Debian 12 (7.88) signs the query unsorted, as it is sent, sends no
// x-amz-content-sha256, which S3 insists on, and takes the body of an upload for an empty one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"

namespace tayori::spool::s3 {

struct Credentials {
    std::string key_id;
    std::string secret;
    std::string session_token;  // of temporary ones
};

using Fields = std::vector<std::pair<std::string, std::string>>;

struct ToSign {
    std::string_view method;
    std::string_view path;  // encoded
    Fields query;           // not encoded yet
    Fields headers;         // names in small letters; every one is signed
    std::string payload_hash;  // SHA-256 in hexadecimal
};
struct Scope {
    std::string date;  // amz_date()
    std::string region;
    std::string service = "s3";
};

std::string amz_date(UnixMillis now);  // "20130524T000000Z"
// Sorted and encoded, without "?".
std::string canonical_query(const Fields& query);
// The value of the header Authorization.
std::string authorization(const ToSign& request, const Scope& scope, const Credentials& credentials);

}  // namespace tayori::spool::s3

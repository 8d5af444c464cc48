#include "spoold/backup/s3/signature.h"

#include <algorithm>
#include <ctime>

#include "common/base/percent.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"

namespace tayori::spool::s3 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kLastPart = "aws4_request";
constexpr std::size_t kDayDigits = 8;

// Blanks around it go, and several within become one.
std::string canonical_value(std::string_view value) {
    std::string out;
    for (const char c : trim(value)) {
        if (c != ' ' || !out.ends_with(' ')) out += c;
    }
    return out;
}

}  // namespace

std::string amz_date(UnixMillis now) {
    const std::time_t s = now / kMillisPerSecond;
    std::tm utc{};
    ::gmtime_r(&s, &utc);
    char text[32];
    const auto size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return {text, size};
}

std::string canonical_query(const Fields& query) {
    Fields encoded;
    for (const auto& [name, value] : query) encoded.emplace_back(percent_encode(name), percent_encode(value));
    std::ranges::sort(encoded);
    std::string out;
    for (const auto& [name, value] : encoded) append(out, out.empty() ? "" : "&", name, "=", value);
    return out;
}

std::string authorization(const ToSign& request, const Scope& scope, const Credentials& credentials) {
    auto headers = request.headers;
    std::ranges::sort(headers);
    std::string lines, names;
    for (const auto& [name, value] : headers) {
        append(lines, name, ":", canonical_value(value), "\n");
        append(names, names.empty() ? "" : ";", name);
    }
    const auto canonical = cat(request.method, "\n", request.path, "\n", canonical_query(request.query), "\n", lines, "\n",
                               names, "\n", request.payload_hash);
    const auto day = scope.date.substr(0, kDayDigits);
    const auto range = cat(day, "/", scope.region, "/", scope.service, "/", kLastPart);
    const auto to_sign = cat(kAlgorithm, "\n", scope.date, "\n", range, "\n", hex_encode(crypto::sha256(canonical)));
    auto key = crypto::hmac_sha256(cat("AWS4", credentials.secret), day);
    for (const auto part : {std::string_view(scope.region), std::string_view(scope.service), kLastPart}) {
        key = crypto::hmac_sha256(key, part);
    }
    return cat(kAlgorithm, " Credential=", credentials.key_id, "/", range, ",SignedHeaders=", names, ",Signature=",
               hex_encode(crypto::hmac_sha256(key, to_sign)));
}

}  // namespace tayori::spool::s3

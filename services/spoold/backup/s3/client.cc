#include "spoold/backup/s3/client.h"

#include <charconv>
#include <iterator>
#include <optional>

#include "common/base/log.h"
#include "common/base/percent.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"

namespace tayori::spool::s3 {
namespace {

constexpr std::string_view kKeysAtOnce = "1000";
constexpr int kRangeNotSatisfiable = 416;

std::string host_of(std::string_view origin) { return std::string(origin.substr(origin.find("://") + 3)); }

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return n;
}

// "bytes 0-9/443": the 443.
std::optional<std::uint64_t> whole_size(std::string_view content_range) {
    const auto slash = content_range.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    return number_of(content_range.substr(slash + 1));
}

struct Refusal {
    std::string_view code;
    Kind kind;
    std::string_view text;
};
constexpr Refusal kRefusals[] = {
    {"NoSuchKey", Kind::not_found, "There is no such object."},
    {"NoSuchUpload", Kind::not_found, "There is no such upload."},
    {"NoSuchBucket", Kind::invalid, "S3 has no such bucket (backup_s3.bucket)."},
    {"SignatureDoesNotMatch", Kind::denied, "S3 does not accept the signature: the secret key is a wrong one."},
    {"InvalidAccessKeyId", Kind::denied, "S3 does not know the access key."},
    {"ExpiredToken", Kind::denied, "The credentials for S3 have expired."},
    {"RequestTimeTooSkewed", Kind::denied, "The clock of this machine and that of S3 differ too much."},
    {"QuotaExceeded", Kind::no_space, "S3 has no room left for us."},
    {"XMinioStorageFull", Kind::no_space, "S3 has no room left."},
    {"AuthorizationHeaderMalformed", Kind::invalid, "The bucket is in another region (backup_s3.region)."},
    {"PermanentRedirect", Kind::invalid, "The bucket is elsewhere (backup_s3.endpoint, backup_s3.region)."},
    {"TemporaryRedirect", Kind::invalid, "The bucket is elsewhere (backup_s3.endpoint, backup_s3.region)."},
};

Refusal refusal_of(int status, std::string_view code) {
    for (const auto& known : kRefusals) {
        if (known.code == code) return known;
    }
    if (status == 404 && code.empty()) return {code, Kind::not_found, "There is no such object."};  // of HEAD
    if (status == 401 || status == 403) return {code, Kind::denied, "S3 denies it: the rights of the key don't suffice."};
    if (status == 507) return {code, Kind::no_space, "S3 has no room left."};
    if (status >= 300 && status < 400) return {code, Kind::invalid, kRefusals[std::size(kRefusals) - 1].text};
    return {code, Kind::unsupported, "S3 refuses the request."};
}

}  // namespace

tl::unexpected<Error> S3Client::refused(const Call& call, const HttpAnswer& answer, const Trouble& trouble) const {
    const auto refusal = refusal_of(answer.status, trouble.code);
    auto text = std::string(refusal.text);
    if (refusal.kind != Kind::not_found) {
        append(text, " S3 said: ", answer.status, trouble.code.empty() ? "" : " ", trouble.code,
               trouble.message.empty() ? "" : ": ", trouble.message);
        const auto region = trouble.region.empty() ? answer.header("x-amz-bucket-region") : trouble.region;
        if (refusal.kind == Kind::invalid && !region.empty() && region != options_.region) append(text, " Its region: ", region);
    }
    return fail(refusal.kind, std::move(text), cat(call.method, " ", call.key, " request ", answer.header("x-amz-request-id")));
}

Result<HttpAnswer> S3Client::attempt(const Call& call, const std::string& payload_hash) {
    auto credentials = parts_.credentials();
    if (!credentials) return fail(std::move(credentials.error()));
    const Scope scope{amz_date(parts_.clock.now_ms()), options_.region};
    auto path = options_.path;
    if (!call.key.empty()) append(path, "/", percent_encode(call.key, "/"));
    if (path.empty()) path = "/";
    ToSign to_sign{call.method, path, call.query, call.headers, payload_hash};
    auto& headers = to_sign.headers;
    headers.emplace_back("host", host_of(options_.origin));
    headers.emplace_back("x-amz-content-sha256", payload_hash);
    headers.emplace_back("x-amz-date", scope.date);
    if (!credentials->session_token.empty()) headers.emplace_back("x-amz-security-token", credentials->session_token);

    HttpRequest request;
    request.method = call.method;
    request.url = cat(options_.origin, path);
    if (const auto query = canonical_query(call.query); !query.empty()) append(request.url, "?", query);
    for (const auto& [name, value] : headers) request.headers.push_back(cat(name, ": ", value));
    request.headers.push_back(cat("authorization: ", authorization(to_sign, scope, *credentials)));
    request.body = call.body;
    request.answer_bytes_max = call.answer_bytes_max;
    const std::lock_guard lock(mutex_);
    return parts_.http.perform(request);
}

Result<HttpAnswer> S3Client::call(const Call& call) {
    const auto payload_hash = hex_encode(crypto::sha256(call.body));
    Patience patience(parts_.clock, options_.patience, parts_.pause);
    for (;;) {
        auto answer = attempt(call, payload_hash);
        if (!answer && answer.error().kind != Kind::busy) return answer;
        Trouble trouble;
        if (answer) {
            // CompleteMultipartUpload says 200 at once, and may still fail within its body.
            if (answer->status >= 300 || call.method == "POST") trouble = parse_trouble(answer->body);
            if (answer->status == call.also_fine) return answer;
            const auto verdict = verdict_of(answer->status, trouble.code);
            if (verdict == Verdict::fine) return answer;
            if (verdict == Verdict::final) return refused(call, *answer, trouble);
        }
        const auto why = answer ? cat(answer->status, " ", trouble.code, " ", trouble.message) : answer.error().detail;
        if (patience.again()) {
            log_info("backup: a request to S3 is tried again", {{"method", call.method}, {"key", call.key}, {"why", why}});
            continue;
        }
        return fail(Kind::busy, answer ? cat("S3 is in trouble: ", why) : cat("S3 can't be reached: ", why),
                    cat(call.method, " ", call.key, ", ", patience.attempts(), " attempts"));
    }
}

Fields S3Client::of_new_object() const {
    Fields fields;
    if (!options_.storage_class.empty()) fields.emplace_back("x-amz-storage-class", options_.storage_class);
    if (!options_.encryption.empty()) fields.emplace_back("x-amz-server-side-encryption", options_.encryption);
    if (!options_.kms_key.empty()) fields.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", options_.kms_key);
    return fields;
}

Result<ListedKeys> S3Client::list(const std::string& prefix, Levels levels, const std::string& from) {
    Call wanted{"GET", {}, {{"list-type", "2"}, {"max-keys", std::string(kKeysAtOnce)}, {"encoding-type", "url"}}, {}, {}};
    wanted.query.emplace_back("prefix", prefix);
    if (levels == Levels::one) wanted.query.emplace_back("delimiter", "/");
    if (!from.empty()) wanted.query.emplace_back("continuation-token", from);
    auto answer = call(wanted);
    if (!answer) return fail(std::move(answer.error()));
    return parse_listed_keys(answer->body);
}

Result<std::uint64_t> S3Client::size(const std::string& key) {
    auto answer = call({"HEAD", key, {}, {}, {}});
    if (!answer) return fail(std::move(answer.error()));
    const auto size = number_of(answer->header("content-length"));
    if (!size) return fail(Kind::corrupt, "The answer of S3 makes no sense.", cat(key, " has no size"));
    return *size;
}

Result<S3Client::Piece> S3Client::get(const std::string& key, std::uint64_t offset, std::uint64_t bytes) {
    Call wanted{"GET", key, {}, {{"range", cat("bytes=", offset, "-", offset + bytes - 1)}}, {}};
    wanted.answer_bytes_max = bytes + kAnswerBytesMax;  // or why not
    wanted.also_fine = kRangeNotSatisfiable;
    auto answer = call(wanted);
    if (!answer) return fail(std::move(answer.error()));
    if (answer->status == kRangeNotSatisfiable) return Piece{{}, whole_size(answer->header("content-range")).value_or(offset)};
    const auto size = answer->status == 206 ? whole_size(answer->header("content-range"))
                                            : std::optional<std::uint64_t>(answer->body.size());
    const bool whole = answer->status == 206 || (offset == 0 && answer->body.size() <= bytes);
    if (!whole || !size || *size < offset || answer->body.size() != std::min(bytes, *size - offset)) {
        return fail(Kind::unsupported, "S3 gives other parts of an object than we ask for.", key);
    }
    return Piece{std::move(answer->body), *size};
}

Result<void> S3Client::put(const std::string& key, std::string_view bytes) {
    Call wanted{"PUT", key, {}, of_new_object(), bytes};
    wanted.headers.emplace_back("content-md5", base64_encode(crypto::md5(bytes)));  // buckets with object lock insist
    auto answer = call(wanted);
    return answer ? Result<void>() : fail(std::move(answer.error()));
}

Result<void> S3Client::remove(const std::string& key) {
    auto answer = call({"DELETE", key, {}, {}, {}});
    if (answer || answer.error().kind == Kind::not_found) return {};
    return fail(std::move(answer.error()));
}

Result<std::string> S3Client::begin_upload(const std::string& key) {
    auto answer = call({"POST", key, {{"uploads", ""}}, of_new_object(), {}});
    if (!answer) return fail(std::move(answer.error()));
    return parse_upload_id(answer->body);
}

Result<std::string> S3Client::put_part(const Upload& upload, std::size_t number, std::string_view bytes) {
    auto answer = call({"PUT", upload.key, {{"partNumber", cat(number)}, {"uploadId", upload.id}},
                        {{"content-md5", base64_encode(crypto::md5(bytes))}}, bytes});
    if (!answer) return fail(std::move(answer.error()));
    auto etag = answer->header("etag");
    if (etag.empty()) return fail(Kind::corrupt, "The answer of S3 makes no sense.", cat(upload.key, ": a part has no ETag"));
    return etag;
}

Result<void> S3Client::complete(const Upload& upload, const std::vector<std::string>& etags, std::uint64_t bytes) {
    const auto body = listed_parts(etags);
    auto answer = call({"POST", upload.key, {{"uploadId", upload.id}}, {}, body});
    if (answer) return {};
    if (answer.error().kind != Kind::not_found) return fail(std::move(answer.error()));
    // An attempt whose answer got lost may have done it.
    auto there = size(upload.key);
    if (there && *there == bytes) return {};
    return fail(Kind::busy, "An upload to S3 is gone.", upload.key);
}

Result<void> S3Client::abort(const Upload& upload) {
    auto answer = call({"DELETE", upload.key, {{"uploadId", upload.id}}, {}, {}});
    if (answer || answer.error().kind == Kind::not_found) return {};
    return fail(std::move(answer.error()));
}

Result<ListedUploads> S3Client::uploads(const std::string& prefix) {
    auto answer = call({"GET", {}, {{"uploads", ""}, {"prefix", prefix}, {"encoding-type", "url"}}, {}, {}});
    if (!answer) return fail(std::move(answer.error()));
    return parse_listed_uploads(answer->body);
}

}  // namespace tayori::spool::s3

// S3 in memory, behind the same Http that curl is behind: small pages, and trouble on demand.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>

#include "common/base/percent.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/backup/s3/s3_target.h"

namespace tayori::spool::s3 {

class FakeS3 final : public Http {
  public:
    static constexpr std::size_t kPageKeys = 3;
    struct Parted {
        std::string key;
        std::map<std::size_t, std::string> parts;
    };

    std::map<std::string, std::string> objects;
    std::map<std::string, Parted> uploads;
    std::vector<std::string> asked;  // "PUT p/main/000001/manifest?partNumber=1"
    HttpRequest last;
    // Asked before each request: an answer instead of ours.
    std::function<std::optional<Result<HttpAnswer>>(const HttpRequest&)> instead;
    bool answers_get_lost = false;  // of the next request: it is carried out, and we hear nothing

    Result<HttpAnswer> perform(const HttpRequest& request) override {
        last = request;
        const auto url = request.url.substr(std::string_view("http://s3.test/bucket").size());
        const auto question = std::min(url.find('?'), url.size());
        const auto key = percent_decode(url.substr(0, question)).substr(std::min<std::size_t>(1, question));
        query_.clear();
        for (auto rest = url.substr(std::min(question + 1, url.size())); !rest.empty();) {
            const auto end = std::min(rest.find('&'), rest.size());
            const auto equals = rest.find('=');
            query_[percent_decode(rest.substr(0, equals))] = percent_decode(rest.substr(equals + 1, end - equals - 1));
            rest.erase(0, end + 1);
        }
        asked.push_back(cat(request.method, " ", key, url.substr(question)));
        if (instead) {
            if (auto other = instead(request)) return std::move(*other);
        }
        auto answer = serve(request, key);
        if (std::exchange(answers_get_lost, false)) return fail(Kind::busy, "S3 can't be reached.", "Connection reset by peer");
        return answer;
    }

    std::size_t count(std::string_view begin) const {
        return static_cast<std::size_t>(std::ranges::count_if(asked, [&](const auto& one) { return one.starts_with(begin); }));
    }
    static HttpAnswer refusal(int status, std::string_view code) {
        return {status, {}, cat("<Error><Code>", code, "</Code><Message>So it is.</Message></Error>")};
    }

  private:
    bool has(const std::string& name) const { return query_.contains(name); }

    HttpAnswer serve(const HttpRequest& request, const std::string& key) {
        if (request.method == "POST") return has("uploads") ? begin(key) : complete(key);
        if (request.method == "PUT") return put(key, request.body);
        if (request.method == "DELETE") {
            if (!has("uploadId")) return objects.erase(key), HttpAnswer{204, {}, {}};
            return uploads.erase(query_["uploadId"]) == 1 ? HttpAnswer{204, {}, {}} : refusal(404, "NoSuchUpload");
        }
        if (key.empty()) return has("uploads") ? list_uploads() : list();
        const auto found = objects.find(key);
        if (found == objects.end()) return request.method == "HEAD" ? HttpAnswer{404, {}, {}} : refusal(404, "NoSuchKey");
        if (request.method == "HEAD") return {200, {{"content-length", cat(found->second.size())}}, {}};
        return get(request, found->second);
    }

    static HttpAnswer get(const HttpRequest& request, const std::string& bytes) {
        for (const auto& header : request.headers) {
            if (!header.starts_with("range: bytes=")) continue;
            const auto range = header.substr(13);
            const auto from = std::stoull(range);
            const auto to = std::stoull(range.substr(range.find('-') + 1));
            if (from >= bytes.size()) return {416, {{"content-range", cat("bytes */", bytes.size())}}, "<Error/>"};
            return {206, {{"content-range", cat("bytes ", from, "-", to, "/", bytes.size())}}, bytes.substr(from, to - from + 1)};
        }
        return {200, {}, bytes};
    }

    HttpAnswer begin(const std::string& key) {
        const auto id = cat("id ", ++ids_);
        uploads[id].key = key;
        return {200, {}, cat("<InitiateMultipartUploadResult><UploadId>", id, "</UploadId></InitiateMultipartUploadResult>")};
    }
    HttpAnswer put(const std::string& key, std::string_view body) {
        if (!has("uploadId")) return objects[key] = body, HttpAnswer{200, {}, {}};
        const auto found = uploads.find(query_["uploadId"]);
        if (found == uploads.end()) return refusal(404, "NoSuchUpload");
        found->second.parts[std::stoul(query_["partNumber"])] = body;
        return {200, {{"etag", cat("\"", hex_encode(crypto::md5(body)), "\"")}}, {}};
    }
    HttpAnswer complete(const std::string& key) {
        const auto found = uploads.find(query_["uploadId"]);
        if (found == uploads.end()) return refusal(404, "NoSuchUpload");
        auto& object = objects[key];
        object.clear();
        for (const auto& [number, bytes] : found->second.parts) {
            const auto etag = cat("<PartNumber>", number, "</PartNumber><ETag>&quot;", hex_encode(crypto::md5(bytes)), "&quot;");
            EXPECT_THAT(std::string(last.body), testing::HasSubstr(etag));
            object += bytes;
        }
        uploads.erase(found);
        return {200, {}, "<CompleteMultipartUploadResult/>"};
    }
    HttpAnswer list_uploads() {
        std::string out = "<ListMultipartUploadsResult>";
        std::size_t told = 0;
        for (const auto& [id, upload] : uploads) {
            if (!upload.key.starts_with(query_["prefix"])) continue;
            if (told++ == kPageKeys) break;
            append(out, "<Upload><Key>", percent_encode(upload.key), "</Key><UploadId>", id, "</UploadId></Upload>");
        }
        return {200, {}, cat(out, "<IsTruncated>", told > kPageKeys ? "true" : "false", "</IsTruncated></ListMultipartUploadsResult>")};
    }
    HttpAnswer list() {
        const auto prefix = query_["prefix"];
        std::string out = "<ListBucketResult>", end = "<IsTruncated>false</IsTruncated>", told;
        std::size_t count = 0;
        for (const auto& [key, bytes] : objects) {
            if (!key.starts_with(prefix) || key <= query_["continuation-token"]) continue;
            const auto slash = has("delimiter") ? key.find('/', prefix.size()) : std::string::npos;
            const auto shown = slash == std::string::npos ? key : key.substr(0, slash + 1);
            if (shown == told) continue;
            if (slash != std::string::npos && query_["continuation-token"].starts_with(shown)) continue;
            if (count++ == kPageKeys) {
                end = cat("<IsTruncated>true</IsTruncated><NextContinuationToken>", told, "</NextContinuationToken>");
                break;
            }
            told = shown;
            if (slash == std::string::npos) append(out, "<Contents><Key>", percent_encode(shown, "/"), "</Key></Contents>");
            else append(out, "<CommonPrefixes><Prefix>", percent_encode(shown), "</Prefix></CommonPrefixes>");
        }
        return {200, {}, cat(out, end, "</ListBucketResult>")};
    }

    std::map<std::string, std::string> query_;
    std::size_t ids_ = 0;
};

}  // namespace tayori::spool::s3
